/** All domains: service, rules, failures of the last day, and the way on. */
import { requestAll } from '../api.js'
import { Empty, Notice, useLoaded, Waiting } from '../components/basics.js'
import { AddDomain } from '../components/add-domain.js'
import { FailureCount } from '../components/failure-count.js'
import { PageTitle } from '../components/page-title.js'
import { RemovedDomain } from '../components/remove-domain.js'
import { ServiceSwitch } from '../components/service-switch.js'
import { html, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { DomainRow, Session } from '../types.js'

export function Domains({ session }: { readonly session: Session }): VNode {
  const [loaded, reload] = useLoaded(() => requestAll<DomainRow>('domains'), [])
  const [problem, setProblem] = useState<string | null>(null)
  const done = (text: string | null): void => {
    setProblem(text)
    reload()
  }
  return html`<${PageTitle} title=${texts.domains.title} />
    <p class="lead">${texts.domains.lead}</p>
    ${problem !== null && html`<${Notice} tone="warn">${problem}<//>`}
    <${RemovedDomain} onUndone=${reload} />
    ${session.role === 'admin' && loaded.state === 'there' && html`<${AddDomain} rows=${loaded.value} />`}
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<${List} rows=${loaded.value} session=${session} done=${done} />`
    }`
}

interface ListProps {
  readonly rows: readonly DomainRow[]
  readonly session: Session
  readonly done: (problem: string | null) => void
}

function List({ rows, session, done }: ListProps): VNode {
  const domains = rows.filter(({ domain }) => domain !== '*')
  const ordered = [...domains, ...rows.filter(({ domain }) => domain === '*')]
  return html`${domains.length === 0 && html`<${Empty} title=${texts.domains.empty} next=${texts.domains.emptyNext} />`}
    <ul class="list">
      ${ordered.map(
        (row) =>
          html`<li key=${row.domain} class="card domain">
            <div class="domain-name">
              <a class="row-link" href=${href('domains', row.domain)}>${texts.ownerName(row.domain)}</a>
            </div>
            <dl class="facts">
              <div>
                <dt>${texts.domains.rules}</dt>
                <dd>
                  ${texts.domains.ruleCount(row.rules.outgoing + row.rules.incoming, row.rules.enabled)}
                </dd>
              </div>
              <div>
                <dt>${texts.domains.failures}</dt>
                <dd><${FailureCount} row=${row} /></dd>
              </div>
              ${
                row.problems.length > 0 &&
                html`<div>
                  <dt>${texts.domains.problems}</dt>
                  <dd class="text-bad">${texts.domains.problemCount(row.problems.length)}</dd>
                </div>`
              }
            </dl>
            <div class="domain-switch">
              <span class="hint" aria-hidden="true">
                ${row.domain === '*' ? '' : texts.domains.service(row.enabled)}
              </span>
              <${ServiceSwitch} session=${session} row=${row} onDone=${done} />
            </div>
          </li>`,
      )}
    </ul>
    ${rows.some(({ failures24h }) => failures24h === null) && html`<p class="hint">${texts.domains.unknownFailuresWhy}</p>`}`
}

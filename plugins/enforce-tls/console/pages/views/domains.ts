/** All domains: service, rules, failures of the last day, and the way on. */
import { requestAll, formatError } from '../api.js'
import { announce, Empty, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { FailureCount } from '../components/failure-count.js'
import { PageTitle } from '../components/page-title.js'
import { useConfirm } from '../components/impact.js'
import { ServiceSwitch, switchService } from '../components/service-switch.js'
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
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<${List} rows=${loaded.value} session=${session} done=${done} />`
    }
    ${session.role === 'admin' && html`<${AddDomain} done=${done} />`}`
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
              <span class="hint" aria-hidden="true">${texts.domains.service}</span>
              <${ServiceSwitch} session=${session} row=${row} onDone=${done} />
            </div>
          </li>`,
      )}
    </ul>
    ${rows.some(({ failures24h }) => failures24h === null) && html`<p class="hint">${texts.domains.unknownFailuresWhy}</p>`}`
}

function AddDomain({ done }: { readonly done: (problem: string | null) => void }): VNode {
  const [name, setName] = useState('')
  const [dialog, confirm] = useConfirm()
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      const domain = name.trim()
      const question = texts.impact.service(domain, true)
      // What is wrong with the name is said by the request that follows.
      const wanted = confirm({ domain, enabled: true }, question, texts.impact.yes.on).catch(() => true)
      if (!(await wanted)) return
      await switchService(domain, true, null)
      announce(texts.domains.switched(name, true))
      setName('')
      done(null)
    } catch (error) {
      done(formatError(error))
    }
  }
  return html`<section class="card">
    <h2>${texts.domains.add}</h2>
    <form class="line-form" onSubmit=${submit}>
      <${Field} label=${texts.domains.addLabel} id="add-domain" hint=${texts.domains.addHint}>
        <input
          id="add-domain"
          class="input"
          required
          value=${name}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          aria-describedby="add-domain-hint"
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) => setName(event.currentTarget.value)}
        />
      <//>
      <button type="submit" class="button">${texts.domains.addSubmit}</button>
    </form>
    ${dialog}
  </section>`
}

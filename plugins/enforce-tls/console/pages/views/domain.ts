/** One owner, mostly a domain: its summary, its message rules, its history. */
import { mayChange } from '../access.js'
import { ApiError, part, request, requestAll } from '../api.js'
import { Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { DomainHelp } from '../components/domain-help.js'
import { FailureCount } from '../components/failure-count.js'
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { RemoveDomain } from '../components/remove-domain.js'
import { ServiceSwitch } from '../components/service-switch.js'
import { html, useState, type VNode } from '../preact.js'
import { href, type Place } from '../router.js'
import { texts } from '../texts.js'
import { formatNumber } from '../times.js'
import { EffectList } from '../components/effect.js'
import type { DomainDetails, DomainRow, NamedEffect, Session } from '../types.js'
import { Rules } from './rules.js'

type DomainPlace = Extract<Place, { view: 'domain' | 'domain-history' | 'rules' }>

interface DomainProps {
  readonly session: Session
  readonly place: DomainPlace
}

export function Domain({ session, place }: DomainProps): VNode {
  const { owner, view } = place
  const back = owner.includes('@')
    ? {
        href: href('domains', owner.slice(owner.lastIndexOf('@') + 1)),
        label: owner.slice(owner.lastIndexOf('@') + 1),
      }
    : { href: '#/domains', label: texts.domains.title }
  const sections = [
    { view: 'domain', href: href('domains', owner), label: texts.domain.summary },
    { view: 'rules', href: href('domains', owner, 'outgoing'), label: texts.domain.messageRules },
    { view: 'domain-history', href: href('domains', owner, 'history'), label: texts.domain.history },
  ]
  return html`<${PageTitle} title=${texts.ownerName(owner)} back=${back} />
    <nav class="tabs" aria-label=${texts.domain.tabs}>
      ${sections
        .filter((each) => each.view !== 'domain' || !owner.includes('@'))
        .map(
          (each) =>
            html`<a
              key=${each.view}
              class="tab"
              href=${each.href}
              aria-current=${each.view === view ? 'page' : undefined}
            >
              ${each.label}
            </a>`,
        )}
    </nav>
    ${view === 'domain' && html`<${Summary} session=${session} owner=${owner} />`}
    ${view === 'domain-history' && html`<${HistoryList} owner=${owner} mayUndo=${mayChange(session, owner)} />`}
    ${
      view === 'rules' &&
      html`<${Rules} key=${place.direction} session=${session} owner=${owner} direction=${place.direction} />`
    }`
}

function Summary({ session, owner }: { readonly session: Session; readonly owner: string }): VNode {
  const [loaded, reload] = useLoaded(() => rowOf(owner), [owner])
  const [problem, setProblem] = useState<string | null>(null)
  const [effects, setEffects] = useState<readonly NamedEffect[]>([])
  if (loaded.state !== 'there') return html`<${Waiting} of=${loaded} retry=${reload} />`
  const row = loaded.value
  const text =
    owner === '*'
      ? texts.domain.serviceAlways
      : row.enabled
        ? texts.domain.serviceOn
        : texts.domain.serviceOff
  const done = (message: string | null, of: readonly NamedEffect[]): void => {
    setProblem(message)
    setEffects(of)
    reload()
  }
  return html`<div class="stack">
    ${problem !== null && html`<${Notice} tone="warn">${problem}<//>`}
    ${!mayChange(session, owner) && html`<${Notice} tone="info">${texts.readOnly}<//>`}
    <section class="card switch-line">
      <${ServiceSwitch} session=${session} row=${row} onDone=${done} />
      <div>
        <h2>${texts.domains.service(owner === '*' || row.enabled)}</h2>
        <p class=${row.enabled ? 'muted' : ''}>${text}</p>
      </div>
    </section>
    <${EffectList} effects=${effects} />
    <section class="card">
      <dl class="facts">
        ${(['outgoing', 'incoming', 'enabled'] as const).map(
          (name) =>
            html`<div key=${name}>
              <dt>${texts.domain[name]}</dt>
              <dd class="big">${formatNumber(row.rules[name])}</dd>
            </div>`,
        )}
        <div>
          <dt>${texts.domains.failures}</dt>
          <dd class=${row.failures24h === null ? '' : 'big'}><${FailureCount} row=${row} /></dd>
        </div>
      </dl>
      ${row.failures24h === null && html`<p class="hint">${texts.domains.unknownFailuresWhy}</p>`}
      <p><a class="button button-main" href=${href('domains', owner, 'outgoing')}>${texts.domain.next}</a></p>
    </section>
    ${
      row.problems.length > 0 &&
      html`<${Notice} tone="bad">
        <h2>${texts.domains.problems}</h2>
        <ul>
          ${row.problems.map((each) => html`<li key=${each}>${each}</li>`)}
        </ul>
      <//>`
    }
    ${owner !== '*' && html`<${DomainHelp} session=${session} row=${row} onDone=${reload} />`}
    ${owner !== '*' && html`<${Senders} domain=${owner} senders=${row.senders} />`}
    ${owner !== '*' && mayChange(session, owner) && html`<${RemoveDomain} row=${row} />`}
  </div>`
}

function Senders({ domain, senders }: { readonly domain: string } & Pick<DomainDetails, 'senders'>): VNode {
  const [sender, setSender] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const open = (event: Event): void => {
    event.preventDefault()
    const address = sender.trim()
    if (!address.toLowerCase().endsWith(`@${domain}`) || address.startsWith('@'))
      return setProblem(texts.domain.senderWrong(domain))
    location.hash = href('domains', address, 'outgoing')
  }
  return html`<section class="card">
    <h2>${texts.domain.sender}</h2>
    <p class="muted">${texts.domain.senderLead}</p>
    ${
      senders.length > 0 &&
      html`<ul class="senders" aria-label=${texts.domain.sender}>
        ${senders.map(
          ({ owner, rules }) =>
            html`<li key=${owner}>
              <a href=${href('domains', owner, 'outgoing')}>${owner}</a>
              <span class="muted">${texts.domain.senderRules(rules)}</span>
            </li>`,
        )}
      </ul>`
    }
    <form class="line-form" onSubmit=${open}>
      <${Field} label=${texts.domain.senderLabel} id="sender" problem=${problem}>
        <input
          id="sender"
          class="input"
          required
          value=${sender}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) => setSender(event.currentTarget.value)}
        />
      <//>
      <button type="submit" class="button">${texts.domain.senderOpen}</button>
    </form>
  </section>`
}

/** A domain that has neither service nor rules is there for who may see it: with nothing in it. */
async function rowOf(owner: string): Promise<DomainDetails> {
  if (owner === '*') {
    const body = await requestAll<DomainRow>('domains?limit=1', 1)
    const row = body.find(({ domain }) => domain === owner)
    if (row !== undefined) return { ...row, senders: [] }
  } else {
    try {
      return (await request<DomainDetails>('GET', `domains/${part(owner)}`)).body
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
  // What one may not see is answered like what is not there; its rules say which.
  await request('GET', `owners/${part(owner)}/rules`)
  return {
    domain: owner,
    enabled: false,
    rules: { outgoing: 0, incoming: 0, enabled: 0 },
    problems: [],
    contact: null,
    link: null,
    language: null,
    failures24h: 0,
    etag: null,
    senders: [],
  }
}

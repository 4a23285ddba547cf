/** Everything about one partner: deliveries, waiting mail, rules, groups, certificate, published policies, and a check. */
import { part, request, type Answer } from '../api.js'
import { Notice, useLoaded, Waiting } from '../components/basics.js'
import { FoundRuleRow, nameOf } from '../components/found-rule.js'
import { MessageCount } from '../components/message-count.js'
import { PageTitle } from '../components/page-title.js'
import { PartnerCheckForm } from '../components/partner-check.js'
import { partnerHref } from '../components/partner-link.js'
import { PartnerSeen } from '../components/partner-seen.js'
import { RuleList } from '../components/rule-pages.js'
import { plain } from '../plain.js'
import { html, useState, type VNode } from '../preact.js'
import { href, messagesHref } from '../router.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { formatNumber } from '../times.js'
import type { Action, DeliveryReport, FoundRule, Partner, Session, WaitingMessage } from '../types.js'

interface PartnerProps {
  readonly session: Session
  readonly domain: string
  /** Whose deliveries are of interest; `null` for all. */
  readonly owner: string | null
}

const words = texts.find.partner
const PERIOD = '30d'

export function PartnerView({ session, domain, owner }: PartnerProps): VNode {
  // Who sees some domains sees their deliveries one by one.
  const shown = owner ?? session.domains[0] ?? null
  const [rules, setRules] = useState<readonly FoundRule[]>([])
  const query = shown === null ? '' : `owner=${part(shown)}`
  const [loaded, reload] = useLoaded(
    async () => (await request<Partner>('GET', `partners/${part(domain)}?${query}`)).body,
    [domain, query],
  )
  return html`<${PageTitle} title=${domain}>
      ${session.role !== 'viewer' && html`<button type="button" class="button" onClick=${goToCheck}>${words.checkNow}</button>`}
      ${session.domains.length > 1 && html`<${OwnerChoice} session=${session} domain=${domain} shown=${shown} />`}
    <//>
    <p class="lead">${words.lead(shown)}</p>
    <${Deliveries} domain=${domain} owner=${shown} query=${query} />
    <${WaitingMail} domain=${domain} />
    <section class="card">
      <h2>${words.rules}</h2>
      <${RuleList}
        path=${`rules?partner=${part(domain)}`}
        empty=${html`<p class="muted">${words.noRules}</p>`}
        onShown=${setRules}
        row=${(found: FoundRule) => html`<${FoundRuleRow} key=${`${found.owner} ${found.id}`} found=${found} />`}
      />
    </section>
    ${
      loaded.state === 'there'
        ? html`<${Groups} groups=${loaded.value.groups} /><${PartnerSeen} partner=${loaded.value} />`
        : html`<${Waiting} of=${loaded} retry=${reload} />`
    }
    ${
      session.role === 'viewer'
        ? html`<${Notice} tone="info">${words.mayNotCheck}<//>`
        : html`<div id="partner-check"><${Check} domain=${domain} rules=${rules} /></div>`
    }`
}

/** The check is at the end of the page. */
function goToCheck(): void {
  const place = document.querySelector<HTMLInputElement>('#partner-check input')
  place?.scrollIntoView({ block: 'center' })
  place?.focus({ preventScroll: true })
}

function OwnerChoice(props: {
  readonly session: Session
  readonly domain: string
  readonly shown: string | null
}): VNode {
  const { session, domain, shown } = props
  return html`<label class="period">
    <span>${words.owner}</span>
    <select
      class="input"
      onChange=${(event: { readonly currentTarget: HTMLSelectElement }) => {
        location.hash = partnerHref(domain, event.currentTarget.value)
      }}
    >
      ${session.domains.map(
        (each) => html`<option key=${each} value=${each} selected=${each === shown}>${each}</option>`,
      )}
    </select>
  </label>`
}

const RESULTS = ['delivered', 'rerouted', 'bounced', 'waiting', 'released', 'asUsual', 'waived'] as const

function Deliveries(props: {
  readonly domain: string
  readonly owner: string | null
  readonly query: string
}): VNode {
  const { domain, owner, query } = props
  const [loaded, reload] = useLoaded(
    async () =>
      (await request<DeliveryReport>('GET', `report?rows=10&since=${PERIOD}&domain=${part(domain)}&${query}`))
        .body,
    [domain, query],
  )
  return html`<section class="card">
    <h2>${words.deliveries}</h2>
    ${loaded.state === 'there' ? content(loaded.value) : html`<${Waiting} of=${loaded} retry=${reload} />`}
  </section>`

  function content({ enforced, days, partners }: DeliveryReport): VNode {
    if (days.length === 0) return html`<p class="muted">${words.noDeliveries}</p>`
    const failures = Object.entries(partners.find((each) => each.domain === domain)?.failures ?? {})
    const asked = { partner: domain, owner, since: PERIOD }
    return html`<dl class="facts">
        ${RESULTS.filter((name, place) => place === 0 || enforced[name] > 0).map(
          (name) =>
            html`<div key=${name}>
              <dt>${texts.overview[name]}</dt>
              <dd class="big">
                <${MessageCount}
                  n=${enforced[name]}
                  what=${texts.overview[name]}
                  asked=${{ ...asked, result: name }}
                />
              </dd>
              ${
                name === 'delivered' &&
                enforced.requiretls > 0 &&
                html`<dd class="hint">${overviewTexts.onward(enforced.requiretls)}</dd>`
              }
            </div>`,
        )}
      </dl>
      ${
        failures.length > 0 &&
        html`<p>
          ${words.failures}:${' '}
          ${failures.map(([name, n]) => `${texts.overview.classes[name] ?? name} (${formatNumber(n)})`).join(', ')}
        </p>`
      }
      <p><a href=${messagesHref(asked)}>${words.messages}</a></p>`
  }
}

function WaitingMail({ domain }: { readonly domain: string }): VNode {
  const [loaded, reload] = useLoaded<Answer<readonly WaitingMessage[]>>(
    () => request('GET', `waiting?limit=1&partner=${part(domain)}`),
    [domain],
  )
  const total = loaded.state === 'there' ? (loaded.value.total ?? loaded.value.body.length) : 0
  return html`<section class="card">
    <h2>${words.waiting}</h2>
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : total === 0
          ? html`<p class="muted">${words.noneWaiting}</p>`
          : html`<p><a href=${href('waiting', domain)}>${words.waitingCount(total)}</a></p>`
    }
  </section>`
}

function Groups({ groups }: Pick<Partner, 'groups'>): VNode {
  return html`<section class="card">
    <h2>${words.groups}</h2>
    ${
      groups.length === 0
        ? html`<p class="muted">${words.noGroups}</p>`
        : html`<ul class="senders" aria-label=${words.groups}>
            ${groups.map(
              ({ name, patterns }) =>
                html`<li key=${name}>
                  <a href=${href('groups', name)}>${name}</a>
                  <span class="muted">${words.groupWith(patterns.map(plain))}</span>
                </li>`,
            )}
          </ul>`
    }
  </section>`
}

/** At the level of the first rule in force that names the partner; without one, any TLS will do. */
function Check(props: { readonly domain: string; readonly rules: readonly FoundRule[] }): VNode {
  const { domain, rules } = props
  const deciding = rules.find(
    ({ rule, problem, names }) =>
      problem === null &&
      rule.enabled &&
      rule.mode !== 'report' &&
      rule.direction === 'outgoing' &&
      rule.actions.relayWithTls !== undefined &&
      rule.actions.relayWithTls.level !== 'none' &&
      !names.some(({ except }) => except),
  )
  const action: Action = deciding?.rule.actions.relayWithTls ?? { level: 'encrypt' }
  const onward = action.requireOnward === undefined ? '' : texts.tryOut.withOnward[action.requireOnward]
  const requirement =
    deciding === undefined
      ? words.checkedForTls
      : words.checkedAs(`${texts.actions.levelNames[action.level]}${onward}`, nameOf(deciding))
  return html`<${PartnerCheckForm} target=${domain} action=${action} requirement=${requirement} />`
}

/** What a report comes to, on the overview: the sentence first, then its numbers, what failed, and how mail was encrypted. */
import type { ChartData } from '../charts.js'
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { dayOf, formatDay, formatMoment, formatNumber, formatShortDay } from '../times.js'
import type { DeliveryReport } from '../types.js'
import { Empty } from './basics.js'
import { Chart, DataTable } from './chart.js'
import { FailureReasons } from './failure-reasons.js'
import { MessageCount } from './message-count.js'
import { PartnerLink } from './partner-link.js'
import { ShareBars } from './share-bars.js'

/** Partners with failures that are shown; the files have all. */
const PARTNERS_MAX = 10

interface ReportProps {
  readonly report: DeliveryReport
  /** `null` for all. */
  readonly owner: string | null
}

export function OverviewReport({ report, owner }: ReportProps): VNode {
  const { enforced, days, versions, ciphers, failures, expiring, logBegins, since, until } = report
  const empty = enforced.messages === 0 && days.length === 0
  if (empty) return html`<${NothingCovered} report=${report} />`
  const asked = { owner, since, until }
  return html`<${Conclusion} report=${report} asked=${asked} />
    <${FailureReasons} failures=${failures} asked=${asked} />
    <${FailingPartners} report=${report} asked=${asked} />
    <${Chart}
      title=${texts.overview.byDay}
      data=${byDay(days)}
      rowTitle=${texts.overview.day}
      rows=${days.map(({ date }) => formatDay(date))}
    />
    <div class="pair">
      <${ShareBars}
        title=${texts.overview.versions}
        nameTitle=${texts.overview.version}
        shares=${versions.map(({ version, messages }) => ({
          name: version === null ? texts.overview.noTls : texts.actions.version(version),
          n: messages,
          tone: version === null ? 'warn' : version === 'TLSv1.3' ? 'good' : 'second',
        }))}
      />
      <${ShareBars}
        title=${overviewTexts.ciphers}
        nameTitle=${overviewTexts.cipher}
        shares=${ciphers.map(({ cipher, messages }) => ({ name: cipher, n: messages, tone: 'second' }))}
      />
    </div>
    <${Expiring} expiring=${expiring} more=${report.left.expiring} />
    ${
      logBegins !== null &&
      logBegins > since &&
      html`<p class="hint">${texts.messages.begins(formatMoment(logBegins))}</p>`
    }`
}

/** A log that has nothing, as a new one or one that was lost, does not say that there was nothing. */
function NothingCovered({ report: { conclusion, firstEntry } }: Pick<ReportProps, 'report'>): VNode {
  const { required, verdict, limits } = conclusion
  const next = firstEntry === null ? overviewTexts.noEntriesNext : texts.overview.emptyNext
  return html`<${Empty}
    title=${plain(required)}
    next=${[...[verdict, ...limits].map(plain), next].join(' ')}
  />`
}

interface Asked {
  readonly owner: string | null
  readonly since: string
  readonly until: string
}

type PartProps = Pick<ReportProps, 'report'> & { readonly asked: Asked }

/** The sentence for who reads nothing else, what limits it, and its numbers beside those of the period before. */
function Conclusion({ report, asked }: PartProps): VNode {
  const { enforced, conclusion } = report
  const { before: trend } = report
  const figures = [
    'delivered',
    ...(enforced.rerouted > 0 ? ['rerouted' as const] : []),
    'bounced',
    'waiting',
    ...(enforced.kept > 0 ? ['kept' as const] : []),
    ...(enforced.released > 0 ? ['released' as const] : []),
    ...(enforced.asUsual > 0 ? ['asUsual' as const] : []),
    ...(enforced.waived > 0 ? ['waived' as const] : []),
  ] as const
  const nameOf = (name: (typeof figures)[number]): string =>
    name === 'kept' ? texts.messages.states.kept : texts.overview[name]
  const { required, verdict, limits } = conclusion
  return html`<section class="card">
    <p class="headline">${plain(required)}</p>
    <p>${plain(verdict)}</p>
    ${
      limits.length > 0 &&
      html`<ul class="points hint">
        ${limits.map((limit) => html`<li key=${limit}>${plain(limit)}</li>`)}
      </ul>`
    }
    <dl class="facts figures">
      ${figures.map(
        (name) =>
          html`<div key=${name}>
            <dt>${nameOf(name)}</dt>
            <dd class="big">
              <${MessageCount}
                n=${enforced[name]}
                what=${nameOf(name)}
                asked=${{ ...asked, result: name === 'asUsual' ? 'as-usual' : name }}
              />
            </dd>
            ${
              name === 'delivered' &&
              enforced.requiretls > 0 &&
              html`<dd class="hint">${overviewTexts.onward(enforced.requiretls)}</dd>`
            }
            ${
              trend !== undefined &&
              trend !== null &&
              html`<dd class="hint">${overviewTexts.trend(enforced[name], trend[name])}</dd>`
            }
          </div>`,
      )}
    </dl>
    ${trend === null && html`<p class="hint">${overviewTexts.noTrend}</p>`}
  </section>`
}

/** Those that did not get their mail first. */
function FailingPartners({ report: { partners, left }, asked }: PartProps): VNode {
  const lost = ({ enforced: { bounced, kept } }: (typeof partners)[number]): number => bounced + kept
  const failing = partners
    .filter((each) => lost(each) + each.enforced.waiting > 0 || Object.keys(each.failures).length > 0)
    .sort((a, b) => lost(b) - lost(a) || b.enforced.waiting - a.enforced.waiting)
  const number = (domain: string, result: 'bounced' | 'waiting', n: number): VNode =>
    html`<${MessageCount}
      n=${n}
      what=${`${texts.overview[result]}, ${plain(domain)}`}
      asked=${{ ...asked, partner: domain, result }}
    />`
  const reasons = (failures: Readonly<Record<string, number>>): string =>
    Object.entries(failures)
      .map(([name, attempts]) => `${texts.overview.classes[name] ?? name}: ${formatNumber(attempts)}`)
      .join(', ')
  const more = left.failing - PARTNERS_MAX
  return html`${
    failing.length > 0 &&
    html`<section class="card">
      <h2>${texts.overview.partners}</h2>
      <${DataTable}
        title=${texts.overview.partners}
        head=${[texts.overview.partner, texts.overview.bounced, texts.overview.waiting, texts.overview.reasons]}
        rows=${failing
          .slice(0, PARTNERS_MAX)
          .map(({ domain, enforced, failures }) => [
            html`<${PartnerLink} domain=${domain} owner=${asked.owner} />`,
            number(domain, 'bounced', enforced.bounced),
            number(domain, 'waiting', enforced.waiting),
            reasons(failures),
          ])}
      />
      ${more > 0 && html`<p class="hint">${overviewTexts.morePartners(more)}</p>`}
    </section>`
  }`
}

function Expiring(props: Pick<DeliveryReport, 'expiring'> & { readonly more: number }): VNode {
  const { expiring, more } = props
  return html`<section class="card">
    <h2>${texts.overview.expiring}</h2>
    ${
      expiring.length === 0
        ? html`<p class="muted">${overviewTexts.noExpiring}</p>`
        : html`<${DataTable}
            title=${texts.overview.expiring}
            head=${[texts.overview.partner, texts.overview.host, texts.overview.expires, overviewTexts.leftTitle]}
            rows=${expiring.map(({ domain, host, expires, daysLeft }) => [
              html`<${PartnerLink} domain=${domain} />`,
              plain(host),
              dayOf(expires),
              html`<span class=${`badge ${daysLeft < 7 ? 'badge-bad' : 'badge-warn'}`}
                >${overviewTexts.left(daysLeft)}</span
              >`,
            ])}
          />`
    }
    ${more > 0 && html`<p class="hint">${overviewTexts.more(more)}</p>`}
  </section>`
}

function byDay(days: DeliveryReport['days']): ChartData {
  const of = (
    name:
      | 'delivered'
      | 'rerouted'
      | 'released'
      | 'bounced'
      | 'waiting'
      | 'asUsual'
      | 'waived'
      | 'wouldBounce'
      | 'wouldWait',
  ) => days.map((day) => day[name])
  return {
    kind: 'bar',
    labels: days.map(({ date }) => formatShortDay(date)),
    series: [
      { label: texts.overview.delivered, values: of('delivered'), colour: 'good' },
      { label: texts.overview.released, values: of('released'), colour: 'warn' },
      { label: texts.overview.bounced, values: of('bounced'), colour: 'bad' },
      { label: texts.overview.waiting, values: of('waiting'), colour: 'quiet' },
      { label: texts.overview.rerouted, values: of('rerouted'), colour: 'second' },
      { label: texts.overview.asUsual, values: of('asUsual'), colour: 'second' },
      { label: texts.overview.waived, values: of('waived'), colour: 'warn' },
      { label: texts.overview.wouldBounce, values: of('wouldBounce'), colour: 'warn' },
      { label: texts.overview.wouldWait, values: of('wouldWait'), colour: 'quiet' },
    ].filter(({ values }, place) => place === 0 || values.some((n) => n > 0)),
  }
}

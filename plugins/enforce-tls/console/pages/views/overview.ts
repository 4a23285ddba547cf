/** What became of covered mail: by day, by TLS version, and the partners that fail. */
import { part, request, requestAll } from '../api.js'
import { Empty, useLoaded, Waiting } from '../components/basics.js'
import type { ChartData } from '../charts.js'
import { Chart, DataTable } from '../components/chart.js'
import { MessageCount as Count } from '../components/message-count.js'
import { PageTitle } from '../components/page-title.js'
import { PartnerLink } from '../components/partner-link.js'
import { ReportDownload } from '../components/report-download.js'
import { plain } from '../plain.js'
import { html, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import { dayOf, formatDay, formatMoment, formatNumber, formatShortDay } from '../times.js'
import type { DeliveryReport, DomainRow, Session } from '../types.js'

type Period = keyof typeof texts.overview.periods

interface OverviewProps {
  readonly session: Session
  /** `null` for all. */
  readonly owner: string | null
}

export function Overview({ session, owner }: OverviewProps): VNode {
  const [period, setPeriod] = useState<Period>('7d')
  // Who sees some domains only sees their reports one by one.
  const shown = owner ?? session.domains[0] ?? null
  const [loaded, reload] = useLoaded(() => load(period, shown), [period, shown])
  const [domains] = useLoaded(() => domainsFor(session), [])
  const choices = domains.state === 'there' ? domains.value : []
  return html`<${PageTitle} title=${texts.overview.title}>
      <div class="periods">
        ${
          choices.length > 0 &&
          html`<label class="period">
            <span>${texts.overview.of}</span>
            <select
              class="input"
              onChange=${(event: { readonly currentTarget: HTMLSelectElement }) => {
                const { value } = event.currentTarget
                location.hash = value === '' ? '#/overview' : href('overview', value)
              }}
            >
              ${session.domains.length === 0 && html`<option value="" selected=${shown === null}>${texts.overview.all}</option>`}
              ${[...new Set([...choices, ...(shown === null ? [] : [shown])])].map(
                (domain) =>
                  html`<option key=${domain} value=${domain} selected=${domain === shown}>
                    ${texts.ownerName(domain)}
                  </option>`,
              )}
            </select>
          </label>`
        }
        <label class="period">
          <span>${texts.overview.period}</span>
          <select
            class="input"
            onChange=${(event: { readonly currentTarget: HTMLSelectElement }) => setPeriod(event.currentTarget.value as Period)}
          >
            ${Object.entries(texts.overview.periods).map(
              ([value, label]) =>
                html`<option key=${value} value=${value} selected=${value === period}>${label}</option>`,
            )}
          </select>
        </label>
      </div>
    <//>
    <p class="lead">${texts.overview.lead}</p>
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<${Report} report=${loaded.value} asked=${{ owner: shown, since: period }} />`
    }
    <${ReportDownload} key=${shown} owner=${shown} isLimited=${session.domains.length > 0} />`
}

/** What one can choose from. */
async function domainsFor({ domains }: Session): Promise<readonly string[]> {
  if (domains.length > 0) return domains
  const body = await requestAll<DomainRow>('domains')
  return body.map(({ domain }) => domain).filter((domain) => domain !== '*')
}

async function load(period: Period, owner: string | null): Promise<DeliveryReport> {
  const of = owner === null ? '' : `&owner=${part(owner)}`
  return (await request<DeliveryReport>('GET', `report?since=${period}${of}`)).body
}

/** What the numbers are of: each leads to the messages that it counts. */
interface Asked {
  readonly owner: string | null
  readonly since: Period
}

function Report({ report, asked }: { readonly report: DeliveryReport; readonly asked: Asked }): VNode {
  const { enforced, days, versions, partners, expiring, logBegins, since } = report
  if (enforced.messages === 0 && days.length === 0)
    return html`<${Empty} title=${texts.overview.empty} next=${texts.overview.emptyNext} />`
  const failing = partners.filter(
    ({ enforced: of, failures }) => of.bounced > 0 || Object.keys(failures).length > 0,
  )
  const of = (
    name:
      'delivered' | 'rerouted' | 'released' | 'bounced' | 'waiting' | 'asUsual' | 'wouldBounce' | 'wouldWait',
  ) => days.map((day) => day[name])
  const byDay: ChartData = {
    kind: 'bar',
    labels: days.map(({ date }) => formatShortDay(date)),
    series: [
      { label: texts.overview.delivered, values: of('delivered'), colour: 'good' },
      { label: texts.overview.released, values: of('released'), colour: 'warn' },
      { label: texts.overview.bounced, values: of('bounced'), colour: 'bad' },
      { label: texts.overview.waiting, values: of('waiting'), colour: 'quiet' },
      { label: texts.overview.rerouted, values: of('rerouted'), colour: 'second' },
      { label: texts.overview.asUsual, values: of('asUsual'), colour: 'second' },
      { label: texts.overview.wouldBounce, values: of('wouldBounce'), colour: 'warn' },
      { label: texts.overview.wouldWait, values: of('wouldWait'), colour: 'quiet' },
    ].filter(({ values }, place) => place === 0 || values.some((n) => n > 0)),
  }
  const byVersion: ChartData = {
    kind: 'doughnut',
    labels: versions.map(({ version }) =>
      version === null ? texts.overview.noTls : texts.actions.version(version),
    ),
    series: [
      {
        label: texts.overview.messages,
        values: versions.map(({ messages }) => messages),
        colour: ['good', 'second', 'quiet', 'warn'],
      },
    ],
  }
  const figures = [
    'delivered',
    ...(enforced.rerouted > 0 ? ['rerouted' as const] : []),
    'bounced',
    'waiting',
    ...(enforced.released > 0 ? ['released' as const] : []),
    ...(enforced.asUsual > 0 ? ['asUsual' as const] : []),
  ] as const
  const { required, verdict, limits } = report.conclusion
  return html`<section class="card">
      <p>${plain(`${required} ${verdict}`)}</p>
      ${
        limits.length > 0 &&
        html`<ul class="hint">
          ${limits.map((limit) => html`<li key=${limit}>${plain(limit)}</li>`)}
        </ul>`
      }
      <dl class="facts">
        ${figures.map(
          (name) =>
            html`<div key=${name}>
              <dt>${texts.overview[name]}</dt>
              <dd class="big">
                <${Count}
                  n=${enforced[name]}
                  what=${texts.overview[name]}
                  asked=${{ ...asked, result: name }}
                />
              </dd>
            </div>`,
        )}
      </dl>
    </section>
    <div class="charts">
      <${Chart}
        title=${texts.overview.byDay}
        data=${byDay}
        rowTitle=${texts.overview.day}
        rows=${days.map(({ date }) => formatDay(date))}
      />
      <${Chart} title=${texts.overview.versions} data=${byVersion} rowTitle=${texts.overview.version} />
    </div>
    <section class="card">
      <h2>${texts.overview.partners}</h2>
      ${
        failing.length === 0
          ? html`<p class="muted">${texts.overview.noPartners}</p>`
          : html`<${Failing} partners=${failing} asked=${asked} />`
      }
    </section>
    ${
      expiring.length > 0 &&
      html`<section class="card">
        <h2>${texts.overview.expiring}</h2>
        <${DataTable}
          title=${texts.overview.expiring}
          head=${[texts.overview.partner, texts.overview.host, texts.overview.expires]}
          rows=${expiring.map(({ domain, host, expires }) => [html`<${PartnerLink} domain=${domain} />`, host, dayOf(expires)])}
        />
      </section>`
    }
    <p class="hint">
      ${texts.overview.days}${' '}
      ${logBegins !== null && logBegins > since && texts.messages.begins(formatMoment(logBegins))}
    </p>`
}

function Failing(props: { readonly partners: DeliveryReport['partners']; readonly asked: Asked }): VNode {
  const { partners, asked } = props
  const number = (domain: string, result: 'bounced' | 'waiting', n: number): VNode =>
    html`<${Count}
      n=${n}
      what=${`${texts.overview[result]}, ${domain}`}
      asked=${{ ...asked, partner: domain, result }}
    />`
  const reasons = (failures: Readonly<Record<string, number>>): string =>
    Object.entries(failures)
      .map(([name, attempts]) => `${texts.overview.classes[name] ?? name}: ${formatNumber(attempts)}`)
      .join(', ')
  return html`<${DataTable}
    title=${texts.overview.partners}
    head=${[texts.overview.partner, texts.overview.bounced, texts.overview.waiting, texts.overview.reasons]}
    rows=${partners.map(({ domain, enforced, failures }) => [
      html`<${PartnerLink} domain=${domain} owner=${asked.owner} />`,
      number(domain, 'bounced', enforced.bounced),
      number(domain, 'waiting', enforced.waiting),
      reasons(failures),
    ])}
  />`
}

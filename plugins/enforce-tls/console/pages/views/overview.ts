/** What became of covered mail: the sentence that says it, its trend, why TLS failed, and what needs attention. */
import { part, request, requestAll } from '../api.js'
import { useLoaded, Waiting } from '../components/basics.js'
import { OverviewReport } from '../components/overview-report.js'
import { PageTitle } from '../components/page-title.js'
import { ReportDownload } from '../components/report-download.js'
import { WaitingNow } from '../components/waiting-now.js'
import { html, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { zoneName } from '../times.js'
import type { DeliveryReport, DomainRow, Session } from '../types.js'

type Period = keyof typeof texts.overview.periods

interface OverviewProps {
  readonly session: Session
  /** `null` for all. */
  readonly owner: string | null
}

/** Rows of each list at most; the files have all. */
const ROWS = 50

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
        <button type="button" class="button" onClick=${goToDownload}>${overviewTexts.export}</button>
      </div>
    <//>
    <p class="lead">${texts.overview.lead} ${overviewTexts.times(zoneName())}</p>
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<${OverviewReport} report=${loaded.value} owner=${shown} />
            <${WaitingNow} ofOne=${shown !== null && session.domains.length !== 1} />`
    }
    <${ReportDownload}
      key=${`${shown ?? ''} ${period}`}
      owner=${shown}
      days=${Number.parseInt(period, 10)}
      isLimited=${session.domains.length > 0}
    />`
}

/** The form is at the end of the page. */
function goToDownload(): void {
  const place = document.getElementById('report-from')
  place?.scrollIntoView({ block: 'center' })
  place?.focus({ preventScroll: true })
}

/** What one can choose from. */
async function domainsFor({ domains }: Session): Promise<readonly string[]> {
  if (domains.length > 0) return domains
  const body = await requestAll<DomainRow>('domains')
  return body.map(({ domain }) => domain).filter((domain) => domain !== '*')
}

async function load(period: Period, owner: string | null): Promise<DeliveryReport> {
  const of = owner === null ? '' : `&owner=${part(owner)}`
  return (await request<DeliveryReport>('GET', `report?trend=true&rows=${ROWS}&since=${period}${of}`)).body
}

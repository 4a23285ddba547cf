/**
 * A report as one HTML page that needs nothing else: its scripts are in it, and it loads nothing. Every chart has its
 * table. The charts are drawn by the same code as those of the console.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { EXPIRES_SOON } from '../check/certificate-facts.js'
import { chartsOf, type Chart } from './charts.js'
import type { DeliveryReport, ReportedRelease } from './delivery-report.js'
import { html } from './escape-html.js'
import { pageStyle } from './page-style.js'
import { conclude, type Conclusion } from './conclusion.js'
import { WHOLE_LOG, type LogScope } from './scope.js'
import { howTheyWent } from './waived.js'
import { percent, formatScope, utc, NOTHING_REQUIRED } from './format.js'
import { formatDeparture } from './releases.js'
import { ruleLabel } from './rule-names.js'
import { listed, numbered } from '../text/list.js'
import { visible } from '../text/visible.js'

/** Longer tables are folded; paper has them open. */
const ROWS_OPEN = 20
/** Longer texts may wrap where there is no space. */
const LONG = 24
/** Releases and certificates beyond these are in the CSV and the JSON. */
const [RELEASES_MAX, EXPIRING_MAX] = [200, 200]

/** The report as an HTML document. */
export function toHtml(report: DeliveryReport, scope: LogScope = WHOLE_LOG): string {
  const charts = chartsOf(report)
  const [library, drawing] = [pageScript('chart.umd.js'), pageScript('report-charts.js')]
  const data = charts.map(({ id, data: drawn }) => ({ id, ...drawn }))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy([library, drawing], pageStyle())}">
<title>Mail that requires TLS, ${html(formatScope(report))}</title>
<style>${pageStyle()}</style>
</head>
<body>
<header>
<h1>Mail that requires TLS</h1>
<p>Deliveries ${html(formatScope(report))}</p>
</header>
<main>
${conclusion(conclude(report, scope))}
${figures(report)}
${releases(report)}${charts.map(chartSection).join('\n')}
${certificates(report)}
</main>
<footer>Created by enforce-tls on ${utc(report.generated)} UTC from the delivery log, ${html(beginning(report))}.</footer>
<script type="application/json" id="chart-data">${JSON.stringify(data, shown).replaceAll('<', '\\u003c')}</script>
<script>${library}</script>
<script type="module">${drawing}</script>
</body>
</html>
`
}

/** For `JSON.stringify`: what the page's script draws is no HTML. */
function shown(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? visible(value) : value
}

/** The sentences first: whoever reads no further has read what counts. */
function conclusion({ required, verdict, limits }: Conclusion): string {
  const list = limits.map((limit) => `<li>${html(limit)}</li>`).join('')
  return `<section class="conclusion" aria-label="Summary">
<p class="headline">${html(required)}</p><p>${html(verdict)}</p>
${list === '' ? '' : `<ul class="limits">${list}</ul>`}
</section>`
}

function releases({ releases: all }: DeliveryReport): string {
  if (all.length === 0) return ''
  const more = all.length - RELEASES_MAX
  const rows = all
    .slice(0, RELEASES_MAX)
    .map((release) => [
      formatDeparture(release),
      release.by,
      release.reason,
      messageIn(release),
      release.rules.map(ruleLabel).join(', '),
    ])
  return `<section aria-labelledby="releases"><h2 id="releases">Released by an administrator</h2>
<p>Messages that may go once without what their rules require, and how they went${more > 0 ? `; the CSV has ${more} more` : ''}.</p>
${table('Released messages', ['Sent (UTC) and how', 'Released by', 'Reason', 'Message', 'Required by'], rows)}
</section>
`
}

function messageIn({ uuid, from, to, recipients, domain }: ReportedRelease): string {
  const whom = to.length > 0 ? listed(to) : `${numbered(recipients, 'recipient')} at ${domain}`
  return `${uuid} from ${from === '' ? '<>' : from} to ${whom}`
}

function beginning({ firstEntry }: DeliveryReport): string {
  return firstEntry === null
    ? 'which has no entries for this period'
    : `whose first entry in this period is from ${utc(firstEntry)} UTC`
}

function figures({ enforced, reported, incoming }: DeliveryReport): string {
  const figure = (name: string, value: number, note: string) =>
    `<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`
  const waiting =
    enforced.kept > 0 ? `plus ${enforced.kept} kept as error.*` : 'deferred, no final result yet'
  return `<dl>
${figure('TLS required', enforced.messages, 'messages')}
${figure('Delivered over TLS', enforced.delivered, percent(enforced.delivered, enforced.messages))}
${enforced.requiretls > 0 ? figure('Handed on with REQUIRETLS', enforced.requiretls, 'of those delivered: the next server has to pass them on encrypted') : ''}
${enforced.rerouted > 0 ? figure('Handed to a gateway', enforced.rerouted, 'over a verified connection; the way from there is not known here') : ''}
${enforced.released > 0 ? figure('Released', enforced.released, 'sent without what the rules require') : ''}
${figure('Bounced', enforced.bounced, percent(enforced.bounced, enforced.messages))}
${figure('Waiting', enforced.waiting, waiting)}
${enforced.asUsual > 0 ? figure('TLS not required', enforced.asUsual, `delivered as usual: ${NOTHING_REQUIRED}`) : ''}
${enforced.freed > 0 ? figure('TLS not required any more', enforced.freed, 'put off first; what became of them since is not in the log') : ''}
${enforced.waived > 0 ? figure('Waived by the sender', enforced.waived, `TLS-Required: No; ${howTheyWent(enforced)}`) : ''}
${reported.messages > 0 ? figure('Would have bounced', reported.wouldBounce, `of ${reported.messages} that would require TLS, report only`) : ''}
${reported.wouldWait > 0 ? figure('Would have waited', reported.wouldWait, `of ${reported.messages} that would require TLS, report only`) : ''}
${reported.wouldDeliverAsUsual > 0 ? figure('Would not require TLS', reported.wouldDeliverAsUsual, `of ${reported.messages} that would require TLS, report only: nothing is published that these look at, or their senders waive it`) : ''}
${incoming.refused + incoming.wouldRefuse > 0 ? figure('Incoming rejected', incoming.refused, `recipients; ${incoming.wouldRefuse} more would have been`) : ''}
</dl>`
}

function chartSection({ id, title, summary, data, head, rows }: Chart): string {
  const height = data.horizontal ? ` style="height:${6 + data.labels.length * 2}rem"` : ''
  return `<section aria-labelledby="${id}-title">
<h2 id="${id}-title">${html(title)}</h2>
<p>${html(summary)}</p>
<div class="chart"${height}><canvas id="${id}" role="img" aria-label="${html(`${data.kind} chart: ${title}. The table below has the numbers.`)}"></canvas></div>
${table(title, head, rows)}
</section>`
}

function certificates({ expiring }: DeliveryReport): string {
  const title = 'Certificates that expire soon'
  const content =
    expiring.length === 0
      ? `<p>None that rules depend on expires within ${EXPIRES_SOON} days.</p>`
      : table(
          title,
          ['Partner', 'Server', 'Level', 'Expires (UTC)', 'Days left', 'Issuer', 'SHA-256'],
          expiring
            .slice(0, EXPIRING_MAX)
            .map(({ domain, host, level, expires, daysLeft, issuer, fingerprint }) => [
              domain,
              host,
              level,
              utc(expires),
              daysLeft,
              issuer,
              fingerprint,
            ]),
        )
  return `<section aria-labelledby="certificates"><h2 id="certificates">${title}</h2>${content}</section>`
}

function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const numeric = head.map(
    (_, column) => column > 0 && rows.every((row) => /^[\d.-]+%?$/.test(String(row[column]))),
  )
  const attribute = (column: number, value: string | number = '') => {
    if (numeric[column]) return ' class="number"'
    if (/^\d{4}-\d\d-\d\d /.test(String(value))) return ' class="time"'
    return String(value).length > LONG ? ' class="long"' : ''
  }
  const cell = (value: string | number, column: number) =>
    column === 0
      ? `<th scope="row" role="rowheader"${attribute(column, value)}>${html(String(value))}</th>`
      : `<td role="cell" data-name="${html(head[column] ?? '')}"${attribute(column, value)}>${html(String(value))}</td>`
  const body = rows.map((row) => `<tr role="row">${row.map(cell).join('')}</tr>`).join('\n')
  // Where a window is narrow, rows are blocks: the roles keep it a table for a screen reader.
  const text = `<div class="wide" tabindex="0" role="region" aria-label="${html(`Table: ${title}`)}"><table role="table"><caption>${html(title)}</caption>
<thead role="rowgroup"><tr role="row">${head.map((name, column) => `<th scope="col" role="columnheader"${attribute(column)}>${html(name)}</th>`).join('')}</tr></thead>
<tbody role="rowgroup">
${body}
</tbody></table></div>`
  return rows.length <= ROWS_OPEN ? text : `<details><summary>${rows.length} rows</summary>${text}</details>`
}

/** Nothing runs but what is in the page, and nothing is loaded. */
function policy(scripts: readonly string[], style: string): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return `default-src 'none'; script-src ${scripts.map(hash).join(' ')}; style-src ${hash(style)}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'`
}

/** A script of the console's pages, fit to stand in a script element. */
function pageScript(file: string): string {
  return readFileSync(path.join(__dirname, '..', 'console', 'pages', file), 'utf8')
    .replace(/\/\/# sourceMappingURL=.*\s*$/, '')
    .replaceAll('</script', '<\\/script')
}

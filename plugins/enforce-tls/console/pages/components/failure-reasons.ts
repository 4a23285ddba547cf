/** Why TLS failed, the reason of most messages first; each number leads to the messages that it counts. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { formatNumber } from '../times.js'
import type { DeliveryReport } from '../types.js'
import { DataTable } from './chart.js'
import { MessageCount } from './message-count.js'

/** Partners that are named beside a reason. */
const PARTNERS = 3

export function FailureReasons(props: {
  readonly failures: DeliveryReport['failures']
  readonly asked: Readonly<Record<string, string | null>>
}): VNode {
  const { failures, asked } = props
  return html`<section class="card">
    <h2>${overviewTexts.failures}</h2>
    ${
      failures.length === 0
        ? html`<p class="muted">${texts.overview.noPartners}</p>`
        : html`<p class="hint">${overviewTexts.failuresHint}</p>
            <${DataTable}
              title=${overviewTexts.failures}
              head=${[overviewTexts.reason, texts.overview.messages, overviewTexts.attempts, overviewTexts.where]}
              rows=${failures.map((failure) => {
                const name = texts.overview.classes[failure.class] ?? failure.class
                return [
                  name,
                  html`<${MessageCount}
                    n=${failure.messages}
                    what=${name}
                    asked=${{ ...asked, class: failure.class }}
                  />`,
                  formatNumber(failure.attempts),
                  formatPartners(failure),
                ]
              })}
            />`
    }
  </section>`
}

function formatPartners({ partners, morePartners }: DeliveryReport['failures'][number]): string {
  const rest = partners.length + morePartners - PARTNERS
  const named = partners
    .slice(0, PARTNERS)
    .map(({ domain, attempts }) => overviewTexts.whereIs(plain(domain), attempts))
  return [named.join(', '), ...(rest > 0 ? [overviewTexts.more(rest)] : [])].join(' ')
}

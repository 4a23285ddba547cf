/** Shares of a whole as bars with their numbers: one table, so that nothing is said by a picture alone. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { formatNumber } from '../times.js'

/** So many rows are shown; the others are one. */
const ROWS = 8

export interface Share {
  readonly name: string
  readonly n: number
  /** What it says of itself. @default good */
  readonly tone?: 'good' | 'second' | 'quiet' | 'warn'
}

export function ShareBars(props: {
  readonly title: string
  readonly nameTitle: string
  readonly shares: readonly Share[]
}): VNode {
  const { title, nameTitle, shares } = props
  const total = shares.reduce((sum, { n }) => sum + n, 0)
  const rest = shares.slice(ROWS)
  const shown: readonly Share[] = [
    ...shares.slice(0, ROWS),
    ...(rest.length > 0
      ? [{ name: overviewTexts.more(rest.length), n: rest.reduce((sum, { n }) => sum + n, 0) }]
      : []),
  ]
  const format = (n: number): string => {
    const percent = (n / total) * 100
    return `${formatNumber(percent > 0 && percent < 0.1 ? 0.1 : Math.round(percent * 10) / 10)}%`
  }
  return html`<section class="card">
    <h2>${title}</h2>
    ${
      total === 0
        ? html`<p class="muted">${overviewTexts.noSessions}</p>`
        : html`<div class="table-box" tabindex="0" role="region" aria-label=${title}>
            <table class="bars">
              <thead>
                <tr>
                  <th scope="col">${nameTitle}</th>
                  <th scope="col" class="number">${texts.overview.messages}</th>
                  <th scope="col" class="number">${overviewTexts.share}</th>
                </tr>
              </thead>
              <tbody>
                ${shown.map(
                  ({ name, n, tone = 'good' }) =>
                    html`<tr key=${name}>
                      <th scope="row">
                        ${plain(name)}
                        <span class="bar" aria-hidden="true"
                          ><span
                            class=${`bar-fill bar-${tone}`}
                            style=${{ width: `${(n / total) * 100}%` }}
                          ></span
                        ></span>
                      </th>
                      <td class="number">${formatNumber(n)}</td>
                      <td class="number">${format(n)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`
}

/** A chart with its data as a table: the table is there for everyone, the chart for who can see it. */
import { drawChart, type ChartData } from '../charts.js'
import { html, useEffect, useRef, type Child, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { formatNumber } from '../times.js'

export interface ChartProps {
  readonly title: string
  readonly data: ChartData
  /** What the rows of the table are, such as days. */
  readonly rowTitle: string
  /** The rows, where the chart has them in short. @default its labels */
  readonly rows?: readonly string[]
}

export function Chart({ title, data, rowTitle, rows = data.labels }: ChartProps): VNode {
  const { series } = data
  const canvas = useRef<HTMLCanvasElement | null>(null)
  useEffect(
    () => (canvas.current ? drawChart(canvas.current, data).remove : undefined),
    [JSON.stringify(data)],
  )
  return html`<section class="card">
    <h2>${title}</h2>
    <div class="chart" aria-hidden="true"><canvas ref=${canvas}></canvas></div>
    <details>
      <summary>${texts.overview.showData}</summary>
      <${DataTable}
        title=${title}
        head=${[rowTitle, ...series.map(({ label }) => label)]}
        rows=${rows.map((row, place) => [row, ...series.map(({ values }) => formatNumber(values[place] ?? 0))])}
      />
    </details>
  </section>`
}

/**
 * A table; the first column names the row. Where the window is narrow, each row is a block with its names beside its
 * values: the roles keep it a table for a screen reader, which the style sheet would take away.
 */
export function DataTable(props: {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Child[])[]
}): VNode {
  const { title, head, rows } = props
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${title}>
    <table class="stacked" role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${head.map((each) => html`<th key=${each} scope="col" role="columnheader">${each}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          ([first, ...rest], place) =>
            html`<tr key=${place} role="row">
              <th scope="row" role="rowheader">${first}</th>
              ${rest.map((each, column) => html`<td key=${column} role="cell" data-name=${head[column + 1]}>${each}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

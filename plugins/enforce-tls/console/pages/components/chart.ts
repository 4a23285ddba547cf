/** A chart with its data as a table: the table is there for everyone, the chart for who can see it. */
import { loadChart } from '../charts.js'
import { html, useEffect, useRef, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { formatNumber } from '../times.js'

export interface Series {
  readonly label: string
  readonly values: readonly number[]
  /** A custom property of the stylesheet. */
  readonly colour: string
}

export interface ChartProps {
  readonly title: string
  readonly kind: 'bar' | 'doughnut'
  /** What the rows are, such as days. */
  readonly rowTitle: string
  readonly rows: readonly string[]
  /** The rows in short, for the axis. */
  readonly ticks?: readonly string[]
  readonly series: readonly Series[]
  /** Colours of the rows, for a doughnut. */
  readonly colours?: readonly string[]
}

export function Chart(props: ChartProps): VNode {
  const { title, rowTitle, rows, series } = props
  const canvas = useRef<HTMLCanvasElement | null>(null)
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    let chart: { destroy: () => void } | null = null
    let wanted = true
    const draw = (): void => {
      void loadChart().then(
        (Constructor) => {
          chart?.destroy()
          if (wanted && canvas.current) chart = new Constructor(canvas.current, configOf(props))
        },
        // The table says the same.
        () => undefined,
      )
    }
    draw()
    dark.addEventListener('change', draw)
    return () => {
      wanted = false
      dark.removeEventListener('change', draw)
      chart?.destroy()
    }
  }, [JSON.stringify(props)])
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

/** A table; the first column names the row. */
export function DataTable(props: {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}): VNode {
  const { title, head, rows } = props
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${title}>
    <table>
      <thead>
        <tr>
          ${head.map((each) => html`<th key=${each} scope="col">${each}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...rest], place) =>
            html`<tr key=${place}>
              <th scope="row">${first}</th>
              ${rest.map((each, column) => html`<td key=${column}>${each}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function configOf({ kind, rows, ticks = rows, series, colours = [] }: ChartProps): object {
  const styles = getComputedStyle(document.documentElement)
  const colour = (name: string): string => styles.getPropertyValue(name).trim()
  const text = colour('--muted')
  const line = colour('--line')
  const font = { family: styles.fontFamily, size: Math.round(Number.parseFloat(styles.fontSize) * 0.85) }
  const scale = {
    stacked: true,
    ticks: { color: text, precision: 0, font, maxRotation: 0 },
    grid: { color: line },
    border: { color: line },
  }
  return {
    type: kind,
    data: {
      labels: ticks,
      datasets: series.map(({ label, values, colour: own }) => ({
        label,
        data: values,
        backgroundColor: kind === 'bar' ? colour(own) : colours.map(colour),
        borderColor: colour('--surface'),
        borderWidth: kind === 'bar' ? 0 : 2,
        borderRadius: kind === 'bar' ? 3 : 0,
        maxBarThickness: 36,
      })),
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      plugins: { legend: { position: 'bottom', labels: { color: text, boxWidth: font.size, font } } },
      ...(kind === 'bar'
        ? { scales: { x: { ...scale, grid: { display: false } }, y: { ...scale, beginAtZero: true } } }
        : {}),
    },
  }
}

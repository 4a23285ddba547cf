/**
 * Charts of the overview and of a report's page, drawn by Chart.js in the colours of the page's style, and again when
 * these change. Chart.js is loaded when there is something to draw; without it, the tables beside the charts still say
 * everything.
 */

import { plain } from './plain.js'

/** What a chart shows. */
export interface ChartData {
  readonly kind: 'bar' | 'doughnut'
  /** One for each bar or slice. */
  readonly labels: readonly string[]
  readonly series: readonly Series[]
  /** Whether the bars lie on their side, which leaves room for long labels. */
  readonly horizontal?: boolean
}

export interface Series {
  readonly label: string
  readonly values: readonly number[]
  /** A custom property of the style behind `--chart-`, such as `good`; one for each slice of a doughnut. */
  readonly colour: string | readonly string[]
}

/** A chart in the page. */
export interface DrawnChart {
  /** Draws it again, in the colours of this moment. */
  readonly draw: () => void
  readonly remove: () => void
}

/** What is used of Chart.js. */
interface ChartJs {
  new (canvas: HTMLCanvasElement, config: object): { destroy: () => void }
}

/** Chart.js is a classic script, which puts `Chart` into the window; a report's page has it already. */
let loading: Promise<ChartJs> | null = null

function loadChartJs(): Promise<ChartJs> {
  loading ??= new Promise<ChartJs>((resolve, reject) => {
    const found = (): ChartJs | undefined => (window as { Chart?: ChartJs }).Chart
    const present = found()
    if (present) return resolve(present)
    const script = document.createElement('script')
    script.src = 'chart.umd.js'
    const failed = (): void => {
      loading = null
      reject(new Error(script.src))
    }
    script.onload = () => {
      const loaded = found()
      if (loaded) resolve(loaded)
      else failed()
    }
    script.onerror = failed
    document.head.append(script)
  })
  return loading
}

/** Draws a chart into a canvas, until it is removed. */
export function drawChart(canvas: HTMLCanvasElement, data: ChartData): DrawnChart {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  let chart: { destroy: () => void } | null = null
  let wanted = true
  const draw = (): void => {
    loadChartJs().then(
      (Chart) => {
        chart?.destroy()
        chart = wanted ? new Chart(canvas, configOf(data)) : null
      },
      // The table says the same.
      () => undefined,
    )
  }
  draw()
  dark.addEventListener('change', draw)
  return {
    draw,
    remove: () => {
      wanted = false
      dark.removeEventListener('change', draw)
      chart?.destroy()
    },
  }
}

function configOf({ kind, labels, series, horizontal = false }: ChartData): object {
  const styles = getComputedStyle(document.documentElement)
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim()
  const own = (name: string): string => colour(`chart-${name}`)
  const font = {
    family: getComputedStyle(document.body).fontFamily,
    size: Math.round(Number.parseFloat(styles.fontSize) * 0.85),
  }
  const shown = series
    .map((each, place) => ({
      ...each,
      // There are fewer colours than results: what shares one with a series before it is hatched.
      turn: series.slice(0, place).filter((before) => before.colour === each.colour).length,
    }))
    .filter(({ values }) => values.some((value) => value > 0))
  const isBar = kind === 'bar'
  // Messages are whole.
  const ticks = { color: colour('muted'), font, precision: 0, maxRotation: 0, autoSkipPadding: 12 }
  const scale = { stacked: true, ticks, border: { color: colour('line') } }
  const counts = { ...scale, beginAtZero: true, grid: { color: colour('line') } }
  const names = {
    ...scale,
    grid: { display: false },
    ticks: horizontal ? { ...ticks, autoSkip: false, callback: shortened } : ticks,
  }
  return {
    type: kind,
    data: {
      labels: labels.map(plain),
      datasets: shown.map(({ label, values, colour: given, turn }) => ({
        label: plain(label),
        data: values,
        backgroundColor:
          typeof given === 'string' ? filling(own(given), colour('surface'), turn) : given.map(own),
        borderColor: typeof given === 'string' && turn > 0 ? own(given) : colour('surface'),
        borderWidth: isBar ? Math.min(turn, 1) : 2,
        borderRadius: isBar ? 3 : 0,
        maxBarThickness: 36,
      })),
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      ...(isBar
        ? {
            indexAxis: horizontal ? 'y' : 'x',
            scales: horizontal ? { x: counts, y: names } : { x: names, y: counts },
          }
        : { cutout: '62%' }),
      plugins: {
        legend: {
          display: !isBar || shown.length > 1,
          position: 'bottom',
          labels: { color: colour('muted'), boxWidth: font.size, font },
        },
      },
    },
  }
}

/** Lines across a tile, which go on in the next one. */
const HATCHES = [
  [
    [0, 8, 8, 0],
    [-2, 2, 2, -2],
    [6, 10, 10, 6],
  ],
  [[0, 4, 8, 4]],
] as const

/** A colour; hatched from the second turn on, so that it is told apart without colours as well. */
function filling(colour: string, between: string, turn: number): string | CanvasPattern {
  const tile = document.createElement('canvas')
  const pen = tile.getContext('2d')
  const lines = HATCHES[Math.min(turn, HATCHES.length) - 1]
  if (!lines || !pen) return colour
  tile.width = tile.height = 8
  pen.fillStyle = between
  pen.fillRect(0, 0, 8, 8)
  pen.strokeStyle = colour
  pen.lineWidth = 3
  for (const [fromX, fromY, toX, toY] of lines) {
    pen.beginPath()
    pen.moveTo(fromX, fromY)
    pen.lineTo(toX, toY)
    pen.stroke()
  }
  return pen.createPattern(tile, 'repeat') ?? colour
}

interface Scale {
  readonly chart: { readonly width: number }
  getLabelForValue(value: number): string
}

/** Beside a bar there is room for the end of a name, which says more than its beginning; the table has all of it. */
function shortened(this: Scale, value: number): string {
  const name = this.getLabelForValue(value)
  const room = Math.min(40, Math.floor(this.chart.width / 20))
  return name.length <= room ? name : `…${name.slice(1 - room)}`
}

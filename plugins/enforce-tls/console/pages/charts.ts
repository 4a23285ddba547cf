/** Loads Chart.js when a page first needs it: as a classic script, which puts `Chart` into the window. */

/** What the pages use of Chart.js. */
export interface ChartConstructor {
  new (canvas: HTMLCanvasElement, config: object): { destroy: () => void }
}

let loading: Promise<ChartConstructor> | null = null

/** @throws where the script can't be loaded. */
export function loadChart(): Promise<ChartConstructor> {
  loading ??= new Promise<ChartConstructor>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = 'assets/vendor/chart.umd.js'
    script.onload = () => resolve((window as unknown as { Chart: ChartConstructor }).Chart)
    script.onerror = () => {
      loading = null
      reject(new Error('chart.umd.js'))
    }
    document.head.append(script)
  })
  return loading
}

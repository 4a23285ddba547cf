/**
 * The script of a report's page, which has its charts as JSON in the element `chart-data`. The build makes one file of
 * it, which `report/html.ts` puts into the page.
 */
import { drawChart, type ChartData } from './charts.js'

const reportData = document.getElementById('chart-data')
if (reportData) drawReport(JSON.parse(reportData.textContent) as Parameters<typeof drawReport>[0])

/** Draws the charts of a report's page; on paper all tables are open, and the colours those of paper. */
function drawReport(charts: readonly (ChartData & { readonly id: string })[]): void {
  const drawn = charts.flatMap(({ id, ...data }) => {
    const canvas = document.getElementById(id)
    return canvas instanceof HTMLCanvasElement ? [drawChart(canvas, data)] : []
  })
  const setPaper = (isPaper: boolean): void => {
    document.documentElement.classList.toggle('paper', isPaper)
    for (const chart of drawn) chart.draw()
  }
  const opened: HTMLDetailsElement[] = []
  window.addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>('details:not([open])')) {
      details.open = true
      opened.push(details)
    }
    setPaper(true)
  })
  window.addEventListener('afterprint', () => {
    for (const details of opened.splice(0)) details.open = false
    setPaper(false)
  })
}

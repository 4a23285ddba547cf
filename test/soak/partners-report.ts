/** What a soak of many partners found, as a table and a closing line. Pure. */
import Table from 'cli-table3'
import { leaks, type Resources } from './resources.js'
import type { PartnersFigures } from './run-partners.js'

/** For people. */
export function partnersReport({ before, rounds }: PartnersFigures): string {
  const table = new Table({
    head: ['at rest after', 'messages', 'connections', 'most at once', 'RSS', 'heap', 'sockets', 'timers'],
    style: { head: [], border: [] },
  })
  table.push(['the start', '-', '-', '-', ...resourceCells(before)])
  rounds.forEach(({ messages, connections, most, after }, index) =>
    table.push([`round ${index + 1}`, messages, connections, most, ...resourceCells(after)]),
  )
  return table.toString()
}

/** What has leaked, in words; nothing where all is well. */
export function partnersLeaks({ before, rounds }: PartnersFigures): string[] {
  return leaks(
    before,
    rounds.map(({ after }) => after),
  )
}

function resourceCells({ rss, heap, sockets, timers }: Resources): (string | number)[] {
  return [megabytes(rss), megabytes(heap), sockets, timers]
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}

/** Part e of the bench: what it costs a delivery that somebody scrapes the metrics meanwhile. */
import { setTimeout as pause } from 'node:timers/promises'
import { makeAuthority } from '../support/certificates.js'
import { scrape } from '../support/scrape.js'
import type { BenchPart } from './bench-part.js'
import { Receiver, Sender } from './delivery/helper-process.js'
import { WITH_METRICS } from './delivery/setups.js'
import { turn, type Turn } from './delivery/turn.js'
import { median, shownSpread } from './statistics.js'

const FULL = { rounds: 10, messages: 200, warmUp: 400 }
const QUICK = { rounds: 2, messages: 20, warmUp: 10 }
const SIZE = 4096
/** Between two scrapes, in milliseconds; Prometheus pauses for a minute, or 15 s, where nobody says otherwise. */
const PAUSE = 1000

export const scraping: BenchPart = {
  id: 'e',
  title: 'Metrics that are scraped',
  run: async ({ quick, progress }) => {
    const { rounds, messages, warmUp } = quick ? QUICK : FULL
    progress.start(rounds + 1)
    const authority = await makeAuthority('Bench CA')
    await using receiver = new Receiver()
    await using sender = new Sender()
    const port = await receiver.listen(await authority.issue({ dnsNames: ['mx.bench.example'] }))
    const relay = await WITH_METRICS.start({ port, destinations: 1, nodes: 0 })
    const url = `http://127.0.0.1:${relay.httpPort ?? 0}/enforce-tls/metrics`
    const server = { setup: WITH_METRICS, relay }
    const ends = { receiver, sender }
    const load = { messages, size: SIZE, destinations: 1 }
    const turns: { without: Turn[]; scraped: Turn[] } = { without: [], scraped: [] }
    const scrapes: number[] = []
    try {
      await turn(server, ends, { ...load, messages: warmUp })
      progress.step('warm-up')
      for (let round = 0; round < rounds; round++) {
        // Each is first in every other round.
        for (const kind of round % 2 === 0
          ? (['without', 'scraped'] as const)
          : (['scraped', 'without'] as const)) {
          const stop = kind === 'scraped' ? scrapeOnAndOn(url, scrapes) : () => Promise.resolve()
          turns[kind].push(await turn(server, ends, load))
          await stop()
        }
        progress.step(`round ${round + 1}`)
      }
    } finally {
      await relay.close()
    }
    const rows = (['cpu', 'perSecond'] as const).map((value) => {
      const [without, scraped] = [turns.without, turns.scraped].map((all) => all.map((each) => each[value]))
      const ratios = (scraped ?? []).map((each, round) => each / (without?.[round] ?? NaN))
      return { value, without: without ?? [], scraped: scraped ?? [], ratios }
    })
    return [
      {
        title: 'Deliveries while metrics are scraped, and while they are not',
        columns: ['', 'not scraped', 'scraped', 'ratio (least – most)'],
        rows: rows.map(({ value, without, scraped, ratios }) => [
          value === 'cpu' ? 'CPU ms a message' : 'messages/s',
          median(without).toFixed(2),
          median(scraped).toFixed(2),
          shownSpread(ratios, 3),
        ]),
        note:
          `The same Haraka, alternating, ${rounds} times ${messages} messages each way, all matched by a rule; a ` +
          `scrape every ${PAUSE} ms, ${scrapes.length} in all, which took ${median(scrapes).toFixed(1)} ms (median). ` +
          'Medians, and the ratios within a round; its CPU time includes that of scraping.',
        data: { rows, scrapes },
      },
    ]
  },
}

/** @returns ends it, when the scrape under way is done */
function scrapeOnAndOn(url: string, times: number[]): () => Promise<void> {
  const end = new AbortController()
  const work = (async () => {
    while (!end.signal.aborted) {
      const begun = performance.now()
      await scrape(url)
      times.push(performance.now() - begun)
      await pause(PAUSE, undefined, { signal: end.signal }).catch(() => undefined)
    }
  })()
  return async () => {
    end.abort()
    await work
  }
}

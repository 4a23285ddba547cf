/** The tables of the delivery bench. Pure. */
import type { BenchTable } from '../bench-part.js'
import { median, shownSpread, shownVerdict } from '../statistics.js'
import { isMet, type Comparison, type Scene } from './scenes.js'
import type { Setup } from './setups.js'
import { SUBMITTERS, type Turn } from './turn.js'

/** A server with its turns so far. */
export interface Measured {
  readonly setup: Pick<Setup, 'id' | 'title' | 'encrypted'>
  readonly turns: readonly Turn[]
}

/** What each server took. @param missing which could not be had, and why */
export function figures(
  { title, size }: Scene,
  measured: readonly Measured[],
  { rounds, messages, missing }: { rounds: number; messages: number; missing: readonly string[] },
): BenchTable {
  return {
    title: `Deliveries: ${title}`,
    columns: [
      'server',
      'CPU ms a message',
      'of it Redis',
      'messages/s',
      'connections',
      'TLS resumed',
      'beside',
      'receiver busy',
    ],
    rows: measured.map(({ setup, turns }) => {
      const all = (value: keyof Turn): number[] => turns.map((turn) => turn[value])
      return [
        setup.title,
        shownSpread(all('cpu'), 2),
        median(all('redis')).toFixed(2),
        shownSpread(all('perSecond'), 0),
        median(all('connections')).toFixed(0),
        setup.encrypted ? percent(median(turns.map((turn) => turn.resumed / turn.connections))) : '-',
        median(all('beside')).toFixed(2),
        percent(median(all('receiverBusy'))),
      ]
    }),
    note: [
      `Medians (least – most) of ${rounds} rounds of ${messages} messages of ${size} bytes, which come over`,
      `${SUBMITTERS} connections; the servers take turns in every round.`,
      'CPU time is that of all processes of the server and of its Redis, from receiving a message until its connection',
      'is closed, user and system.',
      'Beside is what sender, receiver and the bench took for a message on the same processors, and busy the share',
      "of the time that the receiver's only thread worked.",
      'All queues are on the same disk; Postfix syncs each message to it, Haraka does not.',
      'Rules are in Redis, and known before the measurement.',
      ...missing.map((why) => `Left out: ${why}.`),
    ].join(' '),
    data: measured.map(({ setup, turns }) => ({ id: setup.id, title: setup.title, turns })),
  }
}

/** The servers beside each other. @param quick no target is met or missed by so few messages */
export function compared(
  { title, comparisons }: Scene,
  measured: readonly Measured[],
  quick: boolean,
): BenchTable {
  const rows = comparisons.flatMap((comparison) => {
    const [one, other] = [comparison.one, comparison.other].map((id) =>
      measured.find(({ setup }) => setup.id === id),
    )
    if (!one || !other) return []
    const ratios = one.turns.map((turn, round) => turn[comparison.value] / valueOf(other, round, comparison))
    const what = comparison.value === 'cpu' ? 'CPU a message' : 'messages/s'
    return [
      {
        what: `${what}: ${one.setup.title} / ${other.setup.title}`,
        ratios,
        target: comparison.target ?? null,
        met: quick ? null : isMet(comparison.target, median(ratios)),
      },
    ]
  })
  return {
    title: `Compared: ${title}`,
    columns: ['what', 'ratio', 'target', ''],
    rows: rows.map(({ what, ratios, target, met }) => [
      what,
      shownSpread(ratios, 2),
      shownTarget(target),
      shownVerdict(met),
    ]),
    note: quick
      ? 'Too few messages to compare: this only shows that it works.'
      : "Medians of the rounds' own ratios (least – most).",
    data: rows,
  }
}

function valueOf({ turns }: Measured, round: number, { value }: Comparison): number {
  return turns[round]?.[value] ?? NaN
}

function shownTarget(target: NonNullable<Comparison['target']> | null): string {
  if (!target) return '-'
  return 'most' in target ? `≤ ${target.most}` : `≥ ${target.least}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/**
 * Part b of the bench: what a delivery costs, in CPU time and messages a second, without the plugin, with it,
 * and in Postfix. All servers run at once and have their turns in every round, so that a slow moment of the
 * machine meets all of them.
 */
import { makeAuthority } from '../support/certificates.js'
import type { BenchPart, BenchTable } from './bench-part.js'
import { cpuTimeAtRest } from './delivery/cpu-time.js'
import { Receiver, Sender } from './delivery/helper-process.js'
import { median } from './statistics.js'
import { RECEIVER, SETUPS, type Relay, type Setup } from './delivery/setups.js'

/** How much. */
interface Amounts {
  readonly rounds: number
  readonly messages: number
  readonly warmUp: number
}

const FULL: Amounts = { rounds: 5, messages: 600, warmUp: 400 }
const QUICK: Amounts = { rounds: 1, messages: 20, warmUp: 10 }
export const CONNECTIONS = 10
export const SIZE = 4096

/** One server's turn. */
export interface Turn {
  /** Milliseconds of CPU time for each message. */
  readonly cpu: number
  readonly perSecond: number
  /** The share of sessions that were resumed. */
  readonly resumed: number
}

/** A server with its turns so far. */
export interface Running {
  readonly setup: Setup
  readonly relay: Relay
  readonly turns: Turn[]
}

/** What the numbers are held against: the same round's value of another set-up. */
const COMPARISONS = [
  { id: 'no-match', with: 'plain', value: 'cpu', target: '≤ 1.02' },
  { id: 'matched', with: 'opportunistic', value: 'cpu', target: '≤ 0.90' },
  { id: 'matched', with: 'postfix', value: 'perSecond', target: '≥ 1.1' },
  { id: 'matched-nodes', with: 'postfix', value: 'perSecond', target: '≥ 1.1' },
] as const

export const delivery: BenchPart = {
  id: 'b',
  title: 'Deliveries: CPU time and messages a second',
  run: async ({ quick, progress }) => {
    const amounts = quick ? QUICK : FULL
    const possible = SETUPS.filter((setup) => setup.impossible() === false)
    const missing = SETUPS.flatMap((setup) => {
      const why = setup.impossible()
      return why === false ? [] : [`${setup.title}: ${why}`]
    })
    progress.start(possible.length * (amounts.rounds + 1))
    const authority = await makeAuthority('Bench CA')
    await using receiver = new Receiver()
    await using sender = new Sender()
    const port = await receiver.listen(await authority.issue({ dnsNames: [RECEIVER] }))
    const running: Running[] = []
    try {
      for (const setup of possible) {
        const server = { setup, relay: await setup.start({ port, authority }), turns: [] }
        running.push(server)
        await turn(server, { receiver, sender }, amounts.warmUp)
        progress.step(`warm-up: ${setup.title}`)
      }
      for (let round = 0; round < amounts.rounds; round++) {
        // Each round begins with another one.
        for (const server of [...running.slice(round), ...running.slice(0, round)]) {
          server.turns.push(await turn(server, { receiver, sender }, amounts.messages))
          progress.step(`round ${round + 1}: ${server.setup.title}`)
        }
      }
    } finally {
      for (const { relay } of running) await relay.close()
    }
    return [figures(running, amounts, missing), ...comparisons(running)]
  },
}

/** Sends messages through a server and waits until all have arrived. @throws where one came in the clear */
export async function turn(
  { setup, relay }: Pick<Running, 'setup' | 'relay'>,
  { receiver, sender }: { receiver: Receiver; sender: Sender },
  messages: number,
): Promise<Turn> {
  const before = await cpuTimeAtRest(relay.pids)
  const { received } = await receiver.expect(messages)
  const begun = performance.now()
  await sender.send({ port: relay.port, messages, connections: CONNECTIONS, size: SIZE })
  const { encrypted, resumed } = await received
  const seconds = (performance.now() - begun) / 1000
  if (encrypted !== (setup.encrypted ? messages : 0))
    throw new Error(`${setup.title}: ${encrypted} of ${messages} messages came over TLS`)
  const cpu = ((await cpuTimeAtRest(relay.pids)) - before) / messages
  return { cpu, perSecond: messages / seconds, resumed: resumed / messages }
}

function figures(
  running: readonly Running[],
  { rounds, messages }: Amounts,
  missing: readonly string[],
): BenchTable {
  return {
    title: 'Deliveries',
    columns: ['server', 'CPU ms a message', 'min – max', 'messages/s', 'min – max', 'resumed'],
    rows: running.map(({ setup, turns }) => {
      const [cpu, perSecond] = [turns.map((each) => each.cpu), turns.map((each) => each.perSecond)]
      return [
        setup.title,
        median(cpu).toFixed(2),
        spread(cpu, 2),
        median(perSecond).toFixed(0),
        spread(perSecond, 0),
        `${Math.round(median(turns.map(({ resumed }) => resumed)) * 100)} %`,
      ]
    }),
    note: [
      `Medians of ${rounds} rounds of ${messages} messages of ${SIZE} bytes over ${CONNECTIONS} connections, after a warm-up;`,
      'CPU time is that of all of the server, receiving, queueing and delivering, user and system.',
      'Sender and receiver are processes of their own on the same machine, all queues on the same disk.',
      'Haraka is one process but where nodes= is said, Postfix many.',
      'Rules are in Redis, and known before the measurement.',
      ...missing.map((why) => `Left out: ${why}.`),
    ].join(' '),
    data: running.map(({ setup, turns }) => ({ id: setup.id, title: setup.title, turns })),
  }
}

function comparisons(running: readonly Running[]): BenchTable[] {
  const rows = COMPARISONS.flatMap(({ id, with: other, value, target }) => {
    const [one, two] = [id, other].map((wanted) => running.find(({ setup }) => setup.id === wanted))
    if (!one || !two) return []
    const ratios = one.turns.map((each, round) => each[value] / (two.turns[round]?.[value] ?? NaN))
    const what = value === 'cpu' ? 'CPU time a message' : 'messages/s'
    return [{ what: `${what}: ${one.setup.title} / ${two.setup.title}`, ratios, target }]
  })
  return [
    {
      title: 'Compared',
      columns: ['what', 'ratio', 'min – max', 'aim'],
      rows: rows.map(({ what, ratios, target }) => [
        what,
        median(ratios).toFixed(3),
        spread(ratios, 3),
        target,
      ]),
      note: 'Medians of the ratios within a round.',
      data: rows,
    },
  ]
}

/** The least and the most. */
export function spread(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} – ${Math.max(...values).toFixed(digits)}`
}

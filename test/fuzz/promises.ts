/** What must hold all through a fuzz, with mail that no source of it touches: covered mail and uncovered mail. */
import type { SmtpPeer } from '../support/smtp-peer.js'
import { FUZZ_DOMAINS } from './entries.js'
import type { Hostile } from './hostile.js'
import { again, pause, type Stage } from './stage.js'

/** The longest that a fixed message may take, in milliseconds. */
const BOUND = 120_000

export interface FixedPeers {
  /** Of `plain.covered.example`: has no TLS. */
  readonly plain: SmtpPeer
  /** Of `tls.covered.example`. */
  readonly tls: SmtpPeer
  /** Of `free.example`: has no TLS and no rule. */
  readonly free: SmtpPeer
}

/** Sends fixed mail until the end; `counts` is added to. */
export async function keepPromises(stage: Stage, hostile: Hostile, peers: FixedPeers): Promise<void> {
  const waiting = new Map<string, { at: number; where: 'tls' | 'free' }>()
  let number = 0
  await Promise.all([
    again(stage, async () => {
      const id = `fixed-${++number}-end`
      const where = hostile.pick(['tls', 'free', 'plain'] as const)
      // To the one without TLS also as senders whose own rules are anything.
      const from =
        where === 'plain' && hostile.once(2) ? `ann@${hostile.pick(FUZZ_DOMAINS)}` : 'ann@calm.example'
      const to = where === 'free' ? 'x@free.example' : `x@${where}.covered.example`
      stage.ledger.note('fixed', { from, to, id })
      const { code } = await stage.haraka.send({ from, to, subject: id })
      if (code === 250 && where !== 'plain') waiting.set(id, { at: Date.now(), where })
      look(stage, peers, waiting)
      await pause(700)
    }),
  ])
  const end = Date.now() + BOUND
  while (waiting.size > 0 && Date.now() < end && stage.haraka.exitCode === undefined) {
    look(stage, peers, waiting)
    await pause(100)
  }
  look(stage, peers, waiting)
}

function look(
  { ledger, haraka }: Stage,
  { plain, tls, free }: FixedPeers,
  waiting: Map<string, { at: number; where: 'tls' | 'free' }>,
): void {
  const clear = [...plain.cleartextAfterEhlo(), ...tls.cleartextAfterEhlo()]
  if (clear.length > 0)
    ledger.violated(`covered mail in the clear: ${clear.slice(0, 5).join(' ')}`, { kind: 'in the clear' })
  for (const peer of [tls, free]) {
    for (const { data } of peer.messages) waiting.delete(/fixed-\d+-end/.exec(data)?.[0] ?? '')
  }
  for (const peer of [plain, tls, free])
    peer.connections.splice(0, peer.connections.filter(({ closed }) => closed).length && firstOpen(peer))
  for (const [id, { at, where }] of waiting) {
    if (Date.now() - at < BOUND) continue
    waiting.delete(id)
    const about = haraka.log
      .split('\n')
      .filter((line) => line.includes(id))
      .slice(-5)
      .join('\n')
    ledger.violated(`the fixed message ${id} to ${where} did not arrive within ${BOUND / 1000} s\n${about}`, {
      kind: `late ${where}`,
    })
  }
}

/** How many connections at the beginning are closed. */
function firstOpen({ connections }: SmtpPeer): number {
  const index = connections.findIndex(({ closed }) => !closed)
  return index < 0 ? connections.length : index
}

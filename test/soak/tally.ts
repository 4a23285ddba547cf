/** Counts what became of every message of a soak. Pure. */
import type { SoakPeer } from './peers.js'

/** A message that was submitted. */
export interface Sent {
  readonly id: string
  readonly peer: SoakPeer
  /** Whether Haraka took it; `false` where its answer was lost, so that nobody knows. */
  readonly acknowledged: boolean
}

/** The figures of the closing line. */
export interface Tally {
  readonly sent: number
  readonly unknown: number
  readonly overTls: number
  readonly inTheClear: number
  readonly bounced: number
  readonly lost: number
  readonly duplicated: number
  readonly clearAgainstRule: number
}

const ID = /soak-\d+-end/g

/**
 * Counts.
 *
 * @param bounces the bounces that the sender's server got, as text
 */
export function tally(
  messages: readonly Sent[],
  peers: readonly SoakPeer[],
  bounces: readonly string[],
): Tally {
  const outcomes = new Map<string, number>()
  const add = (id: string) => outcomes.set(id, (outcomes.get(id) ?? 0) + 1)
  let overTls = 0
  let inTheClear = 0
  let clearAgainstRule = 0
  for (const { peer, covered } of peers) {
    if (covered) clearAgainstRule += peer.cleartextAfterEhlo().length
    for (const { data, tls } of peer.messages) {
      add(data.match(ID)?.[0] ?? 'unknown')
      if (tls) overTls += 1
      else if (!covered) inTheClear += 1
    }
  }
  for (const bounce of bounces) add(bounce.match(ID)?.[0] ?? 'unknown')
  const acknowledged = messages.filter(({ acknowledged: known }) => known)
  return {
    sent: acknowledged.length,
    unknown: messages.length - acknowledged.length,
    overTls,
    inTheClear,
    bounced: bounces.length,
    lost: acknowledged.filter(({ id }) => !outcomes.has(id)).length,
    duplicated: [...outcomes.values()].reduce((sum, count) => sum + count - 1, 0),
    clearAgainstRule,
  }
}

/** The closing line. */
export function closingLine(figures: Tally): string {
  const { sent, unknown, overTls, inTheClear, bounced, lost, duplicated, clearAgainstRule } = figures
  return [
    `sent ${sent}${unknown > 0 ? ` (and ${unknown} whose answer was lost)` : ''}`,
    `delivered over TLS ${overTls}`,
    `delivered in the clear by no rule ${inTheClear}`,
    `bounced ${bounced}`,
    `lost ${lost}`,
    `duplicated ${duplicated}`,
    `in the clear against a rule ${clearAgainstRule}`,
  ].join(', ')
}

/** Counts what became of every message of a soak. Pure. */
import type { SmtpPeer } from '../support/smtp-peer.js'
import type { MessageRecord } from '../support/peer-record.js'
import { WAITS_FOR_RELEASE } from './kinds.js'
import type { SoakPeer } from './peers.js'

/** A message that was submitted. */
export interface Sent {
  readonly id: string
  readonly peer: SoakPeer
  /** Whether it asks for REQUIRETLS. */
  readonly asks: boolean
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
  /** Handed on with REQUIRETLS. */
  readonly onward: number
  /** Messages that ask for REQUIRETLS, and what their bounces tell of them, that were handed on without. */
  readonly againstRequireTls: number
  /** In the clear, on an administrator's order for that very message. */
  readonly released: number
  /** Taken by the gateway. */
  readonly rerouted: number
  /** Notices of a delay that the sender got. */
  readonly notices: number
}

const ID = /soak-\d+-end/g
/** A recipient. */
const TO = /x-\d+@/
const DELAYED = /^Action: delayed/im
const RECIPIENT = /^C: RCPT TO:<([^>]*)>/i

/**
 * Counts.
 *
 * @param mail the bounces and notices of delay that the sender's server got
 * @param ordered recipients of messages that a release was ordered for
 */
export function tally(
  messages: readonly Sent[],
  peers: readonly SoakPeer[],
  mail: readonly MessageRecord[],
  { ordered, gateway }: { readonly ordered: ReadonlySet<string>; readonly gateway: SmtpPeer },
): Tally {
  const outcomes = new Map<string, number>()
  const add = (id: string) => outcomes.set(id, (outcomes.get(id) ?? 0) + 1)
  let overTls = 0
  let inTheClear = 0
  let clearAgainstRule = 0
  let released = 0
  for (const { peer, covered, name } of peers) {
    if (name === WAITS_FOR_RELEASE) clearAgainstRule += unordered(peer.connections, ordered)
    else if (covered) clearAgainstRule += peer.cleartextAfterEhlo().length
    for (const { data, tls } of peer.messages) {
      add(data.match(ID)?.[0] ?? 'unknown')
      if (tls) overTls += 1
      else if (covered) released += 1
      else inTheClear += 1
    }
  }
  clearAgainstRule += gateway.cleartextAfterEhlo().length
  for (const { data } of gateway.messages) add(data.match(ID)?.[0] ?? 'unknown')
  const reports = mail.map(({ data }) => data)
  const bounces = reports.filter((report) => !DELAYED.test(report))
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
    ...onwardOf(messages, [...peers.flatMap(({ peer }) => peer.received), ...gateway.received], mail),
    released,
    rerouted: gateway.messages.length,
    notices: reports.length - bounces.length,
  }
}

/** Of a server that never has TLS: recipients that it heard of and nobody ordered a release for. */
function unordered(
  connections: readonly { readonly transcript: readonly string[] }[],
  ordered: ReadonlySet<string>,
): number {
  return connections
    .flatMap(({ transcript }) => transcript)
    .map((line) => RECIPIENT.exec(line)?.[1])
    .filter((recipient) => recipient !== undefined && !ordered.has(recipient)).length
}

/**
 * How messages that ask for REQUIRETLS went.
 *
 * @param received all that servers got, accepted or not @param mail to the senders
 */
function onwardOf(
  messages: readonly Sent[],
  received: readonly MessageRecord[],
  mail: readonly MessageRecord[],
): Pick<Tally, 'onward' | 'againstRequireTls'> {
  const asking = new Set(messages.filter(({ asks }) => asks).map(({ id }) => id))
  const ofAsking = (all: readonly MessageRecord[]): MessageRecord[] =>
    all.filter(({ data }) => asking.has(data.match(ID)?.[0] ?? ''))
  const isOnward = ({ secure, requiretls }: MessageRecord): boolean => secure && requiretls
  const handedOn = ofAsking(received)
  // Where the way back has no REQUIRETLS, recipients are not told (RFC 8689 section 5).
  const told = ofAsking(mail).filter(({ data }) => TO.test(data))
  return {
    onward: handedOn.filter(isOnward).length,
    againstRequireTls: [...handedOn, ...told].filter((each) => !isOnward(each)).length,
  }
}

/** The closing line. */
export function closingLine(figures: Tally): string {
  const {
    sent,
    unknown,
    overTls,
    inTheClear,
    bounced,
    lost,
    duplicated,
    clearAgainstRule,
    onward,
    againstRequireTls,
    released,
    rerouted,
    notices,
  } = figures
  return [
    `sent ${sent}${unknown > 0 ? ` (and ${unknown} whose answer was lost)` : ''}`,
    `delivered over TLS ${overTls}`,
    `delivered in the clear by no rule ${inTheClear}`,
    `bounced ${bounced}`,
    `lost ${lost}`,
    `duplicated ${duplicated}`,
    `in the clear against a rule ${clearAgainstRule}`,
    `handed on with REQUIRETLS ${onward}`,
    `without it against the sender's word ${againstRequireTls}`,
    `released in the clear by an administrator ${released}`,
    `rerouted ${rerouted}`,
    `notices of delay ${notices}`,
  ].join(', ')
}

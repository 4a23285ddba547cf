/**
 * What a report comes to, for those who must show that mail was encrypted: how much required TLS, what became of it, and
 * whether any left without. It says no more than the delivery log does, and what limits that. Pure.
 */
import { listed, numbered } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { DeliveryReport } from './delivery-report.js'
import { formatDropped, utc } from './format.js'

/** What is known of the log that a report is made of, besides what is in the log. */
export interface LogScope {
  /** The machine whose mail alone is in the log; `null` where nodes share one. */
  readonly machine: string | null
  /** Nodes that have not been seen for a while: what they have not written yet is missing. */
  readonly down: readonly { readonly name: string; readonly seen: string }[]
  /** Whether mail is delivered as usual while its rules cannot be read: it is not in the log. */
  readonly deliversUnknown: boolean
}

/** A log that nodes share, with nothing known of them. */
export const WHOLE_LOG: LogScope = { machine: null, down: [], deliversUnknown: false }

export interface Conclusion {
  /** How much required TLS, a sentence. */
  readonly required: string
  /** What became of it; the counts add up to those that required it. */
  readonly results: readonly { readonly count: number; readonly what: string }[]
  /** Whether any left without, a sentence; as far as the log shows. */
  readonly verdict: string
  /** The verdict in a few words, for a subject. */
  readonly short: string
  /** What is not counted, and what the log cannot tell; sentences. */
  readonly limits: readonly string[]
}

/** Administrators that a sentence names, and nodes. */
const NAMED_MAX = 5

export function conclude(report: DeliveryReport, scope: LogScope = WHOLE_LOG): Conclusion {
  const { enforced, firstEntry } = report
  const { messages } = enforced
  const limits = limitsOf(report, scope)
  if (firstEntry === null)
    return {
      required: 'The delivery log has no entries for this period.',
      results: [],
      verdict: 'So it does not tell whether any message required TLS.',
      short: 'no entries in the delivery log',
      limits,
    }
  if (messages === 0)
    return {
      required: 'No message required TLS.',
      results: [],
      verdict: 'That is what the delivery log shows.',
      short: 'no message required TLS',
      limits,
    }
  const { verdict, short } = verdictOn(report)
  return {
    required: `${numbered(messages, 'message')} required TLS.`,
    results: resultsOf(report),
    verdict,
    short: `${numbered(messages, 'message')} required TLS, ${short}`,
    limits,
  }
}

function resultsOf(report: DeliveryReport): Conclusion['results'] {
  const { delivered, rerouted, released, bounced, kept, waiting, other } = report.enforced
  const trusted = withoutVersion(report)
  const lines: readonly (readonly [number, string])[] = [
    [delivered - trusted, 'sent over TLS'],
    [rerouted, 'sent over TLS to a gateway of yours; their way from there is not known here'],
    [trusted, 'went to next hops that your settings trust without TLS'],
    [released, 'released by an administrator: sent without what the rules require'],
    [bounced, 'not delivered: bounced to the sender'],
    [kept, 'not delivered: kept in the queue folder as error.*'],
    [waiting, 'waiting when last heard of in the period'],
    [other, 'with a result that this version does not know'],
  ]
  return lines.flatMap(([count, what], index) => (count > 0 || index === 0 ? [{ count, what }] : []))
}

/** Delivered to trusted next hops: no TLS session is in the log. */
function withoutVersion({ versions }: DeliveryReport): number {
  return versions.find(({ version }) => version === null)?.messages ?? 0
}

function verdictOn(report: DeliveryReport): Pick<Conclusion, 'verdict' | 'short'> {
  const { released, other } = report.enforced
  const { attemptedWithout } = report
  const trusted = withoutVersion(report)
  const exceptions = [
    ...(released > 0 ? [`${numbered(released, 'message')} that ${releasers(report)} released`] : []),
    ...(trusted > 0 ? [`${trusted} to next hops that your settings trust without TLS`] : []),
    ...(attemptedWithout > 0
      ? [`${numbered(attemptedWithout, 'message')} of which an attempt went without what the rules require`]
      : []),
    ...(other > 0 ? [`${other} whose result this version does not know`] : []),
  ]
  const shown = 'as far as the delivery log shows'
  if (exceptions.length === 0)
    return { verdict: `None of them left without TLS, ${shown}.`, short: 'none left without it' }
  const parts = [
    ...(released > 0 ? [`${released} released`] : []),
    ...(trusted > 0 ? [`${trusted} to trusted next hops`] : []),
    ...(attemptedWithout > 0 ? [`${attemptedWithout} at an attempt`] : []),
    ...(other > 0 ? [`${other} unknown`] : []),
  ]
  return {
    verdict: `Apart from ${exceptions.join(', and ')}, none of them left without TLS, ${shown}.`,
    short: `none left without it except ${parts.join(', ')}`,
  }
}

/** Such as `ann@helpdesk (2) and bob`. */
function releasers({ releases }: DeliveryReport): string {
  const counts = new Map<string, number>()
  for (const { by, sent } of releases) {
    const name = oneLine(by, 60) || 'an unknown administrator'
    if (sent !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const names = [...counts].map(([name, count]) => (counts.size > 1 ? `${name} (${count})` : name))
  return listed(names, NAMED_MAX) || 'an administrator'
}

function limitsOf(report: DeliveryReport, { machine, down, deliversUnknown }: LogScope): string[] {
  const { enforced, reported, releases } = report
  const dropped = formatDropped(report)
  const { asUsual, freed } = enforced
  const pending = releases.filter(({ how }) => how === null).length
  return [
    ...(dropped === null ? [] : [`${dropped} What happened before is not in this report.`]),
    ...(machine === null
      ? []
      : [
          `This is about mail of ${machine} alone: each server with a rules file has a delivery log of its own.`,
        ]),
    ...(down.length === 0
      ? []
      : [
          `Not seen for a while: ${listed(
            down.map(({ name, seen }) => `${oneLine(name, 60)} (last at ${utc(seen)} UTC)`),
            NAMED_MAX,
          )}. What they did not write to the delivery log is missing.`,
        ]),
    ...(deliversUnknown
      ? [
          'Mail whose rules could not be read was delivered as usual, as [main] in enforce-tls.ini says. It is not in the delivery log.',
        ]
      : []),
    ...(pending > 0
      ? [
          `${numbered(pending, 'more message')} may leave without TLS: released, and no attempt under that release is in the log.`,
        ]
      : []),
    ...(reported.messages > 0
      ? [
          `Not counted: ${numbered(reported.messages, 'message')} that rules in report mode matched. These rules require nothing.`,
        ]
      : []),
    ...(freed > 0
      ? [
          `Not counted: ${numbered(freed, 'message')} put off first, and delivered as usual when TLS was not required any more. Whether over TLS is not known.`,
        ]
      : []),
    ...(asUsual > 0
      ? [
          `Not counted: ${numbered(asUsual, 'message')} delivered with or without TLS, because nothing is published that the rules look at.`,
        ]
      : []),
  ]
}

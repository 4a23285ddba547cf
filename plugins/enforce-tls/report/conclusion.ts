/**
 * What a report comes to, for those who must show that mail was encrypted: how much required TLS, what became of it, and
 * whether any left without. It says no more than the delivery log does, and what limits that. Pure.
 */
import { listed, numbered } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { DeliveryReport } from './delivery-report.js'
import { WHOLE_LOG, type LogScope } from './scope.js'
import { formatDropped, NOTHING_REQUIRED, utc } from './format.js'
import { headline } from './headline.js'
import { formatWaived } from './waived.js'
import { gapSentences, isIncomplete, uncoveredBy, unruledMail, type Uncovered } from './gaps.js'

export interface Conclusion {
  /** How much required TLS and what became of it, a sentence or two. */
  readonly required: string
  /** What became of it; the counts add up to those that required it. */
  readonly results: readonly { readonly count: number; readonly what: string }[]
  /** Whether any left without, a sentence; as far as the log shows. */
  readonly verdict: string
  /** The verdict in a few words, for a subject. */
  readonly short: string
  /** What is not counted, and what the log cannot tell; sentences. */
  readonly limits: readonly string[]
  /** Of which times the log does not have everything. */
  readonly uncovered: readonly Uncovered[]
}

/** Administrators that a sentence names, and nodes. */
const NAMED_MAX = 5

export function conclude(report: DeliveryReport, scope: LogScope = WHOLE_LOG): Conclusion {
  const { messages } = report.enforced
  const rest = { limits: limitsOf(report, scope), uncovered: uncoveredBy(report, scope) }
  const isRecordedOnly = isIncomplete(report, scope)
  const unknown = [unknownReleases(report), unruledMail(report)].filter((each) => each !== null)
  const apart = unknown.length === 0 ? '' : `, apart from ${unknown.join(', and ')}`
  if (report.firstEntry === null)
    return {
      required: 'The delivery log has no entries for this period.',
      results: [],
      verdict: `So it does not tell whether any message required TLS${apart}.`,
      short: 'no entries in the delivery log',
      ...rest,
    }
  if (messages === 0) return { ...noneRequired(report, isRecordedOnly, apart), results: [], ...rest }
  const { sentence, words } = reportOnly(report)
  const facts = {
    isIncomplete: isRecordedOnly,
    trusted: withoutVersion(report),
    openReleases: openReleases(report).length,
  }
  const { verdict, short } = verdictOn(report, isRecordedOnly)
  return {
    required: `${headline(report, facts)}.${sentence}`,
    results: resultsOf(report),
    verdict,
    short: `${numbered(messages, 'message')} required TLS, ${short}${words}`,
    ...rest,
  }
}

/** Of a period in which no message required TLS to the end; some may have first. */
function noneRequired(
  report: DeliveryReport,
  isRecordedOnly: boolean,
  apart: string,
): Pick<Conclusion, 'required' | 'verdict' | 'short'> {
  const { freed } = report.enforced
  const { sentence, words } = reportOnly(report)
  const recorded = isRecordedOnly ? 'recorded ' : ''
  const shown = `That is what the delivery log shows${apart}.`
  const waived = formatWaived(report.enforced)
  const atFirst = `${numbered(freed, `${recorded}message`)} required TLS at first and then no longer`
  const some = [
    ...(freed > 0 ? [atFirst] : []),
    ...(waived === null ? [] : [`${waived} would have required TLS where partners publish it`]),
  ]
  if (some.length === 0)
    return {
      required: `No ${recorded}message required TLS.${sentence}`,
      verdict: shown,
      short: `no ${recorded}message required TLS${words}`,
    }
  const unknown =
    freed === 0
      ? ''
      : ` What became of ${freed === 1 ? 'it' : 'them'} then, and whether in the clear, is not in it.`
  const short = freed > 0 ? atFirst : `no ${recorded}message required TLS`
  return {
    required: `${some.join('; ')}; no other ${recorded}message did.${sentence}`,
    verdict: `${shown}${unknown}`,
    short: `${[short, ...shortWaived(report)].join(', ')}${words}`,
  }
}

/** Mail that nothing holds to TLS though rules speak of it. */
function reportOnly({ reported, enforced }: DeliveryReport): { sentence: string; words: string } {
  const { messages } = reported
  if (messages === 0) return { sentence: '', words: '' }
  const more = enforced.messages > 0 ? ' more' : ''
  return {
    sentence: ` ${messages}${more} would require it, but that is not enforced (report only).`,
    words: `, ${messages} report only`,
  }
}

function openReleases({ releases }: DeliveryReport): DeliveryReport['releases'] {
  return releases.filter(({ how, outcome }) => how === null && outcome === null)
}

/** Releases of which nothing says whether they were used; `null` for none. */
function unknownReleases(report: DeliveryReport): string | null {
  const open = openReleases(report)
  if (open.length === 0) return null
  const said = open.map(({ by, granted }) => {
    const day = granted === null ? '' : ` on ${granted.slice(0, 10)}`
    return `${oneLine(by, 60) || 'an unknown administrator'}${day}`
  })
  const whose = open.length === 1 ? 'its outcome is' : 'their outcomes are'
  return `${numbered(open.length, 'message')} released by ${listed([...new Set(said)], NAMED_MAX)} (${whose} not recorded)`
}

function resultsOf(report: DeliveryReport): Conclusion['results'] {
  const { delivered, rerouted, released, bounced, kept, waiting, other } = report.enforced
  const trusted = withoutVersion(report)
  const lines: readonly (readonly [number, string])[] = [
    [delivered - trusted, 'sent over TLS'],
    [rerouted, 'sent over TLS to a gateway of yours; their way from there is not known here'],
    [trusted, 'went to next hops that your settings trust, with TLS or without'],
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

function verdictOn(report: DeliveryReport, incomplete: boolean): Pick<Conclusion, 'verdict' | 'short'> {
  const { released, other, freed } = report.enforced
  const { attemptedWithout } = report
  const [unknown, unruled] = [unknownReleases(report), unruledMail(report)]
  const waived = formatWaived(report.enforced)
  const trusted = withoutVersion(report)
  const exceptions = [
    ...(released > 0 ? [`${numbered(released, 'message')} that ${releasers(report)} released`] : []),
    ...(trusted > 0 ? [`${trusted} to next hops that your settings trust without TLS`] : []),
    ...(attemptedWithout > 0
      ? [`${numbered(attemptedWithout, 'message')} of which an attempt went without what the rules require`]
      : []),
    ...(other > 0 ? [`${other} whose result this version does not know`] : []),
    ...(unknown === null ? [] : [unknown]),
    ...(unruled === null ? [] : [unruled]),
    ...(freed > 0
      ? [
          `${numbered(freed, 'message')} that required it at first and then no longer (what became of ${freed === 1 ? 'it' : 'them'} is not recorded)`,
        ]
      : []),
    ...(waived === null ? [] : [waived]),
  ]
  const them = incomplete ? 'those recorded' : 'them'
  const none = incomplete ? 'none of those recorded left without it' : 'none left without it'
  const shown = 'as far as the delivery log shows'
  if (exceptions.length === 0) return { verdict: `None of ${them} left without TLS, ${shown}.`, short: none }
  const parts = [
    ...(released > 0 ? [`${released} released`] : []),
    ...(trusted > 0 ? [`${trusted} to trusted next hops`] : []),
    ...(attemptedWithout > 0 ? [`${attemptedWithout} at an attempt`] : []),
    ...(other > 0 ? [`${other} unknown`] : []),
    ...(unknown === null ? [] : ['releases whose outcome is not recorded']),
    ...(unruled === null ? [] : ['mail whose rules were unknown']),
    ...(freed > 0 ? [`${freed} that no longer required it`] : []),
    ...shortWaived(report),
  ]
  return {
    verdict: `Apart from ${exceptions.join(', and ')}, none of ${them} left without TLS, ${shown}.`,
    short: `${none} except ${parts.join(', ')}`,
  }
}

/** Such as `2 waived by their senders (1 in the clear)`; none for none. */
function shortWaived({ enforced: { waived, waivedClear } }: DeliveryReport): string[] {
  if (waived === 0) return []
  const clear = waivedClear > 0 ? ` (${waivedClear} in the clear)` : ''
  return [`${waived} waived by ${waived === 1 ? 'its sender' : 'their senders'}${clear}`]
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

function limitsOf(report: DeliveryReport, scope: LogScope): string[] {
  const { machine, down, nodesUnknown, deliversUnknown } = scope
  const { enforced, reported, historyUnknown } = report
  const dropped = formatDropped(report)
  const { asUsual, freed } = enforced
  return [
    ...(dropped === null ? [] : [`${dropped} What happened before is not in this report.`]),
    ...gapSentences(report, scope),
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
    ...(nodesUnknown ? ['Which servers wrote to the delivery log, and whether all did, is unknown.'] : []),
    ...(historyUnknown
      ? ['The history could not be read, so releases that only the history has are not in this report.']
      : []),
    ...(deliversUnknown
      ? [
          'Mail whose rules cannot be read is delivered as usual, as [main] in enforce-tls.ini says now. Of such mail the delivery log has only when it was, and how many messages.',
        ]
      : []),
    ...(reported.messages > 0
      ? [
          `Not counted: ${numbered(reported.messages, 'message')} that would require TLS, report only: by rules in report mode, or because of [main] report_only. It was not enforced, and ${reported.wouldBounce + reported.wouldWait} of them would not have left.`,
        ]
      : []),
    ...(freed > 0
      ? [
          `Not counted: ${numbered(freed, 'message')} put off while TLS was required, until it was not any more. Haraka then tries such mail as usual; whether it has left, and over TLS, is not in the delivery log.`,
        ]
      : []),
    ...(asUsual > 0
      ? [
          `Not counted: ${numbered(asUsual, 'message')} delivered with or without TLS, because ${NOTHING_REQUIRED}.`,
        ]
      : []),
  ]
}

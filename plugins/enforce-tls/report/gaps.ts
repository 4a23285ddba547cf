/** What a report does not cover of its period, because the delivery log does not have it: when, and why. Pure. */
import { gapIn, isGap, type LogGap } from '../observe/delivery-log/gap.js'
import type { DeliveryLogRecord } from '../observe/delivery-log/entry.js'
import { listed, numbered } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { LogScope } from './scope.js'
import type { DeliveryReport } from './delivery-report.js'
import { utc } from './format.js'
import type { ReportQuery } from './report-query.js'

/** A time that is not covered, or not wholly. */
export interface Uncovered {
  /** In ISO 8601 and UTC. */
  readonly from: string
  /** `null` where it goes on. */
  readonly until: string | null
  /** Why, as a sentence. */
  readonly why: string
}

/** Times, and nodes, that a sentence names. */
const NAMED_MAX = 5
/** Between two records of mail whose rules were unknown, in milliseconds, that are one gap. */
const JOINED_WITHIN = 300_000

/** Passes on the records of a log, but for gaps: those of the period are collected, each once. */
export async function* collectingGaps(
  records: AsyncIterable<DeliveryLogRecord>,
  { since, until }: Pick<ReportQuery, 'since' | 'until'>,
  gaps: Map<string, LogGap>,
): AsyncGenerator<DeliveryLogRecord> {
  const [first, end] = [since.toISOString(), until.toISOString()]
  for await (const record of records) {
    if (!isGap(record)) {
      yield record
      continue
    }
    const gap = gapIn(record)
    if (gap && gap.from < end && (gap.until ?? end) >= first) gaps.set(record['id'] ?? '', gap)
  }
}

/** Records that a process writes minute by minute are one gap. @returns the gaps, in order of time */
export function joinedGaps(gaps: Iterable<LogGap>): LogGap[] {
  const joined: LogGap[] = []
  const open = new Map<string, number>()
  for (const gap of [...gaps].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const index = gap.why === 'rules-unknown' ? (open.get(gap.node) ?? joined.length) : joined.length
    const before = joined[index]
    const goesOn = before && Date.parse(gap.from) - Date.parse(before.until ?? '') <= JOINED_WITHIN
    joined[goesOn ? index : joined.length] = goesOn ? together(before, gap) : gap
    if (gap.why === 'rules-unknown' && !goesOn) open.set(gap.node, joined.length - 1)
  }
  return joined
}

function together(before: LogGap, { until, entries }: LogGap): LogGap {
  const later = (until ?? '') > (before.until ?? '') ? until : before.until
  return { ...before, until: later, entries: before.entries + entries }
}

/** Messages that went as usual because their rules were unknown, such as `up to 3 messages …`; `null` for none. */
export function unruledMail({ gaps }: DeliveryReport): string | null {
  const count = gaps.reduce((sum, { why, entries }) => sum + (why === 'rules-unknown' ? entries : 0), 0)
  return count === 0
    ? null
    : `up to ${numbered(count, 'message')} delivered as usual while their rules were unknown`
}

/** All of it, in order of time. */
export function uncoveredBy(report: DeliveryReport, scope: LogScope): Uncovered[] {
  const { since, until, logBegins } = report
  const all: Uncovered[] = [
    ...(logBegins !== null && logBegins > since
      ? [{ from: since, until: logBegins, why: 'Entries of before then were dropped or never made.' }]
      : []),
    ...report.gaps.map((gap) => ({ from: gap.from, until: gap.until, why: whyOf(gap) })),
    ...scope.off.map(({ name, since: from }) => ({
      ...{ from, until: null },
      why: `The delivery log of ${oneLine(name, 60)} is switched off.`,
    })),
    ...scope.down.map(({ name, seen }) => ({
      ...{ from: seen, until: null },
      why: `${oneLine(name, 60)} has not been seen since.`,
    })),
  ]
  return all.filter(({ from }) => from < until).sort((a, b) => (a.from < b.from ? -1 : 1))
}

/** Whether it is known that the log may lack something of the period. */
export function isIncomplete(report: DeliveryReport, scope: LogScope): boolean {
  return scope.nodesUnknown || scope.deliversUnknown || uncoveredBy(report, scope).length > 0
}

/** Sentences about gaps: what was switched off, dropped, or lost with a process. */
export function gapSentences({ gaps, until }: DeliveryReport, { off }: LogScope): string[] {
  const open = off
    .filter(({ since }) => since < until)
    .map(
      ({ name, since }) =>
        `Not recorded: from ${utc(since)} UTC on, since the delivery log of ${oneLine(name, 60)} is switched off.`,
    )
  return [...formatGaps(gaps), ...open]
}

/** Sentences about gaps that are over. */
export function formatGaps(gaps: readonly LogGap[]): string[] {
  const said = gaps.slice(0, NAMED_MAX).map(sentenceOf)
  const rest = gaps.slice(NAMED_MAX)
  if (rest.length === 0) return said
  const times = rest.map(({ from }) => `${utc(from)} UTC`)
  return [...said, `${numbered(rest.length, 'more gap')}, from ${listed(times, NAMED_MAX)}.`]
}

function sentenceOf({ from, until, why, node, entries }: LogGap): string {
  const name = oneLine(node, 60)
  const time = `from ${utc(from)} to ${utc(until ?? '')} UTC`
  switch (why) {
    case 'off':
      return `Not recorded: ${time}, while the delivery log of ${name} was switched off.`
    case 'dropped':
      return `Not recorded: ${entries || 'some'} entries of ${name} ${time}, which were dropped because the log did not take them in time.`
    case 'killed':
      return `Perhaps not recorded: the last entries of a process of ${name}, which ended before it had written them, ${time}.`
    case 'rules-unknown':
      return `Not counted: up to ${numbered(entries, 'message')} that ${name} delivered as usual ${time}, because their rules were unknown and [main] of enforce-tls.ini said deliver. Whether they required TLS, and how they left, is not known.`
  }
}

function whyOf({ why, node, entries }: LogGap): string {
  const name = oneLine(node, 60)
  switch (why) {
    case 'off':
      return `The delivery log of ${name} was switched off.`
    case 'dropped':
      return `${entries || 'Some'} entries of ${name} were dropped.`
    case 'killed':
      return `A process of ${name} ended before it had written its last entries.`
    case 'rules-unknown':
      return `${name} delivered up to ${numbered(entries, 'message')} as usual, whose rules were unknown.`
  }
}

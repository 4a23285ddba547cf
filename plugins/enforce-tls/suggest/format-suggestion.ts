/** A suggestion in words, for the command and the console. Says what was seen, and no more. Pure. */
import { formatDuration } from '../text/duration.js'
import { numbered } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { LevelRecord, PairRecord } from './record.js'
import type { Suggestion } from './suggestions.js'

/** What the partner has fulfilled. */
export function formatHeld({ level, record }: Pick<Suggestion, 'level' | 'record'>): string {
  const { held, since, last } = record.levels[level]
  const what = record.checks > 0 ? 'deliveries and checks' : 'deliveries'
  return `${held === 1 ? 'The last delivery' : `The last ${held} ${what}`} fulfilled level ${level}, ${formatSpan(since, last)}.`
}

/** What would have become of all deliveries that were seen, had the rule been there. */
function formatMissed({ level, record }: Pick<Suggestion, 'level' | 'record'>): string {
  const seen = record.levels[level]
  const since = dayOf(record.first)
  if (seen.missed === 0) return `No delivery seen since ${since} would have bounced or waited at this level.`
  return `${seen.missed} of ${counted(record, seen.judged)} seen since ${since} would have bounced or waited at this level, the last one on ${dayOf(seen.missedAt)}: the server ${whyOf(seen)}.`
}

/** Why no stricter level is suggested; `null` where there is nothing to say. */
function formatStricter({ missedLevel, record }: Pick<Suggestion, 'missedLevel' | 'record'>): string | null {
  if (missedLevel === null) return null
  const seen = record.levels[missedLevel]
  return `At level ${missedLevel}, ${seen.missed} of ${seen.judged} would have bounced: the server ${whyOf(seen)}.`
}

/** The server that took the last message; `null` where nothing was seen of it. */
function formatServer({ server, publishes }: PairRecord): string | null {
  if (!server) return null
  const { host, protocol, names, valid, at } = server
  const certificate =
    names === ''
      ? ''
      : `, a certificate ${valid ? 'that is trusted' : 'that is not trusted'} and names ${names}`
  const published = publishes === '' ? '' : `; the domain publishes ${publishes}`
  return oneLine(
    `${host} on ${dayOf(at)}: ${protocol === '' ? 'no TLS' : protocol}${certificate}${published}`,
    400,
  )
}

/** What came in; `null` for nothing. */
export function formatIncoming({ incoming }: PairRecord): string | null {
  if (!incoming) return null
  const all = incoming.overTls + incoming.inTheClear
  return `Only a hint, since a sender can be forged: ${incoming.overTls} of ${numbered(all, 'message')} from this domain came in over TLS.`
}

/** All that is to be said, a sentence each. */
export function sentencesOf(suggestion: Pick<Suggestion, 'level' | 'missedLevel' | 'record'>): string[] {
  const { record } = suggestion
  const server = formatServer(record)
  return [
    formatHeld(suggestion),
    formatMissed(suggestion),
    formatStricter(suggestion),
    server && `Last server: ${server}.`,
    formatIncoming(record),
  ].filter((each) => each !== null)
}

/** What it takes to be suggested, such as `10 deliveries in a row, over 7 days or more, have fulfilled`. @param period in milliseconds */
export function formatNeeded(deliveries: number, period: number): string {
  const over = period === 0 ? '' : `, over ${formatDuration(period)} or more,`
  return deliveries === 1
    ? `1 delivery${over} has fulfilled`
    : `${deliveries} deliveries in a row${over} have fulfilled`
}

/** A day in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function formatSpan(since: number, last: number): string {
  const [first, end] = [dayOf(since), dayOf(last)]
  return first === end ? `on ${first}` : `from ${first} to ${end}`
}

function whyOf({ why }: LevelRecord): string {
  return oneLine(why, 200)
}

function counted({ checks }: PairRecord, count: number): string {
  if (checks > 0) return `${count} deliveries and checks`
  return count === 1 ? '1 delivery' : `${count} deliveries`
}

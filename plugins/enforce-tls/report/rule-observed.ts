/** What the delivery log knows of a rule, or of partners, for somebody who is about to change what is required. */
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { DeliveryLog, MayBeWanted } from '../store/delivery-log.js'
import { StoreError } from '../store/rule-store.js'
import type { EnforcedCounts, RuleReport } from './delivery-report.js'
import { entriesFor, DAY } from './report-query.js'
import { EnforcedTally, isWish, ReportedTally } from './tallies.js'
import { howWaived } from './waived.js'

/** So many days are looked at. */
export const OBSERVED_DAYS = 30

/** What is known of a rule. */
export interface RuleObservations extends Omit<RuleReport, 'name' | 'unique'> {
  /** The level that report mode judged by; `null`: any. */
  readonly level: string | null
  /** Messages that it judged by another level. */
  readonly otherLevels: number
  /** Messages that the rule was enforced for. */
  readonly enforced: EnforcedCounts
}

/**
 * Counts of the last 30 days.
 *
 * @param level only what report mode judged by this level is counted as judged; without it, all is
 * @returns `null` where the log can't be read: that must not keep anybody from switching a rule.
 */
export async function ruleObservations(
  deliveries: Pick<DeliveryLog, 'read'>,
  { owner, id }: { readonly owner: string; readonly id: string },
  level: string | null = null,
): Promise<RuleObservations | null> {
  const reported = new ReportedTally()
  const others = new ReportedTally()
  const enforced = new Outcomes()
  const read = await everyEntry(
    deliveries,
    (entry) => {
      if (!entry.rules.some((rule) => rule.owner === owner && rule.id === id)) return
      if (entry.kind === 'release' || entry.notice !== undefined) return
      if (entry.kind === 'report') (level === null || entry.level === level ? reported : others).add(entry)
      else enforced.add(entry)
    },
    mayName([id]),
  )
  if (!read) return null
  return {
    owner,
    id,
    level,
    reported: reported.counts(),
    partners: reported.notDelivered(),
    otherLevels: others.counts().messages,
    enforced: enforced.counts(),
  }
}

/**
 * What is known of partners, whatever rules it was about; of an address that of its domain, since the log may not tell addresses
 * apart; `null` where the log can't be read, or has nothing of anybody: a new log does not tell whether there was mail.
 */
export async function partnerObservations(
  deliveries: Pick<DeliveryLog, 'read'>,
  patterns: readonly string[],
): Promise<Pick<RuleObservations, 'reported' | 'enforced'> | null> {
  const reported = new ReportedTally()
  const enforced = new Outcomes()
  let entries = 0
  const wanted = [...new Set(patterns.map((pattern) => pattern.slice(pattern.lastIndexOf('@') + 1)))]
  const domains = new Set(wanted)
  const above = wanted.filter((pattern) => pattern.startsWith('.'))
  const isNamed = mayName(wanted)
  // The first one tells that there are any.
  const mayBeWanted = (json: string): boolean => entries === 0 || isNamed(json)
  const read = await everyEntry(
    deliveries,
    (entry) => {
      entries++
      if (entry.notice !== undefined) return
      if (!domains.has(entry.domain) && !above.some((each) => entry.domain.endsWith(each))) return
      if (entry.kind === 'report') reported.add(entry)
      else if (!isWish(entry) || entry.result === 'delivered-as-usual') enforced.add(entry)
    },
    mayBeWanted,
  )
  return read && entries > 0 ? { reported: reported.counts(), enforced: enforced.counts() } : null
}

/** Outcomes of messages; one that was deferred counts with what came of it later. */
class Outcomes {
  readonly #tally = new EnforcedTally()
  readonly #deferred = new Set<string>()

  add(entry: DeliveryLogEntry): void {
    const { kind, uuid, result } = entry
    if (kind === 'waiver') {
      this.#deferred.delete(uuid)
      if (result === 'waived-sent') this.#tally.addWaived(howWaived(entry) ?? 'unknown')
    }
    if (kind !== 'outcome') return
    if (result === 'deferred') {
      this.#deferred.add(uuid)
      return
    }
    this.#deferred.delete(uuid)
    this.#tally.add(result)
  }

  counts(): EnforcedCounts {
    for (const uuid of this.#deferred) {
      this.#deferred.delete(uuid)
      this.#tally.add('deferred')
    }
    return this.#tally.counts()
  }
}

/** Of more names it costs less to read an entry than to look for each of them. */
const NAMES_MAX = 20

/** Leaves out entries by their text: most of them are about others. */
function mayName(names: readonly string[]): MayBeWanted {
  // What JSON spells in another way is not looked for like that.
  if (names.length > NAMES_MAX || !names.every((name) => /^[\w.@-]+$/.test(name))) return () => true
  return (json) => names.some((name) => json.includes(name))
}

/** @returns false where the log can't be read. */
async function everyEntry(
  deliveries: Pick<DeliveryLog, 'read'>,
  take: (entry: DeliveryLogEntry) => void,
  mayBeWanted: MayBeWanted,
): Promise<boolean> {
  const until = new Date()
  const since = new Date(until.getTime() - OBSERVED_DAYS * DAY)
  try {
    const query = { since, until, owner: null, domain: null, now: until }
    for await (const entry of entriesFor(deliveries.read(since, mayBeWanted), query)) take(entry)
    return true
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}

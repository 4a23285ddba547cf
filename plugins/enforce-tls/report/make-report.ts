/** Makes a report out of the entries of the delivery log. Pure but for reading them. In pieces: it may run beside mail. */
import type { DeliveryLogRecord } from '../observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { FAILURE_CLASS_NAMES, type FailureClass } from '../delivery/failure-classes.js'
import type { ClassFailures, DeliveryReport, PartnerReport, RuleReport } from './delivery-report.js'
import { entriesFor, type ReportQuery } from './report-query.js'
import type { LogGap } from '../observe/delivery-log/gap.js'
import { collectingGaps, joinedGaps } from './gaps.js'
import { ReleaseList } from './releases.js'
import { WaivedMessage } from './waived.js'
import {
  Counter,
  EnforcedTally,
  isWish,
  made,
  PIECE,
  ReportedTally,
  ExpiringCertificates,
} from './tallies.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** Protocol version of a delivery to a trusted next hop, where none is known. */
const NO_VERSION = 'none'

class Partner {
  readonly enforced = new EnforcedTally()
  readonly reported = new ReportedTally()
  readonly versions = new Counter()
  readonly ciphers = new Counter()
  readonly failures = new Counter()
}

class Day {
  readonly enforced = new EnforcedTally()
  readonly reported = new ReportedTally()
}

/**
 * Makes the report of a period.
 *
 * @param records of the delivery log, from the beginning of the period on at least
 * @param logBegins when the log's oldest entry was written
 * @throws what reading them throws.
 */
export async function makeReport(
  records: AsyncIterable<DeliveryLogRecord>,
  query: ReportQuery,
  logBegins: string | null = null,
): Promise<DeliveryReport> {
  const collection = new Collection(query)
  const gaps = new Map<string, LogGap>()
  for await (const entry of entriesFor(collectingGaps(records, query, gaps), query)) collection.add(entry)
  const found = [...gaps.values()]
  const made = await inPieces(collection.report(found))
  return { ...made, logBegins, gaps: joinedGaps(found), historyUnknown: false }
}

class Collection {
  readonly #query: ReportQuery
  readonly #all = new Partner()
  readonly #partners = new Map<string, Partner>()
  readonly #days = new Map<string, Day>()
  readonly #rules = new Map<string, { owner: string; id: string; name: string; reported: ReportedTally }>()
  readonly #releases = new ReleaseList()
  /** Messages that went without what is required at some attempt, and those of which a result says so. */
  readonly #without = { attempted: new Set<string>(), counted: new Set<string>() }
  readonly #failures = new Map<string, { readonly partners: Counter; readonly messages: Set<string> }>()
  /** The last deferral of messages without a final result since. */
  readonly #deferred = new Map<string, DeliveryLogEntry>()
  /** The last time that messages without a final result since needed TLS no more. */
  readonly #freed = new Map<string, DeliveryLogEntry>()
  /** Items whose sender waives TLS, without another result since. */
  readonly #waived = new Map<string, WaivedMessage>()
  readonly #incoming = new Counter()
  readonly #certificates: ExpiringCertificates
  #firstEntry: string | null = null

  constructor(query: ReportQuery) {
    this.#query = query
    this.#certificates = new ExpiringCertificates(query.now)
  }

  add(entry: DeliveryLogEntry): void {
    if (this.#firstEntry === null || entry.at < this.#firstEntry) this.#firstEntry = entry.at
    if (entry.notice !== undefined) {
      // No message of anybody; but a release of it has come to its end.
      if (entry.kind === 'outcome' && entry.result !== 'deferred') this.#releases.ended(entry)
      return
    }
    this.#certificates.add(entry)
    // REQUIRETLS as a wish is no requirement: nothing is counted of such mail, but that it was delivered.
    if (isWish(entry) && entry.result !== 'delivered-as-usual') return
    if (entry.encrypted === 'false' || entry.result === 'begun' || entry.result === 'waived-begun')
      this.#without.attempted.add(itemKey(entry))
    switch (entry.kind) {
      case 'attempt':
        return this.#addAttempt(entry)
      case 'outcome':
        if (entry.result === 'deferred') this.#waits(entry, this.#deferred)
        else if (entry.result === 'freed') this.#waits(entry, this.#freed)
        else {
          this.#addResult(entry)
          this.#releases.ended(entry)
        }
        return
      case 'report':
        return this.#addReported(entry)
      case 'waiver':
        return this.#addWaived(entry)
      case 'refusal':
        return this.#incoming.add(entry.result, entry.recipients)
      case 'release':
        this.#releases.add(entry)
        // It waits no more; what went without what is required never counts as delivered.
        if (entry.result === 'sent') this.#addResult({ ...entry, result: 'released' })
    }
  }

  *report(gaps: readonly LogGap[]): InPieces<Omit<DeliveryReport, 'logBegins' | 'gaps' | 'historyUnknown'>> {
    let counted = 0
    for (const [item, message] of this.#waived) {
      const { last, how } = message
      this.#without.counted.add(item)
      for (const { enforced } of this.#tallies(last)) enforced.addWaived(how)
      if (++counted % PIECE === 0) yield
    }
    for (const entry of [...this.#deferred.values(), ...this.#freed.values()]) {
      this.#addResult(entry)
      if (++counted % PIECE === 0) yield
    }
    const { since, until, owner, domain, now } = this.#query
    const { attempted, counted: known } = this.#without
    const incoming = Object.fromEntries(this.#incoming.entries())
    return {
      generated: now.toISOString(),
      since: since.toISOString(),
      until: until.toISOString(),
      owner,
      domain,
      firstEntry: this.#firstEntry,
      enforced: this.#all.enforced.counts(),
      attemptedWithout: [...attempted].filter((message) => !known.has(message)).length,
      reported: this.#all.reported.counts(),
      incoming: { refused: incoming['refused'] ?? 0, wouldRefuse: incoming['would-refuse'] ?? 0 },
      versions: sharesOf(this.#all.versions).map(({ name, ...rest }) => ({
        version: name === NO_VERSION ? null : name,
        ...rest,
      })),
      ciphers: sharesOf(this.#all.ciphers).map(({ name, ...rest }) => ({ cipher: name, ...rest })),
      failures: yield* this.#failuresByClass(),
      partners: yield* sorting(yield* mapped([...this.#partners], partnerReport), mostMessages),
      rules: yield* sorting(
        yield* mapped([...this.#rules.values()], ruleReport),
        (a, b) => b.reported.messages - a.reported.messages,
      ),
      releases: this.#releases.list(gaps),
      expiring: yield* this.#certificates.list(),
      days: [...this.#days]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([date, { enforced, reported }]) => {
          const { wouldBounce, wouldWait } = reported.counts()
          return { date, ...enforced.counts(), wouldBounce, wouldWait }
        }),
    }
  }

  #addAttempt({ uuid, domain, class: name }: DeliveryLogEntry): void {
    if (name === undefined) return
    const failed = made(this.#failures, name, () => ({ partners: new Counter(), messages: new Set() }))
    failed.partners.add(domain)
    failed.messages.add(`${uuid} ${domain}`)
    this.#partner(domain).failures.add(name)
  }

  /** It counts as the last of these, until a result comes. */
  #waits(entry: DeliveryLogEntry, among: Map<string, DeliveryLogEntry>): void {
    this.#noLongerOpen(entry)
    among.set(entry.uuid, entry)
  }

  /** What became of it is said by a later entry. */
  #noLongerOpen(entry: DeliveryLogEntry): void {
    for (const each of [this.#deferred, this.#freed]) each.delete(entry.uuid)
    this.#waived.delete(itemKey(entry))
  }

  #addWaived(entry: DeliveryLogEntry): void {
    const key = itemKey(entry)
    const known = this.#waived.get(key)
    this.#noLongerOpen(entry)
    known?.add(entry)
    this.#waived.set(key, known ?? new WaivedMessage(entry))
  }

  #addResult(entry: DeliveryLogEntry): void {
    const { domain, result, protocol, cipher } = entry
    this.#noLongerOpen(entry)
    if (result === 'released' || result === 'delivered-as-usual' || (result === 'delivered' && !protocol))
      this.#without.counted.add(itemKey(entry))
    for (const { enforced } of this.#tallies(entry)) enforced.add(result, entry.requiretls === 'yes')
    if (result !== 'delivered') return
    for (const { versions } of [this.#all, this.#partner(domain)]) versions.add(protocol ?? NO_VERSION)
    if (cipher !== undefined) this.#all.ciphers.add(cipher)
  }

  #addReported(entry: DeliveryLogEntry): void {
    for (const { reported } of this.#tallies(entry)) reported.add(entry)
    for (const { owner, id, name = '' } of entry.rules) {
      const rule = made(this.#rules, `${owner} ${id}`, () => ({
        ...{ owner, id, name },
        reported: new ReportedTally(),
      }))
      if (name !== '') rule.name = name
      rule.reported.add(entry)
    }
  }

  /** Where an entry counts. */
  #tallies({ domain, at }: DeliveryLogEntry): readonly Pick<Partner, 'enforced' | 'reported'>[] {
    return [this.#all, this.#partner(domain), this.#day(at)]
  }

  #partner(domain: string): Partner {
    return made(this.#partners, domain, () => new Partner())
  }

  #day(at: string): Day {
    return made(this.#days, at.slice(0, 10), () => new Day())
  }

  *#failuresByClass(): InPieces<readonly ClassFailures[]> {
    const found: ClassFailures[] = []
    for (const name of FAILURE_CLASS_NAMES) {
      const failed = this.#failures.get(name)
      if (!failed) continue
      const { partners, messages } = failed
      const list = yield* mapped(yield* partners.sorted(), ([domain, attempts]) => ({ domain, attempts }))
      found.push({ class: name, attempts: partners.total, messages: messages.size, partners: list })
    }
    return found.sort((a, b) => b.messages - a.messages || b.attempts - a.attempts)
  }
}

/** Parts of a message have all but this in common. */
function itemKey({ item, uuid, domain }: DeliveryLogEntry): string {
  return item ?? `${uuid} ${domain}`
}

/** As `Array.prototype.map`, for a list of any length. */
function* mapped<T, R>(items: readonly T[], change: (item: T) => R): InPieces<R[]> {
  const changed: R[] = []
  for (const item of items) {
    changed.push(change(item))
    if (changed.length % PIECE === 0) yield
  }
  return changed
}

function ruleReport(rule: { owner: string; id: string; name: string; reported: ReportedTally }): RuleReport {
  const { owner, id, name, reported } = rule
  // Who knows the rules says whether there is another one of that name.
  return {
    ...{ owner, id, name: name || null, unique: name !== '' },
    reported: reported.counts(),
    partners: reported.notDelivered(),
  }
}

function sharesOf(counter: Counter): { name: string; messages: number; share: number }[] {
  return counter.entries().map(([name, messages]) => ({ name, messages, share: messages / counter.total }))
}

function partnerReport([domain, partner]: [string, Partner]): PartnerReport {
  const failures: Partial<Record<FailureClass, number>> = {}
  for (const [name, count] of partner.failures.entries()) {
    const known = FAILURE_CLASS_NAMES.find((candidate) => candidate === name)
    if (known) failures[known] = count
  }
  return {
    domain,
    enforced: partner.enforced.counts(),
    reported: partner.reported.counts(),
    versions: Object.fromEntries(partner.versions.entries()),
    failures,
  }
}

function mostMessages(a: PartnerReport, b: PartnerReport): number {
  const messages = ({ enforced, reported }: PartnerReport) =>
    enforced.messages + enforced.asUsual + enforced.waived + reported.messages
  return messages(b) - messages(a) || (a.domain < b.domain ? -1 : 1)
}

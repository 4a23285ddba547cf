/**
 * Releases of the history that the delivery log has nothing of: a release is written into the history first, so none is
 * overlooked where the log has a gap.
 */
import { releaseFactsIn } from '../admin/format-release.js'
import { comparableDomain } from '../rules/address.js'
import type { HistoryEntry } from '../store/history.js'
import type { RuleStore } from '../store/rule-store.js'
import type { DeliveryReport, ReportedRelease } from './delivery-report.js'
import { inOrder } from './releases.js'
import { PIECE } from './tallies.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** Most that are read; more than the history keeps. */
const HISTORY_MAX = 1_000_000

/** One line of the history: there is one for each owner whose rules a release goes without. */
export interface HistoryRelease extends Pick<ReportedRelease, 'order' | 'uuid' | 'by' | 'reason' | 'to'> {
  readonly at: string
  /** Whose rules. */
  readonly owner: string
  readonly item: string
  /** The sender; empty for `<>`. */
  readonly from: string
  /** Of the recipients that are named. */
  readonly domains: ReadonlySet<string>
}

/** What reads releases out of the history. */
export type ReleaseHistory = Pick<RuleStore, 'history'>

/** All releases that the history has. Rejects where it cannot be read. */
export async function readReleases(store: ReleaseHistory): Promise<HistoryRelease[]> {
  const entries = await store.history({ accepts: ({ key }) => key === 'releases', limit: HISTORY_MAX })
  return await inPieces(releasesIn(entries))
}

function* releasesIn(entries: readonly HistoryEntry[]): InPieces<HistoryRelease[]> {
  const found: HistoryRelease[] = []
  for (const [index, entry] of entries.entries()) {
    if (index % PIECE === PIECE - 1) yield
    if (entry.key === 'releases') found.push(releaseIn(entry))
  }
  return found
}

function releaseIn({ at, by, owner, field: item, to: json }: HistoryEntry): HistoryRelease {
  const facts = releaseFactsIn(json)
  const words = (value: unknown): string => (typeof value === 'string' ? value : '')
  const [from, to] = [words(facts.from), words(facts.to)]
  const recipients = to.split(/[\s,]+/).filter((word) => word.includes('@'))
  return {
    ...{ at, by, owner, item, order: words(facts.order) || null },
    ...{ uuid: words(facts.message) || item, reason: words(facts.reason) },
    ...{ from: from === '<>' ? '' : from, to: recipients, domains: new Set(recipients.map(domainOf)) },
  }
}

/** The report with what the history alone knows; where that cannot be read, the report says so. Never rejects. */
export async function withHistory(report: DeliveryReport, store: ReleaseHistory): Promise<DeliveryReport> {
  try {
    return await inPieces(adding(report, await readReleases(store)))
  } catch {
    return { ...report, historyUnknown: true }
  }
}

function* adding(report: DeliveryReport, history: readonly HistoryRelease[]): InPieces<DeliveryReport> {
  const known = new Set(report.releases.map(({ order, uuid }) => order ?? uuid))
  const found = new Map<string, ReportedRelease>()
  for (const [index, release] of history.entries()) {
    if (index % PIECE === PIECE - 1) yield
    const { at, order, uuid, item } = release
    if (at < report.since || at >= report.until || known.has(order ?? uuid)) continue
    const reported = reportedOf(release, report)
    if (reported) found.set(order ?? `${uuid} ${item}`, reported)
  }
  if (found.size === 0) return report
  return { ...report, releases: inOrder([...report.releases, ...found.values()]) }
}

/** @returns `null` for one that the report is not about */
function reportedOf(
  { order, uuid, at, by, reason, owner: ofRule, from, to, domains }: HistoryRelease,
  { owner, domain }: DeliveryReport,
): ReportedRelease | null {
  if (owner !== null && owner !== ofRule && owner !== domainOf(from)) return null
  // Of many recipients not all are listed: what is not known to be of another domain is named.
  if (domain !== null && domains.size > 0 && !domains.has(domain)) return null
  const [first = ''] = domains
  return {
    ...{ order, uuid, granted: at, by, reason, begun: null, sent: null, how: null, outcome: null },
    ...{ from, to, domain: domain ?? first, recipients: to.length, rules: [] },
  }
}

function domainOf(address: string): string {
  return comparableDomain(address.slice(address.lastIndexOf('@') + 1))
}

/**
 * Releases of the history that the delivery log has nothing of: a release is written into the history first, so none is
 * overlooked where the log has a gap.
 */
import { releaseFactsIn } from '../admin/format-release.js'
import { comparableDomain } from '../rules/address.js'
import type { HistoryEntry } from '../store/history.js'
import type { RuleStore } from '../store/rule-store.js'
import type { DeliveryReport, ReportedRelease } from './delivery-report.js'
import { PIECE } from './tallies.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** Most that are read; more than the history keeps. */
const HISTORY_MAX = 1_000_000

/** The report with what the history alone knows; where that cannot be read, the report says so. Never rejects. */
export async function withHistory(
  report: DeliveryReport,
  store: Pick<RuleStore, 'history'>,
): Promise<DeliveryReport> {
  try {
    const entries = await store.history({
      accepts: ({ key }) => key === 'releases',
      limit: HISTORY_MAX,
    })
    return await inPieces(adding(report, entries))
  } catch {
    return { ...report, historyUnknown: true }
  }
}

function* adding(report: DeliveryReport, entries: readonly HistoryEntry[]): InPieces<DeliveryReport> {
  const known = new Set(report.releases.map(({ uuid }) => uuid))
  const found = new Map<string, ReportedRelease>()
  for (const [index, entry] of entries.entries()) {
    if (index % PIECE === PIECE - 1) yield
    if (entry.key !== 'releases' || entry.at < report.since || entry.at >= report.until) continue
    const release = releaseIn(entry, report)
    // One line for each owner whose rules it goes without.
    if (release && !known.has(release.uuid)) found.set(`${release.uuid} ${entry.field}`, release)
  }
  if (found.size === 0) return report
  const timeOf = ({ begun, sent, granted }: ReportedRelease): string => sent ?? begun ?? granted ?? ''
  const releases = [...report.releases, ...found.values()].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
  return { ...report, releases }
}

/** @returns `null` for one that the report is not about */
function releaseIn(
  { at, by, owner: ofRule, field, to: json }: HistoryEntry,
  { owner, domain }: DeliveryReport,
): ReportedRelease | null {
  const facts = releaseFactsIn(json)
  const words = (value: unknown): string => (typeof value === 'string' ? value : '')
  const [from, to] = [words(facts.from), words(facts.to)]
  const recipients = to.split(/[\s,]+/).filter((word) => word.includes('@'))
  const domains = new Set(recipients.map(domainOf))
  if (owner !== null && owner !== ofRule && owner !== domainOf(from)) return null
  // Of many recipients not all are listed: what is not known to be of another domain is named.
  if (domain !== null && domains.size > 0 && !domains.has(domain)) return null
  const [first = ''] = domains
  return {
    ...{ uuid: words(facts.message) || field, granted: at, by, reason: words(facts.reason) },
    ...{ begun: null, sent: null, how: null, outcome: null },
    ...{ from: from === '<>' ? '' : from, to: recipients, domain: domain ?? first },
    ...{ recipients: recipients.length, rules: [] },
  }
}

function domainOf(address: string): string {
  return comparableDomain(address.slice(address.lastIndexOf('@') + 1))
}

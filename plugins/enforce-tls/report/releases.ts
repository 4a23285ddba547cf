/** Messages of a report that an administrator let go without what their rules require, out of their entries. Pure. */
import { isHash } from '../observe/delivery-log/names.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { ReportedRelease } from './delivery-report.js'
import { made } from './tallies.js'

type Release = { -readonly [K in keyof ReportedRelease]: ReportedRelease[K] }

/** Collects them. */
export class ReleaseList {
  readonly #releases = new Map<string, Release>()

  /** Takes an entry of kind `release`. */
  add(entry: DeliveryLogEntry): void {
    const { uuid, at, from, sender, to = [], domain, recipients, rules, by = '', reason = '', result } = entry
    const release = made(this.#releases, `${uuid} ${domain}`, () => ({
      ...{ uuid, domain, recipients, by, reason, granted: null, sent: null },
      from: sender === undefined || isHash(sender) || sender === '<>' ? from : sender,
      to: to.filter((name) => !isHash(name)),
      rules: rules.map(({ owner, id, name = null }) => ({ owner, id, name, unique: name !== null })),
    }))
    if (by !== '') release.by = by
    if (reason !== '') release.reason = reason
    if (result === 'sent') release.sent = at
    else release.granted = at
  }

  /** In order of time. */
  list(): ReportedRelease[] {
    const timeOf = ({ granted, sent }: Release): string => sent ?? granted ?? ''
    return [...this.#releases.values()].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
  }
}

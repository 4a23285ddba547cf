/** Messages of a report that an administrator let go without what their rules require, out of their entries. Pure. */
import { isHash, shownAddress } from '../observe/delivery-log/names.js'
import { overlaps, type LogGap } from '../observe/delivery-log/gap.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { ReportedRelease } from './delivery-report.js'
import { utc } from './format.js'
import { howOf, made } from './tallies.js'

type Release = { -readonly [K in keyof ReportedRelease]: ReportedRelease[K] }

/** One while its entries are read. */
interface Found {
  readonly release: Release
  /** When its outcome was written. */
  ended: string
}

/** Worst first. */
const HOW = ['clear', 'unknown', 'tls'] as const

/** Collects them: one for each order of an administrator, since parts of a message have one id in Haraka's log. */
export class ReleaseList {
  readonly #found = new Map<string, Found>()
  /** By queue item; entries of a version that did not say are of none. */
  readonly #ofItem = new Map<string, Set<Found>>()

  /** Takes an entry of kind `release`. */
  add(entry: DeliveryLogEntry): void {
    const { uuid, at, from, sender, to = [], domain, recipients, rules, by = '', reason = '', result } = entry
    const found = made(this.#found, releaseKey(entry), () => ({
      release: {
        ...{ uuid, domain, recipients, by, reason, granted: null, begun: null, sent: null, how: null },
        ...{ order: entry.order ?? null, outcome: null },
        from: sender === undefined || isHash(sender) || sender === '<>' ? from : shownAddress(sender),
        to: to.filter((name) => !isHash(name)).map(shownAddress),
        rules: rules.map(({ owner, id, name = null }) => ({ owner, id, name, unique: name !== null })),
      },
      ended: '',
    }))
    if (entry.item !== undefined) made(this.#ofItem, entry.item, () => new Set()).add(found)
    const { release } = found
    if (by !== '') release.by = by
    if (reason !== '') release.reason = reason
    if (result === 'granted') {
      release.granted = at
      return
    }
    if (result === 'lapsed') {
      // What becomes of the item later is no outcome of the release.
      release.outcome = 'lapsed'
      found.ended = at
      return
    }
    if (result === 'begun') release.begun ??= at
    else release.sent = at
    const how = howOf(entry)
    release.how = HOW.find((each) => each === how || each === release.how) ?? how
  }

  /** Takes a final result: of this very item, since its sisters may have fared otherwise. */
  ended({ item, at, result }: DeliveryLogEntry): void {
    for (const found of this.#ofItem.get(item ?? '') ?? []) {
      if (found.release.outcome === 'lapsed') continue
      found.release.outcome = result
      found.ended = at
    }
  }

  /**
   * In order of time.
   *
   * @param gaps of the log: what left under a release in one of them is not in it, so that no outcome denies that it did
   */
  list(gaps: readonly LogGap[]): ReportedRelease[] {
    return inOrder(
      [...this.#found.values()].filter(hasLeave).map(({ release, ended }) => {
        const since = release.granted ?? ''
        const isOpen = release.how === null && gaps.some((gap) => overlaps(gap, since, ended))
        return isOpen ? { ...release, outcome: null } : release
      }),
    )
  }
}

/** Of leave of which only the end is known here, nothing is: the history may know more. */
function hasLeave({ release: { granted, begun, sent } }: Found): boolean {
  return granted !== null || begun !== null || sent !== null
}

/** Releases in order of time. */
export function inOrder(releases: readonly ReportedRelease[]): ReportedRelease[] {
  const timeOf = ({ granted, begun, sent }: ReportedRelease): string => sent ?? begun ?? granted ?? ''
  return releases.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
}

/** What all entries of one release have in common; those of a version that did not say share their message's. */
export function releaseKey({ order, uuid, domain }: DeliveryLogEntry): string {
  return order ?? `${uuid} ${domain}`
}

/** How a released message went, as the end of a sentence. */
export const HOW_IT_WENT = {
  clear: 'in the clear',
  tls: 'over TLS, with a certificate that was not checked as required',
  unknown: 'without what its rules require; whether over TLS is not recorded',
} as const

/** When a released message left, and how, as far as the log shows. */
export function formatDeparture({ begun, sent, how, outcome }: ReportedRelease): string {
  const went = how === null ? '' : `, ${HOW_IT_WENT[how]}`
  if (sent !== null) return `${utc(sent)}${went}`
  if (begun === null && outcome === 'lapsed') return 'not under the release, which ended unused'
  if (begun === null && outcome !== null) return `not under the release: ${outcome}`
  return begun === null
    ? 'its outcome is not recorded'
    : `tried at ${utc(begun)}${went}; no server said that it took it`
}

/** Messages of a report that an administrator let go without what their rules require, out of their entries. Pure. */
import { isHash } from '../observe/delivery-log/names.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { ReportedRelease } from './delivery-report.js'
import { utc } from './format.js'
import { made } from './tallies.js'

type Release = { -readonly [K in keyof ReportedRelease]: ReportedRelease[K] }

/** Worst first. */
const HOW = ['clear', 'unknown', 'tls'] as const

/** Collects them. */
export class ReleaseList {
  readonly #releases = new Map<string, Release>()

  /** Takes an entry of kind `release`. */
  add(entry: DeliveryLogEntry): void {
    const { uuid, at, from, sender, to = [], domain, recipients, rules, by = '', reason = '', result } = entry
    const release = made(this.#releases, `${uuid} ${domain}`, () => ({
      ...{ uuid, domain, recipients, by, reason, granted: null, begun: null, sent: null, how: null },
      outcome: null,
      from: sender === undefined || isHash(sender) || sender === '<>' ? from : sender,
      to: to.filter((name) => !isHash(name)),
      rules: rules.map(({ owner, id, name = null }) => ({ owner, id, name, unique: name !== null })),
    }))
    if (by !== '') release.by = by
    if (reason !== '') release.reason = reason
    if (result === 'granted') {
      release.granted = at
      return
    }
    if (result === 'begun') release.begun ??= at
    else release.sent = at
    const how = howOf(entry)
    release.how = HOW.find((each) => each === how || each === release.how) ?? how
  }

  /** Takes a final result. */
  ended({ uuid, domain, result }: DeliveryLogEntry): void {
    const release = this.#releases.get(`${uuid} ${domain}`)
    if (release) release.outcome = result
  }

  /** In order of time. */
  list(): ReportedRelease[] {
    const timeOf = ({ granted, begun, sent }: Release): string => sent ?? begun ?? granted ?? ''
    return [...this.#releases.values()].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
  }
}

/** How MAIL was said, as an entry has it. */
export function howOf({ encrypted }: Pick<DeliveryLogEntry, 'encrypted'>): 'clear' | 'unknown' | 'tls' {
  if (encrypted === undefined) return 'unknown'
  return encrypted === 'true' ? 'tls' : 'clear'
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
  if (begun === null && outcome !== null) return `not under the release: ${outcome}`
  return begun === null
    ? 'its outcome is not recorded'
    : `tried at ${utc(begun)}${went}; no server said that it took it`
}

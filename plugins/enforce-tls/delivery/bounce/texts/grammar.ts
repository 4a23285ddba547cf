/**
 * What the texts of all languages have in common: lists, dates, and words of others inside a sentence. Pure. The formats
 * of a language are made when it is first used: they take longer to make than all the texts take to load.
 */
import { clockOf, offsetOf } from '../time.js'
import type { GatewayFailure, NoticeTexts, Result } from './types.js'

/** A list in a sentence, cut where it gets long. */
export type Listed = (values: readonly string[], most?: number) => string

/**
 * Lists of a language. What is left out is always more than one, so that no language needs a singular for it.
 *
 * @param more for example `27 more`, with a number as the language writes it
 */
export function listsIn(locale: string, more: (count: string) => string): Listed {
  let list: Intl.ListFormat | undefined
  let number: Intl.NumberFormat | undefined
  const inWords = (count: number): string => more((number ??= new Intl.NumberFormat(locale)).format(count))
  return (values, most = 5) => {
    const rest = values.length - most
    const items = rest > 1 ? [...values.slice(0, most), inWords(rest)] : values
    return (list ??= new Intl.ListFormat(locale, { type: 'conjunction' })).format(items)
  }
}

/** Times of a language: in UTC, with the sender's clock beside it as far as it is known. */
export function timesIn(locale: string, month: 'short' | 'long'): NoticeTexts['time'] {
  const parts = { day: 'numeric', month, year: 'numeric', timeZone: 'UTC' } as const
  let format: Intl.DateTimeFormat | undefined
  return (time, offset) => {
    format ??= new Intl.DateTimeFormat(locale, parts)
    const utc = clockOf(time)
    const inUtc = `${format.format(utc.day)}, ${utc.time} UTC`
    if (offset === null || offset === 0) return inUtc
    const local = clockOf(time, offset)
    const day = local.day.getUTCDate() === utc.day.getUTCDate() ? '' : `${format.format(local.day)}, `
    return `${inUtc} (${day}${local.time} ${offsetOf(offset)})`
  }
}

/** Whether TLS is not to blame, so that the message may have left. */
export function isOther(problem: Result['problem']): boolean {
  return problem === 'rejected' || problem === 'given-up' || problem === 'other'
}

/** Which of the gateway's faults there is words for; all others are that it did not take the message. */
export function gatewayFault(
  failure: Result['gateway'] | GatewayFailure['failure'],
): 'gateway-misconfigured' | 'gateway-loop' | 'gateway-unavailable' {
  return failure === 'gateway-misconfigured' || failure === 'gateway-loop' ? failure : 'gateway-unavailable'
}

/** Words of others may end in anything. */
export function ended(words: string): string {
  return /[.!?…]$/.test(words) ? words : `${words}.`
}

/** Where a domain publishes its MTA-STS policy (RFC 8461 section 3.3). */
export function policyOf(domain: string): string {
  return `https://mta-sts.${domain}/.well-known/mta-sts.txt`
}

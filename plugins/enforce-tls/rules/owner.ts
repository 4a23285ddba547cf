/**
 * Owners: whose rules they are. `*` is the whole service, a domain is a sending domain, an address is one
 * sender. Pure; a text that names no owner is answered with what is wrong.
 */
import { formatAddress, parseAddress, parseDomain, type MailAddress } from './address.js'

/** The owner of the rules that hold for the whole service. */
export const EVERYONE = '*'

/**
 * An owner's normalised name, from what a person typed or a key holds.
 *
 * @returns `{ owner }`, or `{ problem }` as a whole sentence.
 */
export function parseOwner(text: string): { owner: string } | { problem: string } {
  if (text === EVERYONE) return { owner: EVERYONE }
  const expected = 'expected: * (the whole service), a sending domain, or one sender address'
  if (text.includes('@')) {
    const parsed = parseAddress(text)
    if ('problem' in parsed) return { problem: `owner ${quote(text)} ${parsed.problem}; ${expected}` }
    return { owner: formatAddress(parsed.address) }
  }
  const parsed = parseDomain(text)
  if ('problem' in parsed) return { problem: `owner ${quote(text)} ${parsed.problem}; ${expected}` }
  return { owner: parsed.domain }
}

/** The domain whose service an owner's rules wake and sleep with; `null` for `*`, which always acts. */
export function serviceDomainOf(owner: string): string | null {
  if (owner === EVERYONE) return null
  return owner.slice(owner.lastIndexOf('@') + 1)
}

/** The owners whose rules an envelope sender is subject to, widest first. The null sender has only `*`. */
export function ownersOf(sender: MailAddress): readonly string[] {
  if (sender.domain === '') return [EVERYONE]
  return [EVERYONE, sender.domain, formatAddress(sender)]
}

/** An owner and the wider ones, whose rules hold for the same mail; widest first. */
export function ownersAround(owner: string): readonly string[] {
  const domain = serviceDomainOf(owner)
  return [...new Set(domain === null ? [EVERYONE] : [EVERYONE, domain, owner])]
}

/** A text of unknown length and content, fit for one line of an error message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}

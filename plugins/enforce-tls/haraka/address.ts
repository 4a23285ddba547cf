/** Addresses of Haraka's envelope in the form in which rules compare them. */
import type { HarakaAddress } from './types.js'
import { comparableDomain, comparableLocal, type MailAddress } from '../rules/address.js'

/** An envelope address as rules compare it; the null sender has an empty local part and domain. */
export function comparable({ user, host }: HarakaAddress): MailAddress {
  return { local: comparableLocal(user), domain: comparableDomain(String(host)) }
}

/** An envelope address as a text; empty for the null sender. */
export function addressText({ address }: HarakaAddress): string {
  return String(address)
}

/** Addresses of Haraka's envelope in the form in which rules compare them. */
import type { HarakaAddress } from './haraka/types.js'
import { comparableDomain, comparableLocal, type MailAddress } from './rules/address.js'

/** An envelope address as rules compare it; the null sender has an empty local part and domain. */
export function comparable({ user, host }: HarakaAddress): MailAddress {
  return { local: comparableLocal(user), domain: comparableDomain(host) }
}

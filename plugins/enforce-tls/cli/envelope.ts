/** Addresses of a message's envelope, as options give them. */
import { formatFlaw } from '../rules/format-problem.js'
import type { MailAddress } from '../rules/address.js'
import { quote } from '../text/quote.js'
import { addressIn } from '../rules/spelling.js'
import { Refusal } from './refusal.js'

/** A sender; `<>` and the empty text are the null sender. @throws {Refusal} for what is no address. */
export function senderOf(text: string): MailAddress {
  return /^(?:<>)?$/.test(text) ? { local: '', domain: '' } : addressOf('--from', text)
}

/** An address. @throws {Refusal} for what is none; it names the option. */
export function addressOf(option: string, text: string): MailAddress {
  const parsed = addressIn(text)
  if ('problem' in parsed) throw new Refusal([`${option} ${quote(text)} ${formatFlaw(parsed)}`])
  return parsed.address
}

/** The envelope that a check tries with MAIL and RCPT, from text that a person typed. Pure. */
import { formatFlaw } from '../rules/format-problem.js'
import type { CheckEnvelope } from '../delivery/tls/inside-tls.js'
import { parseAddress } from '../rules/address.js'

/**
 * Reads the recipient.
 *
 * @param domain of the servers that are checked
 * @param sender as given; empty or `<>` for the null sender
 * @returns `{ problem }` as the end of a sentence that names the recipient, or the sender where it is the sender's.
 */
export function requestedEnvelope(
  recipient: string,
  domain: string,
  sender = '',
): { readonly envelope: CheckEnvelope } | { readonly problem: string; readonly of: 'recipient' | 'sender' } {
  const to = pathOf(recipient)
  if ('problem' in to) return { ...to, of: 'recipient' }
  if (to.domain !== domain)
    return { problem: `is not an address at ${domain}, whose servers are checked`, of: 'recipient' }
  if (/^(?:<>)?$/.test(sender)) return { envelope: { sender: '', recipient: to.path } }
  const from = pathOf(sender)
  return 'problem' in from
    ? { ...from, of: 'sender' }
    : { envelope: { sender: from.path, recipient: to.path } }
}

/** An address as it stands between angle brackets (RFC 5321 section 4.1.2): the local part is the user's. */
function pathOf(text: string): { path: string; domain: string } | { problem: string } {
  const parsed = parseAddress(text)
  if ('problem' in parsed) return { problem: formatFlaw(parsed) }
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f-\x9f]/.test(text)) return { problem: 'contains a control character' }
  const { domain } = parsed.address
  return { path: `${text.slice(0, text.lastIndexOf('@'))}@${domain}`, domain }
}

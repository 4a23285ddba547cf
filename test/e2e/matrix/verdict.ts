/** Compares what became of a cell's message with what had to become of it, and says every difference. */
import { parseBounce } from '../../support/mail.js'
import type { MessageRecord } from '../../support/peer-record.js'
import type { Cell } from './cells.js'

/** The differences; empty for a cell that passes. */
export function differences({ domain, outcome, peer }: Cell, mailbox: readonly MessageRecord[]): string[] {
  const bounces = mailbox.filter(
    ({ data }) => data.includes(`rfc822; x@${domain}`) || data.includes(`rfc822;x@${domain}`),
  )
  const expected = outcome.kind === 'delivered' ? { messages: 1, bounces: 0 } : { messages: 0, bounces: 1 }
  const found = [
    ...differ('bytes in the clear after EHLO', peer.clearBytesAfterEhlo(), 0),
    ...differ('commands in the clear', peer.cleartextAfterEhlo().join(' '), ''),
    ...differ('messages accepted', peer.messages.length, expected.messages),
    ...differ('bounces', bounces.length, expected.bounces),
  ]
  if (outcome.kind === 'delivered') {
    const [message] = peer.messages
    if (message && !message.tls) found.push('the message came in the clear')
    if (message && outcome.protocol)
      found.push(...differ('protocol', message.tls?.protocol, outcome.protocol))
    return found
  }
  found.push(...differ('connections', peer.connections.length, outcome.connections))
  const [bounce] = bounces
  if (!bounce) return found
  const { text, recipients } = parseBounce(bounce.data)
  const [fields = {}] = recipients
  found.push(...differ('Status', fields['status'], outcome.status))
  found.push(...differ('Action', fields['action'], 'failed'))
  const result = fields['x-enforce-tls-result']?.split(' ')[0]
  found.push(...differ('class', result ?? null, outcome.class))
  if (!fields['diagnostic-code']) found.push('no Diagnostic-Code')
  if (
    outcome.class &&
    !fields['diagnostic-code']?.startsWith('smtp; ') &&
    !fields['diagnostic-code']?.includes(outcome.class)
  )
    found.push(`Diagnostic-Code without the class: ${fields['diagnostic-code'] ?? ''}`)
  if (/could not establish a TLS connection/.test(text) !== (outcome.class !== null))
    found.push(
      `the sentence about TLS ${outcome.class ? 'is missing' : 'is wrong here'}: ${text.slice(0, 200)}`,
    )
  if (/Subject: Secret/.test(bounce.data)) found.push('the bounce carries the subject')
  return found
}

function differ(what: string, is: unknown, shouldBe: unknown): string[] {
  return is === shouldBe ? [] : [`${what}: ${String(is)} instead of ${String(shouldBe)}`]
}

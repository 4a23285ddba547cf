/** Compares what became of a cell's message with what had to become of it, and says every difference. */
import { logPairs } from '../../support/evidence.js'
import { parseBounce } from '../../support/mail.js'
import type { MessageRecord } from '../../support/peer-record.js'
import type { Cell } from './cells.js'
import type { Outcome } from './outcomes.js'

/** Where to look. */
export interface Evidence {
  /** All that the senders got. */
  readonly mailbox: readonly MessageRecord[]
  /** Haraka's. */
  readonly log: string
  /** Messages that the server had taken before it turned into what it is. @default 0 */
  readonly before?: number
  /** Connections beside those of the outcome. @default 0 */
  readonly moreConnections?: number
  /** What a bounce says that the rule requires of the certificate. @default 'a verified one' */
  readonly demanded?: string
}

/** The differences; empty for a cell that passes. */
export function differences(cell: Cell, evidence: Evidence): string[] {
  const { domain, outcome, peer } = cell
  const bounces = evidence.mailbox.filter(({ data }) => data.includes(`Final-Recipient: rfc822; x@${domain}`))
  const expected = outcome.kind === 'delivered' ? { messages: 1, bounces: 0 } : { messages: 0, bounces: 1 }
  return [
    ...differ('bytes in the clear after EHLO', peer.clearBytesAfterEhlo(), 0),
    ...differ('commands in the clear', peer.cleartextAfterEhlo().join(' '), ''),
    ...differ('messages accepted', peer.messages.length, expected.messages + (evidence.before ?? 0)),
    ...differ('bounces', bounces.length, expected.bounces),
    ...differ('connections left open', peer.connections.filter(({ closed }) => !closed).length, 0),
    ...(outcome.kind === 'delivered'
      ? ofDelivery(cell, outcome)
      : [
          ...ofAttempts(cell, outcome, evidence),
          ...bounces.flatMap(({ data }) => ofBounce(cell, outcome, data, evidence)),
        ]),
  ]
}

function ofDelivery({ domain, peer }: Cell, { protocol }: Outcome & { kind: 'delivered' }): string[] {
  const [message] = peer.messages
  if (!message) return []
  if (!message.tls) return ['the message came in the clear']
  return [
    ...differ('server name', message.tls.servername, `mx.${domain}`),
    ...(protocol === undefined ? [] : differ('protocol', message.tls.protocol, protocol)),
  ]
}

/** As often as it had to be tried, and with a log line for each failure that is about TLS. */
function ofAttempts(
  { domain, peer }: Cell,
  outcome: Outcome & { kind: 'bounced' },
  { log, moreConnections = 0 }: Evidence,
): string[] {
  const ours = logPairs(log).filter(({ kind, mx }) => kind === 'attempt' && mx === `mx.${domain}`)
  return [
    ...differ('connections', peer.connections.length, outcome.connections + moreConnections),
    ...(outcome.class === null
      ? []
      : differ(
          'log lines',
          ours.filter((line) => line['class'] === outcome.class).length,
          outcome.connections,
        )),
  ]
}

function ofBounce(
  { domain, level }: Cell,
  outcome: Outcome & { kind: 'bounced' },
  data: string,
  { demanded = 'a verified one' }: Evidence,
): string[] {
  const { text, recipients } = parseBounce(data)
  const [fields = {}] = recipients
  const status = fields['status'] ?? 'none'
  const diagnostic = fields['diagnostic-code'] ?? ''
  const certificate = /^(?:certificate|fingerprint)-/.test(outcome.class ?? '')
  const problem = certificate
    ? 'has a certificate that could not be verified'
    : 'could not establish a TLS connection'
  const because = certificate
    ? 'the certificate of their mail server could not be verified'
    : 'their mail server cannot receive it encrypted'
  const sentences = [
    ` was not sent, because ${because}. `,
    `The receiving server mx.${domain} of ${domain} ${problem}. The rule "Enforced TLS" of ${level}.example requires ${certificate ? demanded : 'one'}.`,
  ]
  const words = text.replace(/\s+/g, ' ')
  const found = [
    ...differ('recipients', recipients.length, 1),
    ...differ(
      'Status',
      outcome.statuses.includes(status) ? outcome.statuses[0] : status,
      outcome.statuses[0],
    ),
    ...differ('Action', fields['action'], 'failed'),
    ...differ('class', fields['x-enforce-tls-result']?.split(' ')[0] ?? null, outcome.class),
    ...differ('what the bounce carries', /^Subject: Secret/m.test(data), false),
  ]
  if (sentences.every((sentence) => words.includes(sentence)) !== (outcome.class !== null))
    found.push(
      `the sentence about TLS ${outcome.class ? 'is missing' : 'is wrong here'}: ${text.slice(0, 200)}`,
    )
  if (
    outcome.class &&
    !diagnostic.startsWith('smtp; ') &&
    !diagnostic.startsWith(`x-enforce-tls; ${outcome.class}: `)
  )
    found.push(`Diagnostic-Code without reply or class: ${diagnostic}`)
  if (diagnostic === '') found.push('no Diagnostic-Code')
  return found
}

function differ(what: string, is: unknown, shouldBe: unknown): string[] {
  return is === shouldBe ? [] : [`${what}: ${String(is)} instead of ${String(shouldBe)}`]
}

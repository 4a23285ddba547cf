/**
 * The statement on one message: was it encrypted on its way to the recipient's server, what was verified, and what was
 * not. It claims nothing but what the delivery log has, and nothing beyond the next hop. Pure.
 */
import { numbered } from '../../text/list.js'
import type { TracedMessage, TraceStep } from './message.js'
import { formatVersion, VERIFIED_WORDS, type MessageState } from './words.js'

/** What the statement is about. */
export const QUESTION = "Was this message encrypted on its way to the recipient's mail server?"

/** A statement, in sentences. */
export interface Statement {
  readonly question: string
  /** `yes` only where every delivery of it that is known had a TLS session. */
  readonly answer: 'yes' | 'no' | 'not-delivered' | 'unknown'
  readonly sentence: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly verified: readonly string[]
  readonly notVerified: readonly string[]
}

/** The statement on a message. */
export function statementOn(message: TracedMessage): Statement {
  const deliveries = message.steps.filter(isDelivery)
  const last = deliveries.at(-1)
  const verified = verifiedOf(deliveries)
  return {
    question: QUESTION,
    ...answerOn(message, deliveries),
    facts: [
      ['Message', message.uuid],
      ...fact('Message-ID', message.messageId === null ? null : `<${message.messageId}>`),
      ['From', senderOf(message)],
      ['To', recipientsOf(message)],
      ...(message.rules.length === 0 ? [] : [['Rule', rulesOf(message)] as const]),
      ...(last === undefined ? [] : deliveryFacts(last)),
    ],
    verified: verified.map(capital),
    notVerified: last === undefined ? [] : notVerified(verified),
  }
}

/** A delivery, or one that a rule in report mode saw. */
function isDelivery({ kind, result }: TraceStep): boolean {
  if (kind === 'attempt') return false
  return /^delivered|^sent$/.test(result) || (kind === 'report' && result !== 'would-wait')
}

function answerOn(
  message: TracedMessage,
  deliveries: readonly TraceStep[],
): Pick<Statement, 'answer' | 'sentence'> {
  const toGateway = message.steps.findLast(({ result }) => result === 'rerouted' || result === 'via-gateway')
  if (toGateway && !deliveries.some(({ result }) => result === 'sent')) return throughGateway(toGateway)
  const [first] = deliveries
  if (first === undefined) return { answer: 'not-delivered', sentence: UNDELIVERED[message.state] ?? NOTHING }
  const last = deliveries.at(-1) ?? first
  const where = `${last.server ?? 'the next hop'}${last.address === null ? '' : ` (${last.address})`}`
  const when = `on ${formatUtc(last.at)}`
  if (deliveries.some(({ result }) => result === 'sent'))
    return { answer: 'no', sentence: `No. It was released, and sent ${when} without what its rules require.` }
  if (deliveries.every(({ protocol }) => protocol !== null)) {
    const versions = [...new Set(deliveries.map(({ protocol }) => formatVersion(protocol ?? '')))].join(
      ' and ',
    )
    const rest =
      message.state === 'mixed' ? ' Not all recipients got it: see what happened to each of them.' : ''
    return {
      answer: 'yes',
      sentence: `Yes. It was handed to ${where} ${when} over an encrypted connection (${versions}).${rest}`,
    }
  }
  if (deliveries.some(({ kind }) => kind === 'report'))
    return {
      answer: 'unknown',
      sentence: `Unknown. It was handed over ${when}, and no TLS session was seen.`,
    }
  return {
    answer: 'no',
    sentence: `Not known to be. It was handed to ${where} ${when}, and no TLS session is recorded.`,
  }
}

/** A gateway may do with a message what it will. */
function throughGateway({
  at,
  gateway,
  server,
  protocol,
}: TraceStep): Pick<Statement, 'answer' | 'sentence'> {
  const version = protocol === null ? '' : ` (${formatVersion(protocol)})`
  return {
    answer: 'unknown',
    sentence: `Unknown. It was handed to the gateway ${gateway ?? ''} (${server ?? 'unknown'}) on ${formatUtc(at)} over an encrypted connection${version}, and the certificate of the gateway was verified. How it went on from there is not known here.`,
  }
}

const NOTHING = 'It was not delivered: the delivery log has no delivery of it.'

const UNDELIVERED: Readonly<Partial<Record<MessageState, string>>> = {
  waiting: 'It has not been delivered: it waits in the queue of the mail server.',
  bounced: 'It was not delivered: its sender got a bounce.',
  kept: 'It was not delivered: it is kept in the queue folder of the mail server.',
  rejected: 'It was not accepted: the sending server did not use TLS.',
}

function deliveryFacts(step: TraceStep): (readonly [string, string])[] {
  const { at, server, address, protocol, cipher, certificate } = step
  return [
    ['Delivered', formatUtc(at)],
    ...fact('Server', server),
    ...fact('Address', address),
    ...fact('TLS version', protocol === null ? null : formatVersion(protocol)),
    ...fact('Cipher', cipher),
    ...fact('Certificate (SHA-256)', certificate?.fingerprint ?? null),
    ...fact('Issued by', certificate?.issuer ?? null),
    ...fact('Certificate expires', certificate?.expires ? formatUtc(certificate.expires) : null),
  ]
}

/** What holds for every delivery of the message. */
function verifiedOf(deliveries: readonly TraceStep[]): string[] {
  const [first, ...rest] = deliveries.map(({ verified }) => verified ?? [])
  return (first ?? []).filter((part) => rest.every((others) => others.includes(part)))
}

function notVerified(verified: readonly string[]): string[] {
  const has = (...parts: readonly string[]): boolean => parts.some((part) => verified.includes(part))
  return [
    ...(has('chain', 'dane', 'fingerprint')
      ? []
      : ['Whose certificate it was: any certificate was accepted.']),
    ...(has('chain') ? [] : ['That the certificate was issued by a trusted authority.']),
    ...(has('host-name', 'listed-name') ? [] : ['That the certificate names the server or the domain.']),
    ...(has('dane', 'listed-name', 'fingerprint', 'mta-sts')
      ? []
      : ["That the server belongs to the recipient's domain: that is what DNS said."]),
    'What happened before: how the message came to this mail server.',
    'What happened afterwards: how that server stored it or passed it on.',
  ]
}

function fact(name: string, value: string | null): (readonly [string, string])[] {
  return value === null ? [] : [[name, value]]
}

/** The sender as far as it is known. */
export function senderOf({ sender, from }: Pick<TracedMessage, 'sender' | 'from'>): string {
  return sender ?? (from === '' ? '<>' : `a sender of ${from}`)
}

/** The recipients as far as they are known. */
export function recipientsOf({
  to,
  domain,
  recipients,
}: Pick<TracedMessage, 'to' | 'domain' | 'recipients'>): string {
  if (to.length === 0) return `${numbered(recipients, 'recipient')} at ${domain}`
  const rest = recipients - to.length
  return to.join(', ') + (rest > 0 ? ` and ${rest} more at ${domain}` : '')
}

/** The rules by their names. */
export function rulesOf({ rules, level }: Pick<TracedMessage, 'rules' | 'level'>): string {
  const names = rules.map(
    ({ owner, id, name }) => `${name ?? id} (${owner === '*' ? 'the whole service' : owner})`,
  )
  return `${names.join(', ')}, level ${level}`
}

/** Such as `2026-11-23 18:00:01 UTC`. */
function formatUtc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}

function capital(part: string): string {
  const words = VERIFIED_WORDS[part] ?? part
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`
}

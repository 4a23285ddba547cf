/**
 * The statement on one message: was it encrypted on its way to the recipient's server, what was verified, and what was
 * not. It claims nothing but what the delivery log has, and nothing beyond the next hop. Pure.
 */
import { UNCONFIRMED } from '../../delivery/outcome.js'
import { numbered } from '../../text/list.js'
import { oneLine } from '../../text/one-line.js'
import type { TracedMessage, TraceStep } from './message.js'
import type { Exposure } from './exposures.js'
import { formatExposures } from './format-exposure.js'
import { IGNORED_TEXTS } from '../../requiretls/ignored-no.js'
import { isPromised, onwardFacts, requiredFacts } from './onward.js'
import { formatUtc } from '../../text/utc.js'
import { formatVersion, formatWhere, VERIFIED_WORDS, type MessageState } from './words.js'

/** What the statement is about. */
export const QUESTION = "Was this message encrypted on its way to the recipient's mail server?"

/** A statement, in sentences. */
export interface Statement {
  readonly question: string
  /**
   * `yes` only where every delivery of it that is known had a TLS session, no attempt went without what is required but over TLS as
   * its sender waived that, and none is missing from the log. `not-as-required`: encrypted, but a certificate was not checked as required.
   */
  readonly answer: 'yes' | 'not-as-required' | 'no' | 'not-delivered' | 'unknown'
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
      ...requiredFacts(message),
      ...waiverFacts(message),
      ...(last === undefined ? undeliveredFacts(message) : deliveryFacts(last)),
      ...onwardFacts(message, deliveries),
      ...releaseFacts(message),
    ],
    verified: verified.map(capital),
    notVerified: last === undefined ? [] : notVerified(verified, deliveries),
  }
}

/** A delivery, or one that a rule in report mode saw. */
function isDelivery({ kind, result }: TraceStep): boolean {
  if (kind === 'attempt') return false
  return /^delivered|^(?:waived-)?sent$/.test(result) || (kind === 'report' && result !== 'would-wait')
}

/** A delivery without what the rules require. */
function isWithout({ result }: TraceStep): boolean {
  return result === 'sent' || result === 'waived-sent'
}

/** Whether the session was TLS; REQUIRETLS is only ever said inside it. */
function isOverTls({ protocol, requiretls }: TraceStep): boolean {
  return protocol !== null || requiretls === 'yes'
}

/** What is to be said of the deliveries themselves. */
interface Answer {
  readonly answer: Statement['answer']
  /** The answer in a word; empty where the sentence says it. */
  readonly lead: string
  readonly sentence: string
}

/** The whole message counts: what left once without what is required has left. */
function answerOn(
  message: TracedMessage,
  deliveries: readonly TraceStep[],
): Pick<Statement, 'answer' | 'sentence'> {
  const own = ownAnswer(message, deliveries)
  const isYes = own.answer === 'yes'
  const exposures = message.exposures.filter(
    ({ result, how }) => isYes || result !== 'not-required' || how === 'clear',
  )
  const worst = worstOf(exposures, isYes && message.missing.length > 0)
  const { answer, lead } = worst === null || (!isYes && worst.answer !== 'no') ? own : worst
  const told = [lead, ...formatExposures(exposures), own.sentence, ...message.missing]
  return { answer, sentence: told.filter((part) => part !== '').join(' ') }
}

const WORST = {
  clear: { answer: 'no', lead: 'No.' },
  unknown: { answer: 'unknown', lead: 'Unknown.' },
  tls: { answer: 'not-as-required', lead: 'Encrypted, but not as its rules require.' },
} as const

function worstOf(
  exposures: readonly Exposure[],
  incomplete: boolean,
): Pick<Answer, 'answer' | 'lead'> | null {
  const has = (how: Exposure['how']): boolean => exposures.some((each) => each.how === how)
  if (has('clear')) return WORST.clear
  if (has('unknown') || incomplete) return WORST.unknown
  // Of one whose sender waived that, nothing is required any more.
  return exposures.some(({ how, result }) => how === 'tls' && !result.startsWith('waived')) ? WORST.tls : null
}

function ownAnswer(message: TracedMessage, deliveries: readonly TraceStep[]): Answer {
  const toGateway = message.steps.findLast(({ result }) => result === 'rerouted' || result === 'via-gateway')
  if (toGateway && !deliveries.some(isWithout)) return throughGateway(toGateway)
  if (deliveries.length === 0) return undelivered(message)
  // What was released or waived is told with all that went without what is required.
  const handed = deliveries.filter((step) => !isWithout(step))
  const last = handed.at(-1)
  if (last === undefined) return { answer: 'yes', lead: 'Yes.', sentence: '' }
  const [where, when] = [formatWhere(last), `on ${formatUtc(last.at)}`]
  if (handed.every(isOverTls)) {
    const known = handed.flatMap(({ protocol }) => (protocol === null ? [] : [formatVersion(protocol)]))
    const versions = known.length === 0 ? '' : ` (${[...new Set(known)].join(' and ')})`
    const rest =
      message.state === 'mixed'
        ? ' It went otherwise for some recipients: see what happened to each of them.'
        : ''
    const sentence = `It was handed to ${where} ${when} over an encrypted connection${versions}.${rest}`
    return { answer: 'yes', lead: 'Yes.', sentence }
  }
  if (handed.some(({ kind }) => kind === 'report'))
    return {
      answer: 'unknown',
      lead: 'Unknown.',
      sentence: `It was handed over ${when}, and no TLS session was seen.`,
    }
  const sentence = `It was handed to ${where} ${when}, and no TLS session is recorded.`
  return { answer: 'no', lead: 'Not known to be.', sentence }
}

/** A gateway may do with a message what it will. */
function throughGateway({ at, gateway, server, protocol }: TraceStep): Answer {
  const version = protocol === null ? '' : ` (${formatVersion(protocol)})`
  const sentence = `It was handed to the gateway ${gateway ?? ''} (${server ?? 'unknown'}) on ${formatUtc(at)} over an encrypted connection${version}, and the certificate of the gateway was verified. How it went on from there is not known here.`
  return { answer: 'unknown', lead: 'Unknown.', sentence }
}

/** That the log has no entry of something does not say that it was not. */
function undelivered(message: TracedMessage): Answer {
  const { state, last, steps } = message
  const known = UNDELIVERED[state]
  const unconfirmed = steps.findLast(({ kind, detail }) => kind === 'attempt' && detail === UNCONFIRMED)
  if (unconfirmed && (state === 'bounced' || state === 'kept')) {
    const sentence = `Whether it was delivered is not known: ${formatWhere(unconfirmed)} was sent the whole message on ${formatUtc(unconfirmed.at)}, and did not confirm it. ${ENDED[state]}${stayedHere(message)}${lostNotice(message)}`
    return { answer: 'unknown', lead: '', sentence }
  }
  if (known !== undefined) {
    const sentence = `${known}${stayedHere(message)}${lostNotice(message)}`
    return { answer: 'not-delivered', lead: '', sentence }
  }
  if (state === 'freed' || state === 'waived') return { answer: 'unknown', lead: 'Unknown.', sentence: '' }
  const reason = steps.findLast(({ result }) => result === 'deferred')?.reason ?? null
  const why = reason === null ? '' : `: ${oneLine(reason, 300).replace(/\.$/, '')}`
  if (state === 'waiting') {
    const sentence = `When last heard of, on ${formatUtc(last)}, it waited in the queue of the mail server${why}.`
    return { answer: 'unknown', lead: '', sentence }
  }
  return { answer: 'unknown', lead: 'Unknown.', sentence: 'The delivery log has no delivery of it.' }
}

const UNDELIVERED: Readonly<Partial<Record<MessageState, string>>> = {
  bounced: 'It was not delivered: a bounce to its sender was queued.',
  kept: 'It was not delivered: it is kept in the queue folder of the mail server.',
  rejected: 'It was not accepted: the sending server did not use TLS.',
}

/** How the tries ended of a message that a server may have. */
const ENDED = {
  bounced: 'A bounce to its sender was queued.',
  kept: 'It is kept in the queue folder of the mail server.',
} as const

/** Why it was not delivered, by whose word and when: for a person who has to explain it. */
function undeliveredFacts({ state, steps }: TracedMessage): (readonly [string, string])[] {
  const end = steps.findLast(({ kind, result }) => kind === 'outcome' && END_OF[state]?.includes(result))
  if (!end) return []
  const attempt = steps.findLast(({ kind }) => kind === 'attempt')
  return [
    ['When', formatUtc(end.at)],
    ['What happened', end.says],
    ...fact('Why', end.reason),
    ...fact('What was seen', end.detail === end.reason ? null : end.detail),
    ...fact('Code', end.status),
    ...fact('Server', end.server),
    ...fact('Address', end.address),
    ...(attempt ? ([['Last attempt', formatUtc(attempt.at)]] as const) : []),
  ]
}

/** The outcomes that a state comes from. */
const END_OF: Readonly<Partial<Record<MessageState, readonly string[]>>> = {
  bounced: ['bounced'],
  kept: ['kept'],
  waiting: ['deferred'],
}

/** Only what the log has all attempts of is known not to have left. */
function stayedHere({ state, exposures, missing }: TracedMessage): string {
  return (state === 'bounced' || state === 'kept') && exposures.length === 0 && missing.length === 0
    ? ' Nothing of it left in the clear.'
    : ''
}

/** That whoever sent it does not know. */
function lostNotice({ steps }: TracedMessage): string {
  return steps.some(({ result }) => result === 'undelivered')
    ? ' The notice to its sender could not be delivered.'
    : ''
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

/** That its sender waived what the rules require, or wanted to. */
export function waiverFacts({
  steps,
  ignoredNo,
}: Pick<TracedMessage, 'steps' | 'ignoredNo'>): (readonly [string, string])[] {
  return steps.some(({ kind }) => kind === 'waiver')
    ? [
        [
          'TLS-Required',
          "No, in its header: the sender waived what the recipient's domain publishes, and the rule requires no more",
        ],
      ]
    : ignoredNo === null
      ? []
      : [['TLS-Required', `No, in its header: that ${IGNORED_TEXTS[ignoredNo]}`]]
}

/** Who released it, and why. */
function releaseFacts({ exposures }: TracedMessage): (readonly [string, string])[] {
  const release = exposures.findLast(({ by, reason }) => by !== null || reason !== null)
  return release ? [...fact('Released by', release.by), ...fact('Reason', release.reason)] : []
}

/** What holds for every delivery of the message. */
function verifiedOf(deliveries: readonly TraceStep[]): string[] {
  const [first, ...rest] = deliveries.map(({ verified }) => verified ?? [])
  return (first ?? []).filter((part) => rest.every((others) => others.includes(part)))
}

function notVerified(verified: readonly string[], deliveries: readonly TraceStep[]): string[] {
  // Whether there was a certificate at all.
  const overTls = deliveries.some(isOverTls)
  const has = (...parts: readonly string[]): boolean => parts.some((part) => verified.includes(part))
  return [
    ...(!overTls || has('chain', 'dane', 'fingerprint')
      ? []
      : ['Whose certificate it was: any certificate was accepted.']),
    ...(!overTls || has('chain') ? [] : ['That the certificate was issued by a trusted authority.']),
    ...(!overTls || has('host-name', 'listed-name')
      ? []
      : ['That the certificate names the server or the domain.']),
    ...(has('dane', 'listed-name', 'fingerprint', 'mta-sts')
      ? []
      : ["That the server belongs to the recipient's domain: DNS, or a plugin here, named it."]),
    'What happened before: how the message came to this mail server.',
    isPromised(deliveries)
      ? 'What happened afterwards: with REQUIRETLS that server promised to pass it on encrypted; whether it did is unknown.'
      : 'What happened afterwards: how that server stored it or passed it on.',
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

function capital(part: string): string {
  const words = VERIFIED_WORDS[part] ?? part
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`
}

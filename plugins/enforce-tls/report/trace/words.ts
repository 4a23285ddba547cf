/** Attempts and outcomes of a message in words for a person. Pure. */
import { definitionOf, FAILURE_CLASS_NAMES } from '../../delivery/failure-classes.js'
import type { DeliveryLogEntry } from '../../observe/delivery-log/schema.js'
import { HOW_IT_WENT } from '../releases.js'
import { howOf } from '../tallies.js'

/** What became of a message as a whole. `mixed`: its recipients fared differently; `unknown`: nothing says so. */
export type MessageState =
  | 'delivered'
  | 'rerouted'
  | 'waiting'
  | 'bounced'
  | 'kept'
  | 'released'
  | 'reported'
  | 'rejected'
  | 'freed'
  | 'waived'
  | 'mixed'
  | 'unknown'

/** What a step says. */
export interface StepWords {
  /** What happened, a sentence. */
  readonly says: string
  /** Why, where there is more to say. */
  readonly reason: string | null
}

/** What was checked of a server, by its name in the log. */
export const VERIFIED_WORDS: Readonly<Record<string, string>> = {
  chain: 'the certificate was issued by a trusted authority',
  'host-name': 'the certificate names the server',
  'listed-name': 'the certificate has a name that the rule lists',
  fingerprint: 'the certificate or its key is one that the rule lists',
  dane: 'signed DNS records of the server (TLSA) confirm the certificate',
  'half-dane':
    'DNS records of the server (TLSA) confirm the certificate; the look-up of the server was not signed',
  'mta-sts': "the server is in the MTA-STS policy of the recipient's domain",
}

const OUTCOMES: Readonly<Record<string, string>> = {
  'delivered-as-usual':
    'Delivered as usual: nothing was required of that server, so it may have left in the clear',
  rerouted: 'Handed to the gateway, because no server of the recipients could take it as required',
  'via-gateway': 'Handed to the gateway, as the rule says',
  deferred: 'Put off: the message waits for the next attempt',
  bounced: 'Bounced: a notice to the sender was queued',
  kept: 'Not delivered: kept in the queue folder as error.*, since there is no sender to notify',
  'would-bounce': 'Report only: would have bounced',
  'would-wait': 'Report only: would have waited',
  'would-deliver': 'Report only: delivered as a rule would require it',
  'would-deliver-as-usual': 'Report only: delivered, nothing would have been required',
  unknown: 'Report only: delivered; whether that meets the rule is unknown',
  refused: 'Rejected: it came without TLS',
  'would-refuse': 'Report only: would have been rejected, it came without TLS',
  freed:
    'TLS is not required any more: Haraka tries it as usual; whether it has left, and over TLS, is not known here',
  granted: 'Released: may be sent once without what its rules require',
  lapsed:
    'The release ended: what is required, or the settings, had changed, so that no later attempt is under it',
  waived: "Waived by its sender: Haraka tries it as usual, whatever the recipient's domain publishes",
}

const RELEASED = { begun: 'Released: an attempt began', sent: 'Released: sent' } as const

/** A server, and where it was reached. */
export function formatWhere({
  server,
  address,
}: {
  readonly server: string | null
  readonly address: string | null
}): string {
  return `${server ?? 'the next hop'}${address === null ? '' : ` (${address})`}`
}

/** Such as `TLS 1.3`. */
export function formatVersion(protocol: string): string {
  return protocol.replace(/^TLSv/, 'TLS ')
}

/** Behind how a message was delivered, by whether it was handed on with REQUIRETLS. */
const HANDED_ON: Readonly<Record<string, string>> = {
  yes: ', handed on with REQUIRETLS: the server has to pass it on encrypted',
  no: ', without REQUIRETLS, which the server does not offer',
  refused: ', without REQUIRETLS, which the server offers, but refused for this message',
}

/** One attempt or outcome. */
export function formatStep(entry: DeliveryLogEntry): StepWords {
  const { kind, result, detail = null, protocol, via } = entry
  if (kind === 'attempt') return attemptWords(entry)
  if (kind === 'release') return releaseWords(entry)
  if (kind === 'waiver') return waiverWords(entry)
  if (kind === 'notice') return noticeWords(entry)
  if (entry.by !== undefined) return givenUpWords(entry, entry.by)
  const reason = result === 'delivered' ? null : (failureWords(entry) ?? unpublishedWords(entry) ?? detail)
  if (result === 'delivered')
    return {
      says:
        protocol === undefined
          ? 'Delivered to a next hop that counts as secure; no TLS session is recorded'
          : `Delivered over ${formatVersion(protocol)}${HANDED_ON[entry.requiretls ?? ''] ?? ''}`,
      reason,
    }
  if (result === 'delivered-as-usual' && entry.requiretls === 'yes')
    return {
      says: `Delivered as usual, over TLS with a certificate that was not checked${HANDED_ON['yes'] ?? ''}`,
      reason,
    }
  const says = OUTCOMES[result] ?? result
  return {
    says: via === undefined ? says : says.replace('the gateway', `the gateway ${via}`),
    reason: result === 'rerouted' ? detail : reason,
  }
}

const NOTICES: Readonly<Record<string, string>> = {
  'notice-delivered': 'The notice to the sender was delivered',
  'notice-waits': 'The notice to the sender waits for the next attempt',
  'notice-replaced':
    'The notice to the sender could not be sent as securely as it has to be, so one that only names the message was queued instead',
  undelivered: 'The notice to the sender could not be delivered: the sender knows nothing',
}

/** What became of the notice to the sender; of one that is kept, where it is. */
function noticeWords(entry: DeliveryLogEntry): StepWords {
  const { result, detail = '', file, node = 'a node', protocol, requiretls = '' } = entry
  if (result === 'notice-delivered') {
    const over = protocol === undefined ? '' : ` over ${formatVersion(protocol)}`
    return { says: `${NOTICES[result] ?? ''}${over}${HANDED_ON[requiretls] ?? ''}`, reason: null }
  }
  const where = file === undefined ? '' : `it is kept as ${file} in the queue folder of ${node}`
  const parts = [detail, where].filter((part) => part !== '')
  return {
    says: NOTICES[result] ?? result,
    reason: parts.length === 0 ? null : parts.join('; '),
  }
}

/** That an administrator has ended the tries, why, and what the message had waited for. */
function givenUpWords(entry: DeliveryLogEntry, by: string): StepWords {
  const { result, reason = '', detail = null } = entry
  const became = result === 'kept' ? OUTCOMES['kept'] : OUTCOMES['bounced']
  const waited = failureWords(entry) ?? detail ?? ''
  const parts = [
    ...(reason === '' ? [] : [`the reason given: ${reason}`]),
    ...(waited === '' ? [] : [`it had waited for: ${waited}`]),
  ]
  return {
    says: `Given up by ${by}. ${became ?? ''}`,
    reason: parts.length === 0 ? null : parts.join('; '),
  }
}

/** How a released message went, by whose leave, and why. */
function releaseWords(entry: DeliveryLogEntry): StepWords {
  const { result, by = 'an administrator', reason = '' } = entry
  const words = result === 'begun' || result === 'sent' ? RELEASED[result] : null
  return {
    says: words === null ? (OUTCOMES[result] ?? result) : `${words} ${HOW_IT_WENT[howOf(entry)]}`,
    reason: `released by ${by}${reason === '' ? '' : `: ${reason}`}`,
  }
}

/** What is required is waived, so that nothing went without it. */
const WAIVED_WENT = {
  clear: 'in the clear',
  tls: 'over TLS, with a certificate that was not checked',
  unknown: 'as usual; whether over TLS is not recorded',
} as const

/** How a message went whose sender waives TLS, and by which word. */
function waiverWords(entry: DeliveryLogEntry): StepWords {
  const { result, detail = null } = entry
  const what = result === 'waived-begun' ? 'an attempt began' : 'sent'
  const how = WAIVED_WENT[howOf(entry)]
  const says = result === 'waived' ? (OUTCOMES['waived'] ?? result) : `Waived by its sender: ${what} ${how}`
  return { says, reason: detail }
}

function attemptWords(entry: DeliveryLogEntry): StepWords {
  const { result, detail = null, verified, protocol, encrypted, via, viaLevel } = entry
  const clear = encrypted === 'false' ? ' after MAIL was sent in the clear' : ''
  if (result === 'failed')
    return { says: failureWords(entry) ?? `The attempt failed${clear}`, reason: detail }
  if (result === 'secured' && protocol === undefined)
    return { says: 'A next hop that counts as secure: TLS was not required of it', reason: null }
  if (result === 'as-usual')
    return { says: 'Nothing was required at this server', reason: unpublishedWords(entry) }
  const reason = verified === undefined ? null : formatVerified(verified)
  if (via === undefined) return { says: 'TLS as required', reason }
  const level = viaLevel === undefined ? '' : ` (level ${viaLevel})`
  return { says: `TLS to the gateway ${via}, as required of it${level}`, reason }
}

/** What was checked, as a clause. @param verified as in the log */
export function formatVerified(verified: string): string {
  if (verified === 'nothing') return 'Encrypted; the certificate was not checked'
  const parts = verified.split(',').map((part) => VERIFIED_WORDS[part] ?? part)
  return `Verified: ${parts.join(', ')}`
}

/** Why nothing was required. */
function unpublishedWords({ mx = 'the receiving server', unpublished }: DeliveryLogEntry): string | null {
  return unpublished === undefined ? null : `${mx} ${unpublished}`
}

function failureWords({ class: name }: DeliveryLogEntry): string | null {
  return name === undefined ? null : formatFailureClass(name)
}

/** What a class of failure says of a server, as a sentence; `null` for one that this version does not know. */
export function formatFailureClass(name: string): string | null {
  const known = knownClass(name)
  return known && `The ${known.isGateway ? 'gateway' : 'receiving server'} ${known.says}`
}

/** The class of an entry; `null` for one that this version does not know. */
function knownClass(name: string) {
  const known = FAILURE_CLASS_NAMES.find((candidate) => candidate === name)
  return known === undefined ? null : definitionOf(known)
}

/** Whose side has to act. */
function mendingOf(name: string, domain: string): string {
  switch (knownClass(name)?.side) {
    case 'ours':
      return 'Mend this here'
    case 'either':
      return 'Find out on which side the fault is'
    default:
      return `Ask the operators of ${domain} to mend this`
  }
}

/** What an operator can do about a message whose sender got no notice. */
export function formatLostNotice({ file, node }: DeliveryLogEntry): string {
  const where = file === undefined ? '' : `${file} in the queue folder of ${node ?? 'a node'}: `
  return `Tell the sender. The notice is ${where}to try it again, rename it without "error." and restart Haraka; otherwise delete it.`
}

/** What an operator can do about a message now. */
export function formatNextStep(
  state: MessageState,
  { domain, class: name }: DeliveryLogEntry,
): string | null {
  const own = name !== undefined && isOurs(name) ? ' The reason above names what is wrong here.' : ''
  switch (state) {
    case 'waiting':
      return name === undefined
        ? 'Nothing to do while it waits: Haraka tries again by itself.'
        : `While it waits, Haraka tries again by itself.${own}`
    case 'bounced':
    case 'mixed':
      return name === undefined ? null : `${mendingOf(name, domain)}, then have the message sent again.${own}`
    case 'kept':
      return 'Look for error.* in the queue folder: move the file back to try again, or delete it.'
    case 'rerouted':
      return 'How it went on from the gateway is in the log of the gateway.'
    case 'rejected':
      return 'Nothing to do here: the server that sent it has to use TLS.'
    default:
      return null
  }
}

/** What to check: the gateway of that name, or else the recipients' servers. */
export interface UsefulCheck {
  readonly gateway: string | null
}

/** The check that would show what fails; `null` where servers have nothing to do with it. */
export function checkOf(state: MessageState, { class: name, via }: DeliveryLogEntry): UsefulCheck | null {
  if (!['waiting', 'bounced', 'mixed'].includes(state) || name === undefined) return null
  if (knownClass(name)?.isGateway && via !== undefined) return { gateway: via }
  return isOurs(name) ? null : { gateway: null }
}

function isOurs(name: string): boolean {
  return knownClass(name)?.side === 'ours'
}

/** One message out of its entries in the delivery log: each attempt and outcome in order. Pure. */
import type { IgnoredWhy } from '../../requiretls/ignored-no.js'
import type { OnwardSaid } from '../../delivery/tls/onward-mail.js'
import { isHash, shownAddress } from '../../observe/delivery-log/names.js'
import type { DeliveryLogEntry, LoggedRule } from '../../observe/delivery-log/schema.js'
import { exposuresOf, type Exposure } from './exposures.js'
import { missingOf, unloggedReleases, type Beside } from './lacks.js'
import {
  checkOf,
  formatLostNotice,
  formatNextStep,
  formatStep,
  type MessageState,
  type StepWords,
  type UsefulCheck,
} from './words.js'
import type { AskedNames } from './trace-query.js'

/** One attempt or outcome. */
export interface TraceStep extends StepWords {
  readonly at: string
  readonly kind: DeliveryLogEntry['kind']
  readonly result: string
  readonly recipients: number
  /** The server and where it was reached; `null` where there was none. */
  readonly server: string | null
  /** The gateway that the server is, by its name in the settings; `null` for one of the recipients' own. */
  readonly gateway: string | null
  readonly address: string | null
  readonly protocol: string | null
  readonly cipher: string | null
  readonly certificate: {
    readonly fingerprint: string
    readonly issuer: string | null
    readonly expires: string | null
  } | null
  /** What of the server was checked, such as `chain`; `null` where there was no session that is as required. */
  readonly verified: readonly string[] | null
  /** Whether it was handed on with REQUIRETLS; `null` where nobody asked for that, or it was not handed on. */
  readonly requiretls: OnwardSaid | null
  /** Class of failure, where TLS is to blame. */
  readonly class: string | null
  readonly status: string | null
  readonly detail: string | null
}

const HANDED_ON: readonly OnwardSaid[] = ['yes', 'no', 'refused']

/** One message to the recipients of one domain. */
export interface TracedMessage {
  /** As in Haraka's log. */
  readonly uuid: string
  /** The sender; `null` where only its domain is known. */
  readonly sender: string | null
  /** The sender's domain; empty for the null sender. */
  readonly from: string
  /** Those recipients that are known; others may be in the log as hashes. */
  readonly to: readonly string[]
  readonly domain: string
  readonly recipients: number
  readonly messageId: string | null
  readonly rules: readonly LoggedRule[]
  readonly level: string
  readonly first: string
  readonly last: string
  readonly state: MessageState
  /** What an operator can do now; `null` for nothing. */
  readonly nextStep: string | null
  /** What a check would show of what fails: the recipients' servers at `level`, or a gateway; `null` for nothing. */
  readonly check: UsefulCheck | null
  readonly steps: readonly TraceStep[]
  /** Why `TLS-Required: No` in its header did not count last; `null` where it does not say that, or that was not looked for. */
  readonly ignoredNo: IgnoredWhy | null
  /** Attempts without what is required, for whichever of its recipients at this domain. */
  readonly exposures: readonly Exposure[]
  /** Why attempts are missing from the log, or may be, in sentences; none where nothing says so. */
  readonly missing: readonly string[]
}

/** What a message is a part of. */
export interface Whole extends Beside {
  /** Entries of all items of the message for the domain, in any order. */
  readonly entries: readonly DeliveryLogEntry[]
}

/**
 * @param entries of the message, at least one, in any order
 * @param whole what it is a part of
 */
export function messageOf(
  entries: readonly DeliveryLogEntry[],
  names: AskedNames,
  whole: Whole,
): TracedMessage {
  const ordered = inOrder(entries)
  const own = forRecipient(ordered, names)
  const [first = ordered[0], last = first] = [own[0], own.at(-1)]
  if (!first || !last) throw new RangeError('a message has an entry')
  const state = stateOf(own)
  // What is said of the message itself is of what was before a notice was lost.
  const beforeNotice = own.findLast(({ kind }) => kind !== 'notice') ?? last
  const known = (of: keyof AskedNames): string | null => {
    const found = ordered.flatMap((entry) => entry[of] ?? []).find((name) => !isHash(name))
    return names[of]?.text ?? found ?? null
  }
  const shownSender = known('sender')
  return {
    uuid: first.uuid,
    sender: shownSender === null ? null : shownAddress(shownSender),
    from: first.from,
    to: names.to
      ? [shownAddress(names.to.text)]
      : [...new Set(own.flatMap(({ to = [] }) => to))].filter((name) => !isHash(name)).map(shownAddress),
    domain: first.domain,
    recipients: names.to ? 1 : Math.max(...own.map(({ recipients }) => recipients)),
    messageId: known('messageId'),
    rules: rulesOf(own),
    level: last.level,
    first: first.at,
    last: beforeNotice.at,
    state,
    nextStep: nextStepOf(own, state, beforeNotice),
    check: checkOf(state, beforeNotice),
    steps: own.map(stepOf),
    ignoredNo: own.findLast(({ ignoredNo }) => ignoredNo !== undefined)?.ignoredNo ?? null,
    exposures: [...unloggedReleases(whole.entries, whole), ...exposuresOf(inOrder(whole.entries))],
    missing: missingOf(whole.entries, whole),
  }
}

function nextStepOf(
  entries: readonly DeliveryLogEntry[],
  state: MessageState,
  last: DeliveryLogEntry,
): string | null {
  const notice = entries.findLast(({ result }) => result === 'undelivered')
  const step = formatNextStep(state, last)
  return notice ? [formatLostNotice(notice), step].filter((each) => each !== null).join(' ') : step
}

function inOrder(entries: readonly DeliveryLogEntry[]): DeliveryLogEntry[] {
  return entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : rankOf(a) - rankOf(b)))
}

/** At the same time: an attempt begins under a release before it ends, and ends before its outcome; so do those whose sender waives TLS. */
function rankOf({ kind, result }: DeliveryLogEntry): number {
  return result === 'begun' || result === 'waived'
    ? 0
    : kind === 'attempt' || result === 'waived-begun'
      ? 1
      : 2
}

/** Where one recipient is asked for, only what was about that one; what names not all its recipients may be. */
function forRecipient(
  entries: readonly DeliveryLogEntry[],
  { to: asked }: AskedNames,
): readonly DeliveryLogEntry[] {
  if (!asked) return entries
  return entries.filter(
    ({ to = [], recipients }) => to.length < recipients || to.some((name) => asked.forms.includes(name)),
  )
}

function rulesOf(entries: readonly DeliveryLogEntry[]): LoggedRule[] {
  const rules = new Map<string, LoggedRule>()
  for (const rule of entries.flatMap((entry) => entry.rules)) rules.set(`${rule.owner} ${rule.id}`, rule)
  return [...rules.values()]
}

function stateOf(entries: readonly DeliveryLogEntry[]): MessageState {
  const finals = new Set<MessageState>()
  let waits = false
  // As long as nothing else came of it: what was only decided, or tried, may have ended otherwise.
  const waived = entries.some(({ kind }) => kind === 'waiver')
  for (const { kind, result } of entries) {
    if (kind === 'attempt' || kind === 'notice') continue
    const state = STATES[result]
    waits = result === 'deferred' ? true : state === undefined && kind !== 'waiver' ? waits : false
    if (state !== undefined && state !== 'waiting') finals.add(state)
  }
  // What rules in report mode saw is beside what others required.
  if (finals.size > 1) finals.delete('reported')
  if (waits) finals.add('waiting')
  const [state = waived ? 'waived' : 'unknown', ...more] = finals
  return more.length > 0 ? 'mixed' : state
}

const STATES: Readonly<Record<string, MessageState>> = {
  delivered: 'delivered',
  'delivered-as-usual': 'delivered',
  rerouted: 'rerouted',
  'via-gateway': 'rerouted',
  deferred: 'waiting',
  bounced: 'bounced',
  kept: 'kept',
  sent: 'released',
  freed: 'freed',
  'waived-sent': 'waived',
  refused: 'rejected',
  'would-refuse': 'reported',
  'would-bounce': 'reported',
  'would-wait': 'reported',
  'would-deliver': 'reported',
  'would-deliver-as-usual': 'reported',
  unknown: 'reported',
}

function stepOf(entry: DeliveryLogEntry): TraceStep {
  const { at, kind, result, recipients, mx, address, protocol, cipher, fingerprint, issuer, expires } = entry
  return {
    at,
    kind,
    result,
    recipients,
    server: mx ?? null,
    gateway: entry.via ?? null,
    address: address ?? null,
    protocol: protocol ?? null,
    cipher: cipher ?? null,
    certificate:
      fingerprint === undefined ? null : { fingerprint, issuer: issuer ?? null, expires: expires ?? null },
    verified: verifiedIn(entry),
    requiretls: HANDED_ON.find((each) => each === entry.requiretls) ?? null,
    class: entry.class ?? null,
    status: entry.status ?? null,
    detail: entry.detail ?? null,
    ...formatStep(entry),
  }
}

function verifiedIn({ verified }: DeliveryLogEntry): string[] | null {
  if (verified === undefined) return null
  return verified === 'nothing' ? [] : verified.split(',')
}

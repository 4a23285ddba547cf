/**
 * How a guarded item ends, or is put off, when no host is left: what the attempts mean for the message, the
 * bounce, and what is kept because there is no sender to notify. A failure is left at recipients in the fields where
 * Haraka's bounces and hooks of other plugins look for it.
 */
import constants from 'haraka-constants'
import { delayNoticeDue } from './delay-notice.js'
import { answersTo } from './bounce/facts.js'
import { insteadOf, notesFor } from './bounce/requiretls-note.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { asksForRequireTls } from '../requiretls/note.js'
import type { GuardedItem } from './guarded-item.js'
import {
  decisiveAttempt,
  statusOf,
  type AttemptFailure,
  type FailedAttempt,
  type Verdict,
} from './outcome.js'
import { gatewayFailure } from './tls/gateway-session.js'
import { listed } from '../text/list.js'
import { oneLine } from '../text/one-line.js'

/** A bounce with the message's header waits so often for TLS that fails for a temporary reason. */
const TRIES_IN_FULL = 2

/** All hosts have failed: the message is put off or bounced. @param decisive the attempt to name first */
export function endRound(guarded: GuardedItem, decisive: FailedAttempt, { tls, temporary }: Verdict): void {
  const { item, requirement } = guarded
  if (tls && (!temporary || item.num_failures >= TRIES_IN_FULL) && sendInstead(guarded)) return
  const action = requirement?.onFailure ?? guarded.context.settings().failure.action
  // A null sender gets no bounce, so its mail keeps the whole schedule.
  const defer = temporary || (tls && action === 'defer') || item.todo.mail_from.user === ''
  if (!defer) return giveUp(guarded, decisive.failure, decisive.host)
  deferItem(guarded, decisive.failure, decisive.host)
}

/** The message is tried again on Haraka's schedule. @param host the one to name; empty for none */
export function deferItem(guarded: GuardedItem, failure: AttemptFailure, host: string): void {
  const { item } = guarded
  markRecipients(item.todo.rcpt_to, failure, host, false)
  guarded.ownReason = reasonOf(failure, host)
  item.temp_fail(guarded.ownReason)
}

/** The message fails for all its recipients. @param host the one to name; empty for none */
export function giveUp(guarded: GuardedItem, failure: AttemptFailure, host: string): void {
  const { item } = guarded
  markRecipients(item.todo.rcpt_to, failure, host, true)
  guarded.ownReason = reasonOf(failure, host)
  item.bounce(guarded.ownReason)
}

/**
 * The guarded version of `temp_fail`: a try ahead of its time costs none of those on Haraka's schedule, or a partner that
 * works and fails by turns would use them all up.
 */
export function tempFail(guarded: GuardedItem, error: string, extra?: object): void {
  const { item, context } = guarded
  // An answer of the gateway, and not what the recipients' servers failed for before.
  if (guarded.route && guarded.ownReason === null) {
    const failure = { ...gatewayFailure(answerIn(item.todo.rcpt_to)), isAnswer: true } as const
    guarded.tlsFailure = failure
    guarded.round.failAtGateway(failure)
  }
  if (item.num_failures >= TRIES_IN_FULL && isRefusedOnward(guarded) && sendInstead(guarded)) return
  const due = context.waiting.aheadOf(item)
  guarded.due = null
  if (due !== null && due > Date.now() && item.num_failures > 0) {
    guarded.due = due
    item.num_failures--
  }
  guarded.haraka.original('temp_fail')(error, extra)
}

/** Whether the last server was told MAIL with REQUIRETLS, and did not take it. */
function isRefusedOnward({ round }: GuardedItem): boolean {
  return round.attempts.at(-1)?.onward?.isPending === true
}

/** What a server answered about recipients, as the end of a sentence about it; its words may quote the message. */
function answerIn(recipients: readonly HarakaAddress[]): string {
  const codes = answersTo(recipients)
  return codes.length > 0
    ? `answered ${listed(codes)}`
    : 'was given the message, and the session ended before it took it'
}

/** The guarded version of `deferred_respond`. */
export async function deferredRespond(
  guarded: GuardedItem,
  code: number,
  message: unknown,
  params: { delay: number; err: string },
): Promise<void> {
  // A hook of another plugin that timed out answers a text where seconds are expected; the NaN that
  // Haraka makes of it would jam the retry queue of the whole process.
  const usable = code !== constants.denysoft || Number.isFinite(Number.parseInt(String(message), 10))
  guarded.emitOutcome('deferred', guarded.item.todo.rcpt_to, params.err)
  const answer = usable ? code : constants.cont
  const delay =
    guarded.due === null ? params.delay : Math.max(1, Math.ceil((guarded.due - Date.now()) / 1000))
  const seconds = answer === constants.denysoft ? Number.parseInt(String(message), 10) : delay
  const notice = delayNoticeDue(guarded, seconds)
  await guarded.haraka.original('deferred_respond')(answer, message, { ...params, delay })
  if (answer === constants.cont || answer === constants.denysoft) noteWait(guarded, seconds)
  if (notice) await notice.send()
}

/** What Haraka has put off for a TLS reason waits; so does what was released, whatever keeps it. */
function noteWait(guarded: GuardedItem, seconds: number): void {
  const { item, tlsFailure, release, decided: requirement, round, route, ownReason, context } = guarded
  if (!requirement || (!tlsFailure && !release)) return context.waiting.ended(item, 'other')
  const next = Date.now() + seconds * 1000
  context.waiting.waits(item, {
    requirement,
    failure: tlsFailure ?? { class: null, detail: ownReason ?? 'Haraka put it off' },
    host: tlsFailure ? (decisiveAttempt(round.attempts)?.host ?? '') : '',
    // What it answers about a message says nothing of it.
    gateway: route && ownReason !== null ? route.gateway.name : null,
    next,
    until: next + context.retriesLeft(item),
  })
}

/** The guarded version of `bounce_respond`. */
export function bounceRespond(guarded: GuardedItem, code: number, message: unknown): unknown {
  const { item } = guarded
  const timedOut = code === constants.denysoft && message === 'plugin timeout'
  // What a plugin decided is its right; a plugin that timed out has decided nothing.
  if (code !== constants.cont && !timedOut) return guarded.haraka.original('bounce_respond')(code)
  if (guarded.route && isAnswerTo(item)) guarded.tlsFailure = null
  if ((guarded.tlsFailure || isForRequireTls(guarded)) && sendInstead(guarded)) return undefined
  if (!item.todo.mail_from.user) return item.double_bounce('the sender is <>, so no bounce can be sent')
  return sendBounce(guarded)
}

/**
 * Whether what asks for REQUIRETLS may fail for that alone: no server has taken MAIL with it, whatever each has said. RFC
 * 8689 section 5 has no bounce lost for that.
 */
function isForRequireTls({ item, round }: GuardedItem): boolean {
  return asksForRequireTls(item.todo) && round.attempts.at(-1)?.onward?.isTaken !== true
}

/** Whether the item ends because a server has answered so, and not because Haraka tries it no more. */
function isAnswerTo({ bounce_error }: HarakaMailItem): boolean {
  return bounce_error?.mx !== undefined && !bounce_error.message.startsWith('Too many failures')
}

/** Queues the bounce; the message stays until that is done. */
async function sendBounce(guarded: GuardedItem): Promise<void> {
  const { item, round, requirement, tlsFailure } = guarded
  const { composeBounce } = guarded.context
  const reason = item.bounce_error?.message ?? 'unknown reason'
  const ours = guarded.ownReason !== null && reason.includes(guarded.ownReason)
  const bounce = await composeBounce({
    item,
    requirement,
    ...guarded.demands,
    attempts: round.attempts,
    tlsToBlame: tlsFailure !== null,
    reason,
    mayQuote: guarded.mailSaid && !ours,
    ...(guarded.route ? { through: guarded.route.gateway } : {}),
    ...(guarded.givenUp ? { isGivenUp: true } : {}),
    ...(guarded.mayBeDelivered ? { mayBeDelivered: true } : {}),
  })
  queue(guarded, item.todo.mail_from, bounce.contents, notesFor(item, requirement, bounce), () =>
    guarded.emitOutcome('bounced', item.todo.rcpt_to, reason),
  )
}

/**
 * Sends the minimal bounce in place of one whose way has no TLS, so that the sender gets one.
 *
 * @returns whether there is one; the item ends with it
 */
function sendInstead(guarded: GuardedItem): boolean {
  const { item } = guarded
  const instead = insteadOf(item)
  const [recipient] = item.todo.rcpt_to
  if (instead === null || !recipient) return false
  queue(
    guarded,
    recipient,
    instead,
    notesFor(item, guarded.requirement, { heldTo: null, instead: null, redacted: null }),
    () => {
      item.lognotice(
        'enforce-tls: the bounce could not be sent as securely as it has to be, so one that only names the message goes instead',
      )
      guarded.emitOutcome('bounced')
    },
  )
  return true
}

/** Queues a bounce; the item ends with it, or stays until it can be queued. */
function queue(
  guarded: GuardedItem,
  to: HarakaAddress,
  contents: string,
  notes: object,
  queued: () => void,
): void {
  const { item, context } = guarded
  context.outbound().send_email(
    '<>',
    to,
    contents,
    (code, message) => {
      if (code === constants.ok) {
        queued()
        return item.discard()
      }
      const why = oneLine(String(message))
      item.logerror(`enforce-tls: the bounce could not be queued, so the message stays in the queue: ${why}`)
      guarded.postpone()
    },
    { origin: item, notes },
  )
}

/** The guarded version of `double_bounce`: there is no sender to notify, so the message is kept for a person to look at. */
export async function doubleBounce(guarded: GuardedItem, error: string): Promise<void> {
  const { item, context } = guarded
  const kept = await context.keepAsError(item.path)
  item.lognotice(`enforce-tls: undeliverable, kept as ${kept}: ${oneLine(error)}`)
  const reason = item.bounce_error?.message ?? error
  guarded.emitOutcome('kept', item.todo.rcpt_to, reason)
  guarded.emitNoticeKept(reason, kept)
  item.next_cb()
}

/** Haraka's reason for a failure, in our words. */
export function reasonOf(failure: AttemptFailure, host: string): string {
  return oneLine(`${failure.class ? 'TLS required: ' : ''}${host} ${failure.detail}`).trimStart()
}

/**
 * Marks recipients with a failure.
 *
 * @param host the host that failed; empty where there was none
 * @param final whether this is the last word, or the message is tried again
 */
export function markRecipients(
  recipients: readonly HarakaAddress[],
  failure: AttemptFailure,
  host: string,
  final: boolean,
): void {
  for (const recipient of recipients) {
    recipient.reason = oneLine(`${host} ${failure.detail}`)
    recipient.dsn_action = final ? 'failed' : 'delayed'
    recipient.dsn_status = statusOf(failure, final)
    recipient.dsn_code = final ? 550 : 450
    recipient.dsn_msg = oneLine(failure.detail)
    recipient.dsn_remote_mta = host || undefined
    recipient.dsn_smtp_code = failure.reply ? String(failure.reply.code) : undefined
    recipient.dsn_smtp_extc = undefined
    recipient.dsn_smtp_response = failure.reply ? oneLine(failure.reply.text) : undefined
  }
}

/**
 * Mail for local recipients that another plugin, such as `queue/smtp_forward`, hands on from the hook `queue`:
 * incoming, which outgoing rules do not cover, or outgoing, as `[main] forwarded_mail` says.
 *
 * As incoming it is never stopped or delayed; it is only noted where a rule would have covered it. As outgoing a
 * covered message goes into Haraka's outbound queue as a whole, with all its recipients, so that none gets it twice.
 */
import constants from 'haraka-constants'
import pLimit from 'p-limit'
import type { HarakaConnection, HarakaTransaction, Next } from '../haraka/types.js'
import type { ForwardedResult } from '../observe/metrics/metrics.js'
import { routeProblem, type RouteContext } from '../haraka/onward-route.js'
import { askedBy, isDelivered, LOOKUP_FAILED, requirementsOf, type QueueContext } from './queue-outbound.js'
import { HeldHooks } from '../haraka/queue-plugins.js'
import { rulesOf } from '../observe/report-log.js'
import { asksForRequireTls } from '../requiretls/note.js'
import type { Requirement } from '../rules/requirement.js'
import type { UncoveredNotes } from '../observe/uncovered-mail.js'
import { listed } from '../text/list.js'
import { errorMessage } from '../text/error-message.js'

/** What is needed of the process. */
export interface ForwardedContext extends QueueContext {
  /** Of the message of this connection. */
  readonly route: (connection: HarakaConnection) => RouteContext
  readonly notes: UncoveredNotes
  /** Counts; total. */
  readonly count: (result: ForwardedResult) => void
}

/** Domains of one message that are looked up at a time. */
const LOOKUPS = 10
const NO_WAY =
  '4.7.0 This message must be sent encrypted, but this server has no route for that; try again later'

/** Hook `queue`. Total. */
export function takeForwardedMail(context: ForwardedContext, next: Next, connection: HarakaConnection): void {
  const { plugin, settings } = context
  const { transaction } = connection
  if (!transaction) return next()
  let held: HeldHooks | null
  try {
    held = HeldHooks.hold(plugin, connection)
  } catch (error) {
    if (!covers(settings, transaction)) return next()
    plugin.logcrit(`queue: other plugins cannot be held back: ${String(error)}`)
    return next(constants.denysoft, LOOKUP_FAILED)
  }
  if (held === null) return next()
  if (covers(settings, transaction)) return void decide(context, next, connection, transaction, held)
  held.release()
  next()
  void noteUncovered(context, transaction, held.senders)
}

/** With `report_only`, which is about rules, only what asks for REQUIRETLS itself is. */
function covers(
  { forwardedMail, reportOnly }: QueueContext['settings'],
  transaction: HarakaTransaction,
): boolean {
  return forwardedMail === 'outgoing' && (!reportOnly || asksForRequireTls(transaction))
}

/** Looks at the rules beside the message, which is on its way already. Total. */
async function noteUncovered(
  { rules, settings, notes, count }: ForwardedContext,
  transaction: HarakaTransaction,
  senders: readonly string[],
): Promise<void> {
  try {
    const answer = await requirementsOf(transaction, rules)
    // Where the rules are unknown there is nothing to note: the message is not ours.
    if (answer.is === 'unknown' || answer.requirements.length === 0) return
    count('not-covered')
    const why = settings.reportOnly ? '[main] report_only=true' : '[main] forwarded_mail=incoming'
    for (const { decidedBy } of answer.requirements)
      for (const rule of decidedBy) notes.note(rule, senders, why)
  } catch {
    // The same holds where they could not be asked.
  }
}

async function decide(
  context: ForwardedContext,
  next: Next,
  connection: HarakaConnection,
  transaction: HarakaTransaction,
  held: HeldHooks,
): Promise<void> {
  const { rules, settings, count, unruled } = context
  const refuse = (result: ForwardedResult, reply: string, why: string) => {
    if (!held.isAwaited) return
    count(result)
    connection.logwarn(`enforce-tls: rejected for now: ${why}`)
    held.dismiss()
    // Not as a denial, which Haraka would make a 450 that other plugins may lift.
    next(constants.cont, reply)
  }
  try {
    const answer = settings.reportOnly
      ? ({ is: 'known', requirements: askedBy(transaction) } as const)
      : await requirementsOf(transaction, rules)
    if (answer.is === 'unknown' && (!isDelivered(answer, settings) || asksForRequireTls(transaction)))
      return refuse('deferred', LOOKUP_FAILED, `the rules are unknown: ${answer.why}`)
    const requirements = answer.is === 'unknown' ? [] : answer.requirements
    if (requirements.length === 0) {
      if (answer.is === 'unknown' || unruled.isLost()) unruled.delivered(transaction)
      held.release()
      return next()
    }
    if (held.isTaken) return next()
    const problem = await wayProblem(transaction, context.route(connection))
    if (!held.isAwaited) return
    if (problem !== null)
      return refuse(
        'refused',
        NO_WAY,
        `the outbound queue has no route for mail to ${problem.domain}: ${problem.why}; ${wayOut(problem.domain, held.senders, requirements)}`,
      )
    count('queued')
    connection.loginfo(
      `enforce-tls: goes into the outbound queue and not to ${listed(held.senders)}, by rule ${namesOf(requirements)}`,
    )
    toOutboundQueue(connection)
    next()
  } catch (error) {
    refuse('deferred', LOOKUP_FAILED, `the rules are unknown: ${errorMessage(error)}`)
  }
}

/** The first domain that the outbound queue has no way to. All of a message goes, or nothing does. */
async function wayProblem(
  transaction: HarakaTransaction,
  route: RouteContext,
): Promise<{ readonly domain: string; readonly why: string } | null> {
  const limit = pLimit(LOOKUPS)
  const domains = [...new Set(transaction.rcpt_to.map(({ host }) => String(host)))]
  const problems = await Promise.all(
    domains.map((domain) =>
      limit(async () => ({ domain, why: await routeProblem(domain, transaction, route) })),
    ),
  )
  const [first] = problems.flatMap(({ domain, why }) => (why === null ? [] : [{ domain, why }]))
  return first ?? null
}

function wayOut(domain: string, senders: readonly string[], requirements: readonly Requirement[]): string {
  const way = senders.includes('queue/smtp_forward')
    ? `name its server in a section [${domain}] with host= in config/smtp_forward.ini`
    : `have a plugin answer get_mx for ${domain}`
  return `rule ${namesOf(requirements)} covers the message, so no other plugin may send it; ${way}, or set [main] forwarded_mail=incoming in enforce-tls.ini`
}

function namesOf(requirements: readonly Requirement[]): string {
  return listed([...new Set(requirements.map(rulesOf))])
}

/**
 * Has Haraka do with this message what it does with one of a client that may relay: after the hook, when nobody took
 * it, it is put into the outbound queue. Only for this message, and only if it comes to that.
 */
function toOutboundQueue(connection: HarakaConnection): void {
  const own = connection.queue_respond
  connection.queue_respond = (code, message) => {
    connection.queue_respond = own
    if (code === constants.cont) connection.queue_outbound_respond(code, message)
    else own.call(connection, code, message)
  }
}

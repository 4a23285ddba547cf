/**
 * Keeps a covered message from other queue plugins, which would send it in their own way: it goes into Haraka's
 * outbound queue, where the guard is. Haraka puts it there by itself once the hook `queue_outbound` is over and
 * nobody took it; that way no time limit of a hook can end while it is being queued, which would double it.
 */
import constants from 'haraka-constants'
import { comparable } from '../haraka/address.js'
import type { HarakaConnection, HarakaPlugin, HarakaTransaction, Next } from '../haraka/types.js'
import { HeldHooks } from '../haraka/queue-plugins.js'
import type { Policy, PolicyUnknown } from '../policy/policy.js'
import { HEADER_CUT, isHeaderCut } from '../haraka/header-limit.js'
import { HeaderBlock } from '../rules/header-block.js'
import { withAsked } from '../requiretls/ask.js'
import { asksForRequireTls } from '../requiretls/note.js'
import type { Requirement } from '../rules/requirement.js'
import type { Settings } from '../settings/types.js'

/** What is needed of the process. */
export interface QueueContext {
  readonly plugin: HarakaPlugin
  readonly rules: Policy
  readonly settings: Settings['main']
  readonly unruled: Unruled
}

/** Mail whose rules are unknown, and that goes as usual because the settings say so. */
export interface Unruled {
  /** Whether the store has lost its rules, and mail goes as if there were none (`on_empty_store=deliver`). */
  isLost(): boolean
  /** Such a message goes. @param message its queue item or transaction; total */
  delivered(message: object): void
}

/** RFC 3463: a directory, here the rules, does not answer. */
export const LOOKUP_FAILED = '4.3.0 Temporary policy lookup failure, try again later'

/** Hook `queue_outbound`. Total; while the rules are unknown the message waits in the outbound queue. */
export function keepFromOtherQueues(
  { plugin, rules, settings, unruled }: QueueContext,
  next: Next,
  connection: HarakaConnection,
): void {
  const { transaction } = connection
  if (!transaction || (settings.reportOnly && !asksForRequireTls(transaction))) return next()
  let held: HeldHooks | null
  try {
    held = HeldHooks.hold(plugin, connection)
  } catch (error) {
    plugin.logcrit(`queue_outbound: other plugins cannot be held back: ${String(error)}`)
    return next(constants.denysoft, LOOKUP_FAILED)
  }
  if (held === null) return next()
  requirementsOf(transaction, rules).then(
    (answer) => {
      const isFree =
        answer.is === 'known'
          ? answer.requirements.length === 0
          : isDelivered(answer, settings) && !asksForRequireTls(transaction)
      if (isFree) {
        if (answer.is === 'unknown' || unruled.isLost()) unruled.delivered(transaction)
        held.release()
      }
      next()
    },
    () => next(),
  )
}

/** What outgoing rules require of a message, one for each recipient that they cover, and what it asks for itself. */
export async function requirementsOf(
  transaction: HarakaTransaction,
  rules: Policy,
): Promise<{ readonly is: 'known'; readonly requirements: readonly Requirement[] } | PolicyUnknown> {
  const { mail_from, rcpt_to, header, notes } = transaction
  // With the line ends that the queue file will have: limits must be the same there.
  const text = () => `${header.toString().replace(/\r?\n/g, '\r\n')}\r\n`
  const headers = () => new HeaderBlock(text(), isHeaderCut(notes) ? HEADER_CUT : null)
  const answer = await rules.rulingsOn(comparable(mail_from), rcpt_to.map(comparable), headers)
  if (answer.is === 'unknown') return answer
  const byRules = answer.rulings.flatMap(({ requirement }) => requirement ?? [])
  return { is: 'known', requirements: [...byRules, ...askedBy(transaction)] }
}

/** What a message asks for itself; on what policy is for the outbound queue to say. */
export function askedBy(transaction: HarakaTransaction): readonly Requirement[] {
  // Another plugin would not even know that it is asked for.
  return asksForRequireTls(transaction) ? [withAsked(null, 'enforce')] : []
}

/** Whether mail whose rules are unknown goes as if there were none, as the operator has it. */
export function isDelivered({ isAway }: PolicyUnknown, { onStoreFailure }: Settings['main']): boolean {
  return isAway && onStoreFailure === 'deliver'
}

/**
 * Keeps a covered message from other queue plugins, which would send it in their own way: it goes into Haraka's
 * outbound queue, where the guard is.
 */
import constants from 'haraka-constants'
import { comparable } from './envelope.js'
import type { HarakaConnection, HarakaPlugin, Next } from './haraka/types.js'
import { otherSenders } from './other-plugins.js'
import { RulesUnknown, type RuleBook } from './rule-book.js'
import { HeaderBlock } from './rules/header-block.js'
import type { Settings } from './settings.js'

/** What is needed of the process. */
export interface QueueContext {
  readonly plugin: HarakaPlugin
  readonly rules: RuleBook
  readonly settings: Settings['main']
}

/** Hook `queue_outbound`. Total; where nothing can be told the client is asked to come again. */
export function keepFromOtherQueues(
  { plugin, rules, settings }: QueueContext,
  next: Next,
  { transaction }: HarakaConnection,
): void {
  const senders = otherSenders(plugin)
  if (!transaction || senders.length === 0 || settings.reportOnly) return next()
  const { mail_from, rcpt_to } = transaction
  // With the line ends that the queue file will have: limits must be the same there.
  const headers = () => new HeaderBlock(`${transaction.header.toString().replace(/\r?\n/g, '\r\n')}\r\n`)
  Promise.resolve(rules.verdictsOn(comparable(mail_from), rcpt_to.map(comparable), headers))
    .then(
      (verdicts) => verdicts.some(({ requirement }) => requirement !== null),
      (error: unknown) => !(isAway(error) && settings.onStoreFailure === 'deliver'),
    )
    .then(
      (covered) => {
        if (covered) transaction.notes.skip_plugins = [...(transaction.notes.skip_plugins ?? []), ...senders]
        next()
      },
      (error: unknown) => {
        plugin.logcrit(`no decision at queue_outbound: ${String(error)}`)
        next(constants.denysoft, 'The rules for this message can not be told now, try again later')
      },
    )
}

/** Whether the store did not answer; rules that do not validate are another matter. */
function isAway(error: unknown): boolean {
  return error instanceof RulesUnknown && !error.invalid
}

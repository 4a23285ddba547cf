/**
 * The answer to one recipient of incoming mail: mail that an incoming rule covers is rejected on a session
 * without TLS, for that recipient only; while the rules are unknown it is rejected for now.
 *
 * Sessions that may relay are let through: they are the operator's own users and hosts, who hand in mail of
 * their domains to anybody. What a rule is about is the mail that partners send to us.
 */
import constants from 'haraka-constants'
import DSN from 'haraka-dsn'
import type { DeliveryEvent } from '../delivery/delivery-events.js'
import { addressText, comparable } from '../haraka/address.js'
import type { HarakaAddress, HarakaConnection, HarakaPlugin, Next } from '../haraka/types.js'
import { isLoaded } from '../haraka/queue-plugins.js'
import { reportRefusal, rulesOf } from '../observe/report-log.js'
import type { Policy } from '../policy/policy.js'
import type { Ruling } from '../rules/rule-list.js'
import { isDelivered } from './queue-outbound.js'
import type { Settings } from '../settings/types.js'
import { errorMessage } from '../text/error-message.js'

/** What an answer needs of the process. */
export interface IncomingContext {
  readonly plugin: HarakaPlugin
  readonly rules: Policy
  readonly settings: Settings['main']
  /** Reports to the observers. Total. */
  readonly emit: (event: DeliveryEvent) => void
}

type Answer = readonly [code?: number, reply?: DSN]

/** Hook `rcpt`. Total. */
export async function answerRecipient(
  context: IncomingContext,
  next: Next,
  connection: HarakaConnection,
  recipient: HarakaAddress,
): Promise<void> {
  const { relaying, tls } = connection
  if (relaying || tls.enabled) return next()
  next(...(await answerInTheClear(context, connection, recipient)))
}

async function answerInTheClear(
  context: IncomingContext,
  connection: HarakaConnection,
  recipient: HarakaAddress,
): Promise<Answer> {
  const { mail_from: sender } = connection.transaction ?? {}
  if (!sender) return []
  try {
    const answer = await context.rules.rulingOnIncoming(comparable(sender), comparable(recipient))
    if (answer.is === 'known') return answerTo(context, connection, sender, recipient, answer.ruling)
    if (!isDelivered(answer, context.settings)) return refusedForNow(connection, answer.why)
    connection.logwarn('enforce-tls: accepted while the rules are unknown (on_store_failure=deliver)')
    return []
  } catch (error) {
    return refusedForNow(connection, errorMessage(error))
  }
}

function answerTo(
  { plugin, settings: { reportOnly }, emit }: IncomingContext,
  connection: HarakaConnection,
  sender: HarakaAddress,
  recipient: HarakaAddress,
  { requirement, reported }: Ruling,
): Answer {
  const about = {
    at: Date.now(),
    uuid: connection.transaction?.uuid ?? '',
    sender: addressText(sender),
    domain: comparable(recipient).domain,
    recipients: [addressText(recipient)],
  }
  for (const one of reportOnly && requirement ? [requirement, ...reported] : reported) {
    reportRefusal(connection, sender, recipient, one)
    emit({ kind: 'refusal', ...about, requirement: one, result: 'would-refuse' })
  }
  if (!requirement || reportOnly) return []
  const hint = isLoaded(plugin, 'tls') ? '' : '; the plugin tls is not loaded, so STARTTLS is not offered'
  connection.lognotice(`enforce-tls: rejected without TLS, by rule ${rulesOf(requirement)}${hint}`)
  emit({ kind: 'refusal', ...about, requirement, result: 'refused' })
  // RFC 3207 section 4.
  return [constants.deny, DSN.create(530, 'Must issue a STARTTLS command first', 7, 0)]
}

function refusedForNow(connection: HarakaConnection, why: string): Answer {
  connection.lognotice(`enforce-tls: rejected for now, the rules are unknown: ${why}`)
  const reply = 'Temporary policy lookup failure, try again later'
  return [constants.denysoft, DSN.create(451, reply, 3, 0)]
}

/**
 * The answer to one recipient of incoming mail: mail that an incoming rule covers is refused on a session
 * without TLS, for that recipient only; while rules can't be told it is refused for now.
 *
 * Sessions that may relay are let through: they are the operator's own users and hosts, who hand in mail of
 * their domains to anybody. What a rule is about is the mail that partners send to us.
 */
import constants from 'haraka-constants'
import DSN from 'haraka-dsn'
import type { DeliveryEvent } from '../delivery/delivery-events.js'
import { addressText, comparable } from '../haraka/address.js'
import type { HarakaAddress, HarakaConnection, HarakaPlugin, Next } from '../haraka/types.js'
import { isLoaded } from '../haraka/plugins.js'
import { reportRefusal, rulesOf } from '../observe/report-mode.js'
import { RulesUnknown, type Policy } from '../policy/policy.js'
import type { Settings } from '../settings/types.js'
import { errorMessage } from '../text/error-message.js'

/** What an answer needs of the process. */
export interface IncomingContext {
  readonly plugin: HarakaPlugin
  readonly rules: Policy
  readonly settings: Settings['main']
  /** Tells those who look on; total. */
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
  { plugin, rules, settings, emit: tell }: IncomingContext,
  connection: HarakaConnection,
  recipient: HarakaAddress,
): Promise<Answer> {
  const { onStoreFailure, reportOnly } = settings
  const { mail_from: sender, uuid } = connection.transaction ?? {}
  if (!sender) return []
  try {
    const { requirement, reported } = await rules.verdictOnIncoming(comparable(sender), comparable(recipient))
    const told = reportOnly && requirement ? [requirement, ...reported] : reported
    const about = {
      at: Date.now(),
      uuid: uuid ?? '',
      sender: addressText(sender),
      domain: comparable(recipient).domain,
      recipients: [addressText(recipient)],
    }
    for (const one of told) {
      reportRefusal(connection, sender, recipient, one)
      tell({ kind: 'refusal', ...about, requirement: one, result: 'would-refuse' })
    }
    if (!requirement || reportOnly) return []
    const hint = isLoaded(plugin, 'tls') ? '' : '; the plugin tls is not loaded, so STARTTLS is not offered'
    connection.lognotice(`enforce-tls: refused without TLS, by rule ${rulesOf(requirement)}${hint}`)
    tell({ kind: 'refusal', ...about, requirement, result: 'refused' })
    // RFC 3207 section 4.
    return [constants.deny, DSN.create(530, 'Must issue a STARTTLS command first', 7, 0)]
  } catch (error) {
    if (error instanceof RulesUnknown && !error.invalid && onStoreFailure === 'deliver') {
      connection.logwarn('enforce-tls: taken without knowing the rules (on_store_failure=deliver)')
      return []
    }
    const why = errorMessage(error)
    connection.lognotice(`enforce-tls: refused for now, the rules can't be told: ${why}`)
    const reply = 'The rules for this recipient can not be told now, try again later'
    return [constants.denysoft, DSN.create(451, reply, 4, 3)]
  }
}

/**
 * REQUIRETLS as clients see it (RFC 8689 sections 2 and 4.1): announced inside TLS alone, taken only from those it was
 * announced to, and noted with the message. Total.
 */
import constants from 'haraka-constants'
import DSN from 'haraka-dsn'
import type { HarakaConnection, Next } from '../haraka/types.js'
import { isInNetworks } from '../settings/network.js'
import type { RequireTlsSettings } from '../settings/requiretls.js'
import { REQUIRE_TLS_ESMTP, saysRequireTlsEsmtp } from './header-fields.js'
import { asksForRequireTls, noteRequireTls } from './note.js'

const KEYWORD = 'REQUIRETLS'

/** Hook `capabilities`: what the reply to EHLO offers. */
export function announce(settings: RequireTlsSettings, connection: HarakaConnection): void {
  if (connection.tls.enabled && isOffered(settings, connection)) connection.capabilities?.push(KEYWORD)
}

/** Whether a client is offered it, on a session with TLS. */
function isOffered(
  { announce: isOn, announceExcept }: RequireTlsSettings,
  client: HarakaConnection,
): boolean {
  return isOn && !isListed(client, announceExcept)
}

function isListed({ remote }: HarakaConnection, networks: readonly string[]): boolean {
  const { ip } = remote ?? {}
  return networks.length > 0 && typeof ip === 'string' && isInNetworks(ip, networks)
}

/**
 * Hook `mail`.
 *
 * @param params of the command, names in upper case; one without a value has `null`
 */
export function takeParameter(
  settings: RequireTlsSettings,
  next: Next,
  connection: HarakaConnection,
  params: Readonly<Record<string, unknown>> | undefined,
): void {
  if (!params || !(KEYWORD in params)) return next()
  if (!isOffered(settings, connection))
    // RFC 5321 section 4.1.1.11: the parameter of an extension that is not offered.
    return next(constants.deny, DSN.create(555, 'REQUIRETLS is not offered', 5, 4))
  if (!connection.tls.enabled)
    // RFC 3207 section 4; X.7.10 is "encryption needed".
    return next(constants.deny, DSN.create(530, 'REQUIRETLS needs TLS, so issue STARTTLS first', 7, 10))
  if (params[KEYWORD] !== null && params[KEYWORD] !== undefined)
    return next(constants.deny, DSN.create(501, 'REQUIRETLS takes no value', 5, 4))
  if (connection.transaction) noteRequireTls(connection.transaction.notes)
  next()
}

/**
 * Hook `data_post`: REQUIRETLS goes into the header where content filters are to bring it back, and comes out of it on
 * the way from one. The field of anybody else is taken out: a filter would bring it back as ours.
 */
export function carryThroughFilters(settings: RequireTlsSettings, connection: HarakaConnection): void {
  const { transaction } = connection
  // Without filters it means nothing here, and stays as it is.
  if (!transaction || (!settings.header && settings.headerFrom.length === 0)) return
  const values = transaction.header.get_all?.(REQUIRE_TLS_ESMTP) ?? []
  transaction.remove_header(REQUIRE_TLS_ESMTP)
  if (isListed(connection, settings.headerFrom)) {
    if (saysRequireTlsEsmtp(values)) noteRequireTls(transaction.notes)
  } else if (settings.header && asksForRequireTls(transaction))
    transaction.add_header(REQUIRE_TLS_ESMTP, 'yes')
}

/**
 * The mark on a message that goes through a gateway, by which it is known if it comes back: a header field with where the
 * gateway is. Whoever forges one only keeps a message of their own from going there.
 */
import type { HarakaMailItem } from '../haraka/types.js'
import { gatewayAddress, type Gateway } from '../settings/gateways.js'
import { readHeaderFields } from './message-header.js'

const NAME = 'X-Enforce-TLS-Gateway'

/** The header field, with its line end. */
export function markOf(gateway: Gateway): Buffer {
  return Buffer.from(`${NAME}: ${gatewayAddress(gateway)}\r\n`, 'latin1')
}

/** Whether a message went through a gateway before. @throws where it can't be read (rejects) */
export async function hasBeenAt(
  item: Pick<HarakaMailItem, 'data_stream'>,
  gateway: Gateway,
): Promise<boolean> {
  const fields = await readHeaderFields(item.data_stream())
  return fields.some(
    ({ name, value }) =>
      name === NAME.toLowerCase() && value.toLowerCase() === gatewayAddress(gateway).toLowerCase(),
  )
}

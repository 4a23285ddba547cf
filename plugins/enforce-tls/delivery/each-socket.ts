/** Looks at each socket over which Haraka delivers an item, before Haraka uses it: what looked on before goes on. */
import type { HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'

const METHOD = 'try_deliver_host_on_socket'

/** Whether somebody looks on already, since the guard took its methods away. */
export function isLookedAt(item: HarakaMailItem): boolean {
  return Object.hasOwn(item, METHOD)
}

/**
 * Until the item's next attempt, when the guard takes its methods anew.
 *
 * @param look must not throw
 */
export function beforeEachSocket(
  item: HarakaMailItem,
  look: (mx: HarakaMx, socket: HarakaSocket) => void,
): void {
  const own = item[METHOD].bind(item)
  const version = (mx: HarakaMx, host: string, port: number, socket: HarakaSocket): void => {
    look(mx, socket)
    own(mx, host, port, socket)
  }
  Object.defineProperty(item, METHOD, { configurable: true, writable: true, value: version })
}

/** Looks on at how Haraka's own delivery of an item, on which there is no guard, says MAIL. Changes and delays nothing. */
import type { HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'
import { hostOf, placeOf } from './next-hop.js'
import { onMail, type Departure } from './own-socket.js'

/** Where MAIL is said, and how. */
export interface DepartureAt {
  readonly host: string
  /** An address and port, or a socket path. */
  readonly to: string
  readonly departure: Departure
}

/**
 * Has it told before each MAIL of an item until its next attempt, when the guard takes its methods anew.
 *
 * @param departs must not throw
 */
export function watchDepartures(item: HarakaMailItem, departs: (at: DepartureAt) => void): void {
  const method = 'try_deliver_host_on_socket'
  const own = item[method].bind(item)
  const version = (mx: HarakaMx, host: string, port: number, socket: HarakaSocket): void => {
    onMail(socket, (departure) => {
      departs({ host: hostOf(mx), to: placeOf(mx), departure })
      return true
    })
    own(mx, host, port, socket)
  }
  Object.defineProperty(item, method, { configurable: true, writable: true, value: version })
}

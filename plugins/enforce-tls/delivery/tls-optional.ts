/**
 * Delivery of a message that says `TLS-Required: No` and of which nothing is required (RFC 8689 section 4.2.2): Haraka tries
 * STARTTLS as ever, but where that fails, the same host gets the message without, instead of nobody. Total.
 *
 * What `tls.ini` forces (`force_tls_hosts`) is an administrator's word, and stays as it is.
 */
import type { EventEmitter } from 'node:events'
import type { HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'
import { hostOf, placeOf } from './next-hop.js'
import { hideStartTls } from './tls/hide-starttls.js'

/** Where TLS has failed, by message: at later attempts it is not tried again. */
const failedAt = new WeakMap<HarakaMailItem, Set<string>>()

/** Has Haraka deliver this item so, at the attempt that is under way. */
export function makeTlsOptional(item: HarakaMailItem): void {
  const failed = failedAt.get(item) ?? new Set<string>()
  failedAt.set(item, failed)
  // With those that look on at it.
  const own = item.try_deliver_host_on_socket.bind(item)
  Object.defineProperty(item, 'try_deliver_host_on_socket', {
    configurable: true,
    value: (mx: HarakaMx, host: string, port: number, socket: HarakaSocket): void => {
      const place = placeOf(mx)
      if (item.force_tls !== true)
        if (failed.has(place)) hideStartTls(socket)
        else
          onTlsFailure(socket, () => {
            failed.add(place)
            item.mxlist?.unshift(mx)
            item.lognotice(
              `enforce-tls: TLS fails at ${hostOf(mx)}, which gets the message without, because it says TLS-Required: No`,
            )
          })
      own(mx, host, port, socket)
    },
  })
}

/** The parts of Haraka's socket that are looked at. */
interface OwnSocket {
  write?: (data: unknown, ...rest: never[]) => boolean
}

/** @param failed called once, before Haraka learns of it, when TLS was begun and did not come to a reply inside it */
function onTlsFailure(socket: EventEmitter & OwnSocket, failed: () => void): void {
  const write = socket.write?.bind(socket)
  if (!write) return
  const emit = socket.emit.bind(socket)
  let state: 'before' | 'asked' | 'secure' | 'over' = 'before'
  const fail = (): void => {
    state = 'over'
    failed()
  }
  socket.write = (data: unknown, ...rest: never[]): boolean => {
    if (state === 'before' && typeof data === 'string' && /^STARTTLS\s*$/i.test(data)) state = 'asked'
    return write(data, ...rest)
  }
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const isUnderWay = state === 'asked' || state === 'secure'
    if (event === 'secure' && state === 'asked') state = 'secure'
    else if (event === 'line' && state === 'secure') state = 'over'
    else if (event === 'line' && state === 'asked' && /^[45]\d\d(?: |$)/.test(String(args[0]).trimEnd())) {
      // Haraka would take the refusal for one of the message.
      fail()
      return emit('error', new Error('STARTTLS is refused'))
    } else if ((event === 'error' || event === 'close') && isUnderWay) fail()
    return emit(event, ...args)
  }
}

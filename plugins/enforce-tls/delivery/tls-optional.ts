/**
 * Delivery of a message that says `TLS-Required: No` and of which nothing is required (RFC 8689 section 4.2.2): Haraka tries
 * STARTTLS as ever, but where that fails, in whatever way, the same host gets the message without, instead of nobody. Each
 * attempt of the message begins with STARTTLS again; within one, a host is tried once with it and once without. Total.
 *
 * What `tls.ini` forces (`force_tls_hosts`) is an administrator's word, and stays as it is: a host that refuses STARTTLS
 * then does not get the message, and that is no refusal of the message itself.
 */
import type { EventEmitter } from 'node:events'
import type { HarakaMailItem } from '../haraka/types.js'
import { beforeEachSocket } from './each-socket.js'
import { hostOf, placeOf } from './next-hop.js'
import { hideStartTls } from './tls/hide-starttls.js'

/** Has Haraka deliver this item so, at the attempt that is under way. */
export function makeTlsOptional(item: HarakaMailItem): void {
  /** Where TLS has failed at this attempt. */
  const failed = new Set<string>()
  beforeEachSocket(item, (mx, socket) => {
    const place = placeOf(mx)
    if (item.force_tls === true) onTlsFailure(socket, () => undefined)
    else if (failed.has(place)) {
      hideStartTls(socket)
      item.lognotice(
        `enforce-tls: TLS has failed at ${hostOf(mx)}, so it is tried again without, because the message says TLS-Required: No`,
      )
    } else
      onTlsFailure(socket, () => {
        failed.add(place)
        item.mxlist?.unshift(mx)
      })
  })
}

/** The parts of Haraka's socket that are looked at. */
interface OwnSocket {
  write?: (data: unknown, ...rest: never[]) => boolean
}

/** What a server may say to STARTTLS where TLS goes on: 220, and lines before it. */
const GO_AHEAD = /^220 /
const MORE = /^\d{3}-/

/**
 * Whatever line stands in the way of TLS ends the connection, so that Haraka, which would take it for an answer to the
 * message, goes on to the next host of its list.
 *
 * @param failed called once, before Haraka learns of it, when TLS was begun and did not come to a good reply inside it
 */
function onTlsFailure(socket: EventEmitter & OwnSocket, failed: () => void): void {
  const write = socket.write?.bind(socket)
  if (!write) return
  const emit = socket.emit.bind(socket)
  let state: 'before' | 'asked' | 'agreed' | 'secure' | 'over' = 'before'
  let verb = ''
  const fail = (): void => {
    state = 'over'
    failed()
  }
  const isInTheWay = (line: string): boolean => {
    if (state === 'agreed') return true
    if (state === 'asked') {
      if (GO_AHEAD.test(line)) state = 'agreed'
      return state === 'asked' && !MORE.test(line)
    }
    // Haraka goes on with HELO after a refusal of EHLO.
    if (/^2\d\d[ -]/.test(line)) state = 'over'
    else return !(verb === 'EHLO' && /^5\d\d[ -]/.test(line))
    return false
  }
  socket.write = (data: unknown, ...rest: never[]): boolean => {
    if (typeof data === 'string') verb = /^[A-Za-z]*/.exec(data)?.[0].toUpperCase() ?? ''
    if (state === 'before' && verb === 'STARTTLS') state = 'asked'
    return write(data, ...rest)
  }
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    // A handshake that was under way may fail only now, when nobody listens any more; that would end the process.
    if (state === 'over' && event === 'error' && socket.listenerCount('error') === 0) return false
    if (state === 'before' || state === 'over') return emit(event, ...args)
    if (event === 'secure') state = 'secure'
    else if (event === 'line' && isInTheWay(String(args[0]))) {
      fail()
      return emit('error', new Error('TLS failed: STARTTLS is refused, or is followed by something else'))
    } else if (event === 'error' || event === 'close') fail()
    return emit(event, ...args)
  }
}

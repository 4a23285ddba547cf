/**
 * Keeps Haraka from trying TLS on one connection: what was released because TLS does not work there would wait on, since
 * Haraka puts a message off when a server that offers STARTTLS then fails at it.
 */
import type { EventEmitter } from 'node:events'

/** All that Haraka takes for an offer (RFC 3207 section 4): in the first line, too, and behind a code of RFC 2034. */
const OFFER = /^(250[ -])#?(?:\d\.\d\.\d\s)?STARTTLS(?=\s|$)/i

/** Takes the offer out of what Haraka reads from this socket. */
export function hideStartTls(socket: EventEmitter): void {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [line, ...rest] = args
    return event === 'line' && typeof line === 'string'
      ? emit(event, line.replace(OFFER, '$1X-NO-TLS'), ...rest)
      : emit(event, ...args)
  }
}

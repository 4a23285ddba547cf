/**
 * Looks on at what Haraka delivers over its own socket, without a requirement of ours on the connection: when MAIL is said,
 * and whether that is over TLS. From then on the message may have left, whatever the server answers. Changes nothing of
 * what is sent, but that MAIL may be refused: the connection ends then.
 */
import type { EventEmitter } from 'node:events'
import { TLSSocket } from 'node:tls'
import { sessionSeen } from './observed-session.js'
import type { TlsSession } from './tls/session.js'

/** How MAIL was said. */
export interface Departure {
  /** `null` where it could not be seen. */
  readonly encrypted: boolean | null
  /** `null` in the clear, and where it could not be seen. */
  readonly session: TlsSession | null
}

/** Haraka's socket as far as it is looked at: `cleartext` is there once TLS was begun. */
interface OwnSocket {
  destroy?: () => unknown
  write?: (data: unknown, ...rest: never[]) => boolean
  isEncrypted?: () => unknown
  readonly cleartext?: unknown
}

const MAIL = /^MAIL\s/i

/** @param mayGo called once, before MAIL goes out, which it then does or not; must not throw */
export function onMail(socket: EventEmitter & OwnSocket, mayGo: (departure: Departure) => boolean): void {
  const write = socket.write?.bind(socket)
  if (!write) return
  let isSaid = false
  socket.write = (data: unknown, ...rest: never[]): boolean => {
    if (!isSaid && typeof data === 'string' && MAIL.test(data)) {
      isSaid = true
      if (!mayGo(departureOver(socket))) {
        socket.destroy?.()
        return false
      }
    }
    return write(data, ...rest)
  }
}

function departureOver(socket: OwnSocket): Departure {
  try {
    const encrypted = socket.isEncrypted?.() === true
    const session = encrypted && socket.cleartext instanceof TLSSocket ? sessionSeen(socket.cleartext) : null
    return { encrypted, session }
  } catch {
    return { encrypted: null, session: null }
  }
}

/**
 * Looks on at what Haraka delivers over its own socket, without a requirement of ours on the connection: when MAIL is said,
 * and whether that is over TLS. From then on the message may have left, whatever the server answers. Changes nothing of
 * what is sent, but that MAIL may be refused, where the connection ends, and may be said with REQUIRETLS, where that is
 * wanted and the server offers it inside TLS.
 */
import type { EventEmitter } from 'node:events'
import { TLSSocket } from 'node:tls'
import type { HarakaMailItem } from '../haraka/types.js'
import { beforeEachSocket } from './each-socket.js'
import { hostOf, placeOf } from './next-hop.js'
import { sessionSeen } from './observed-session.js'
import type { OnwardMail } from './tls/onward-mail.js'
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

/**
 * @param mayGo called once, before MAIL goes out, which it then does or not; must not throw
 * @param onward says MAIL with REQUIRETLS where that is offered; `null` where nobody wants that
 */
export function onMail(
  socket: EventEmitter & OwnSocket,
  mayGo: (departure: Departure) => boolean,
  onward: OnwardMail | null = null,
): void {
  const plainWrite = socket.write?.bind(socket)
  if (!plainWrite) return
  const write = onward ? sayOnward(socket, plainWrite, onward) : plainWrite
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

type Write = (data: unknown, ...rest: never[]) => boolean

/** Lets replies and commands of a socket go by `onward`. @returns how commands are written from now on */
function sayOnward(socket: EventEmitter & OwnSocket, write: Write, onward: OnwardMail): Write {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [line] = args
    if (event !== 'line' || typeof line !== 'string') return emit(event, ...args)
    const turn = onward.reply(line.trimEnd())
    if (turn.is === 'again') write(turn.command)
    return turn.is === 'passed' ? emit(event, ...args) : true
  }
  return (data, ...rest) =>
    write(
      typeof data === 'string' ? (onward.command(data, socket.isEncrypted?.() === true) ?? data) : data,
      ...rest,
    )
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
  beforeEachSocket(item, (mx, socket) => {
    onMail(socket, (departure) => {
      departs({ host: hostOf(mx), to: placeOf(mx), departure })
      return true
    })
  })
}

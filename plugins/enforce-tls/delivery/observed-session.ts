/**
 * What Haraka's own delivery of an item came to, for rules that only report: the session is looked at, and nothing
 * of the delivery is changed or waited for. What can't be seen is left out; nothing here throws into the delivery.
 */
import type { EventEmitter } from 'node:events'
import { TLSSocket } from 'node:tls'
import type { HarakaMailItem, HarakaMx } from '../haraka/types.js'
import { OfferLines } from './tls/offers.js'
import type { TlsSession } from './tls/session.js'
import { beforeEachSocket, isLookedAt } from './each-socket.js'
import { hostOf, portOf } from './next-hop.js'

/** A session as it was seen. */
export interface ObservedTls {
  readonly session: TlsSession
  /** OpenSSL's word on the chain, with the authorities that Haraka has; empty for none, `null`: it did not look. */
  readonly found: string | null
}

/** The last connection of an item. */
export interface ObservedDelivery {
  /** The MX host's name, or its address where it has none. */
  readonly host: string
  /** `null` for a socket. */
  readonly port: number | null
  readonly mx: HarakaMx | null
  /** Whether the server offered STARTTLS; `null` where that was not seen. */
  offered: boolean | null
  /** `null` where it came to no TLS, or that could not be seen. */
  tls: ObservedTls | null
  /** It was to a gateway and to none of the recipients' own servers. */
  readonly isGateway?: boolean
}

/** Haraka's socket as far as it is looked at: `cleartext` is there once TLS was begun. */
type Observed = Partial<Pick<EventEmitter, 'on' | 'once'>> & { readonly cleartext?: unknown }

/** What Node.js says where the chain is good and the name is not the one that it compared with. */
const NAME_ONLY = 'ERR_TLS_CERT_ALTNAME_INVALID'
const seen = new WeakMap<HarakaMailItem, ObservedDelivery>()

/** Looks on at the deliveries of an item that is Haraka's own, from now on. */
export function observe(item: HarakaMailItem): void {
  seen.delete(item)
  if (!isLookedAt(item)) beforeEachSocket(item, (mx, socket) => lookAt(item, mx, socket))
}

/** What was seen of the last connection; `null` for nothing. */
export function seenOf(item: HarakaMailItem): ObservedDelivery | null {
  return seen.get(item) ?? null
}

function lookAt(item: HarakaMailItem, mx: HarakaMx, socket: Observed): void {
  try {
    const port = mx.path === undefined ? portOf(mx) : null
    const delivery: ObservedDelivery = { host: hostOf(mx), port, mx, offered: false, tls: null }
    seen.set(item, delivery)
    const lines = new OfferLines()
    socket.on?.('line', (line: unknown) => {
      if (typeof line === 'string' && lines.take(line, 'STARTTLS') && delivery.tls === null)
        delivery.offered = true
    })
    socket.once?.('secureConnect', () => {
      try {
        if (socket.cleartext instanceof TLSSocket) delivery.tls = tlsOf(socket.cleartext)
      } catch {
        // It stays unknown.
      }
    })
  } catch {
    seen.delete(item)
  }
}

/** The session of a socket that is not ours. */
export function sessionSeen(socket: TLSSocket): TlsSession {
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    certificate: socket.getPeerX509Certificate(),
    resumed: socket.isSessionReused(),
    reused: false,
    handshakeTime: 0,
  }
}

function tlsOf(socket: TLSSocket): ObservedTls {
  // Typed as an Error, but a text wherever Node.js itself sets it.
  const error: unknown = socket.authorizationError
  const code = error instanceof Error ? ((error as Error & { code?: string }).code ?? error.message) : error
  return {
    session: sessionSeen(socket),
    found: socket.authorized || code === NAME_ONLY ? '' : typeof code === 'string' ? code : null,
  }
}

/**
 * Asks one mail server what a delivery would find: connects, establishes TLS with the code that delivers, says
 * EHLO inside it, and ends the session with QUIT. Sends nothing of any message. Never rejects: what goes wrong
 * is the result.
 */
import { connect as connectTo, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { HarakaMx } from '../../haraka/types.js'
import type { PeerIdentity } from './certificate.js'
import { askInsideTls, type CheckEnvelope, type Exchange } from './inside-tls.js'
import { hostOf } from '../next-hop.js'
import { otherFailure, type AttemptFailure } from '../outcome.js'
import { establishTls } from './establish.js'
import type { TlsTimeouts } from './request.js'

/** How a server is asked. */
export interface ProbeOptions {
  /** The name given in EHLO or LHLO. */
  readonly helo: string
  /** What the server is asked for (SNI). @default the host's name */
  readonly serverName?: string | undefined
  readonly context: () => SecureContext
  /** Whether TLS comes first (RFC 8314), instead of STARTTLS. @default false */
  readonly implicitTls?: boolean
  /** In milliseconds. */
  readonly connectTimeout: number
  readonly timeouts: TlsTimeouts
  /** Says what the server's certificate does not fulfil, if anything. */
  readonly verify: (peer: PeerIdentity) => AttemptFailure | null
  /** Asked about inside TLS, where the certificate fulfils what it has to. */
  readonly envelope?: CheckEnvelope | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was found. */
export interface Probe {
  readonly reachable: boolean
  /** Whether STARTTLS is offered; `null` where it did not come to that. */
  readonly starttls: boolean | null
  /** The established session, whether or not its certificate fulfils what it has to. */
  readonly session: {
    readonly protocol: string
    readonly cipher: string
    readonly peer: PeerIdentity
  } | null
  /** Whether REQUIRETLS is offered inside TLS; `null` where it did not come to that. */
  readonly requiretls: boolean | null
  /** What was asked and answered inside TLS. */
  readonly exchanges: readonly Exchange[]
  /** The mechanisms of AUTH that it offers inside TLS; `null` where it did not come to that. */
  readonly mechanisms: readonly string[] | null
  /** Why a message could not go over it. */
  readonly failure: AttemptFailure | null
}

/** Asks a server, at an address or a socket. */
export async function probe(mx: HarakaMx, options: ProbeOptions): Promise<Probe> {
  const { signal } = options
  const unreached = {
    reachable: false,
    ...{ starttls: null, requiretls: null, session: null, exchanges: [], mechanisms: null },
  }
  const socket = await connected(mx, options)
  if (socket instanceof Error) {
    const failure = signal?.aborted ? noTimeLeft() : otherFailure(`could not be reached: ${socket.message}`)
    return { ...unreached, failure }
  }
  const onAbort = (): void => void socket.destroy(new Error('no time left'))
  signal?.addEventListener('abort', onAbort)
  let agreed = false
  let peer: PeerIdentity | undefined
  const result = await establishTls({
    socket,
    helo: options.helo,
    lmtp: mx.using_lmtp === true,
    serverName: mx.path ? undefined : (options.serverName ?? hostOf(mx)),
    context: options.context,
    implicitTls: options.implicitTls === true,
    agreed: () => (agreed = true),
    verify: (identity) => {
      peer = identity
      return null
    },
    timeouts: options.timeouts,
  })
  if (!result.ok || !peer) {
    signal?.removeEventListener('abort', onAbort)
    const failure = result.ok || signal?.aborted ? noTimeLeft() : result.failure
    return {
      reachable: true,
      starttls: options.implicitTls ? null : offered(failure, agreed),
      ...{ requiretls: null, session: null, exchanges: [], mechanisms: null },
      failure,
    }
  }
  const { socket: secured } = result
  const session = { protocol: secured.getProtocol() ?? '', cipher: secured.getCipher().name, peer }
  const unfit = options.verify(peer)
  const inside = await askInsideTls(secured, {
    helo: options.helo,
    lmtp: mx.using_lmtp === true,
    greets: options.implicitTls === true,
    // Addresses are not for a server that is not the right one.
    envelope: unfit ? undefined : options.envelope,
    timeout: options.timeouts.reply,
  })
  signal?.removeEventListener('abort', onAbort)
  const failure = unfit ?? (inside.failure && signal?.aborted ? noTimeLeft() : inside.failure)
  const { exchanges, mechanisms, requiretls } = inside
  return {
    reachable: true,
    starttls: options.implicitTls ? null : true,
    ...{ requiretls, session, exchanges, mechanisms, failure },
  }
}

function connected(mx: HarakaMx, { connectTimeout, signal }: ProbeOptions): Promise<Socket | Error> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(new Error('no time left'))
    const { path, exchange = '', port = mx.using_lmtp ? 24 : 25 } = mx
    const socket = path ? connectTo({ path }) : connectTo({ host: exchange, port })
    const settle = (result: Socket | Error): void => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', onAbort)
      socket.off('connect', onConnect)
      socket.off('error', onError)
      if (result instanceof Error) {
        // A late error of a socket that nobody listens to would end the process.
        socket.on('error', () => undefined)
        socket.destroy()
      }
      resolve(result)
    }
    const onConnect = (): void => settle(socket)
    const onError = (error: Error): void => settle(error)
    const onAbort = (): void => settle(new Error('no time left'))
    const deadline = setTimeout(
      () => settle(new Error(`no connection within ${connectTimeout / 1000} s`)),
      connectTimeout,
    )
    socket.once('connect', onConnect)
    socket.once('error', onError)
    signal?.addEventListener('abort', onAbort)
  })
}

function noTimeLeft(): AttemptFailure {
  return otherFailure('was not checked to the end: no time left')
}

function offered(failure: AttemptFailure, agreed: boolean): boolean | null {
  if (agreed || failure.class === 'starttls-deferred' || failure.class === 'starttls-refused') return true
  if (failure.class === 'starttls-injection') return true
  return failure.class === 'starttls-not-supported' ? false : null
}

/**
 * Makes an encrypted session of a fresh connection to an SMTP or LMTP server: greeting, EHLO, STARTTLS,
 * handshake (RFC 3207), each within its own time. Says with a class why where that fails; the socket is then
 * closed. Never sends anything but EHLO, STARTTLS and QUIT in the clear.
 */
import { isIP } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { PeerIdentity } from './certificate.js'
import type { TlsSession } from './session.js'
import type { TlsRequest } from './request.js'
import { Dialogue, DialogueError } from './smtp-dialogue.js'
import { ConnectionCut, handshakeFailure } from './handshake-failure.js'
import { leave } from './quit.js'
import { MISCONFIGURED, otherFailure, tlsFailure, type AttemptFailure } from '../outcome.js'
import { NewSessions, type SessionSlot, type VerifiedSession } from './session-cache.js'
import { Goodbye, startTls } from './starttls.js'
import { errorMessage } from '../../text/error-message.js'

/** An encrypted session, or why there is none. */
export type TlsResult =
  | {
      readonly ok: true
      readonly socket: TLSSocket
      readonly context: SecureContext
      readonly session: TlsSession
      /** As it was judged: of a resumed session what its first handshake showed. */
      readonly peer: PeerIdentity
      /** Where the session is cached; `null` where none is. */
      readonly slot: SessionSlot | null
    }
  | {
      readonly ok: false
      readonly failure: AttemptFailure
      /** The session, where the handshake was done and what it showed does not fulfil the requirement. */
      readonly session: TlsSession | null
      /** A session was to be resumed, and may be what it failed for: only a full handshake shows it. */
      readonly triedToResume: boolean
    }

/** Establishes TLS. Never rejects. */
export async function establishTls(request: TlsRequest): Promise<TlsResult> {
  const { socket } = request
  const dialogue = new Dialogue(socket)
  let handshake: TLSSocket | null = null
  let deadline: NodeJS.Timeout | undefined
  let offered: VerifiedSession | undefined
  let slot: SessionSlot | null = null
  try {
    const secureContext = contextOf(request)
    const timeLeft = request.implicitTls ? request.timeouts.handshake : await startTls(dialogue, request)
    request.agreed?.()
    dialogue.release()
    slot = request.sessions?.(secureContext) ?? null
    offered = slot?.known()
    const begun = performance.now()
    handshake = connect({
      socket,
      secureContext,
      ...(offered ? { session: offered.data } : {}),
      ...(request.serverName && !isIP(request.serverName) ? { servername: request.serverName } : {}),
      // What a certificate must fulfil is decided by the requirement, after the handshake.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    deadline = setTimeout(() => handshake?.destroy(new HandshakeLate()), timeLeft)
    const sessions = new NewSessions(handshake)
    await secured(handshake)
    const resumed = handshake.isSessionReused()
    const peer = resumed && offered ? offered.peer : identityOf(handshake)
    const session = sessionOf(handshake, peer, performance.now() - begun)
    const failure = request.verify(peer)
    if (!failure) {
      const verifiedAt = resumed && offered ? offered.verifiedAt : performance.now()
      if (slot) sessions.keepIn(slot, { peer, verifiedAt })
      return { ok: true, socket: handshake, context: secureContext, session, peer, slot }
    }
    if (resumed) slot?.avoid()
    leave(handshake)
    return { ok: false, failure, session, triedToResume: resumed }
  } catch (error) {
    if (error instanceof Goodbye) dialogue.quit()
    else {
      handshake?.destroy()
      socket.destroy()
    }
    if (offered) slot?.avoid()
    const failure = failureOf(error, request)
    return { ok: false, failure, session: null, triedToResume: offered !== undefined }
  } finally {
    clearTimeout(deadline)
  }
}

/** The time for the handshake is up. */
class HandshakeLate extends Error {}

function contextOf({ context }: TlsRequest): SecureContext {
  try {
    return context()
  } catch (error) {
    const problem = errorMessage(error)
    // Not the server's fault, but a failure like others: its mail must come to an end, too.
    const detail = `was not contacted, because the TLS settings here cannot be used: ${problem}`
    throw new DialogueError(otherFailure(detail, { status: MISCONFIGURED }))
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off('secureConnect', onSecure)
      socket.off('close', onClose)
      socket.off('error', onError)
      // A late error of a socket that nobody listens to would end the process.
      socket.on('error', () => undefined)
      if (error) reject(error)
      else resolve()
    }
    const onSecure = (): void => {
      // Encryption with a cipher that does not encrypt is none (RFC 4346's NULL suites).
      if (/NULL/i.test(socket.getCipher().name)) settle(new Error('agreed on a cipher that does not encrypt'))
      else settle()
    }
    const onError = (error: Error): void => settle(error)
    const onClose = (): void => settle(new ConnectionCut('closed the connection'))
    socket.once('secureConnect', onSecure)
    socket.once('error', onError)
    socket.once('close', onClose)
  })
}

function identityOf(socket: TLSSocket): PeerIdentity {
  // Typed as an Error, but OpenSSL's code as a text wherever Node.js itself sets it.
  const error: unknown = socket.authorizationError
  const code = error instanceof Error ? ((error as Error & { code?: string }).code ?? error.message) : error
  return {
    certificate: socket.getPeerX509Certificate(),
    chainError: typeof code === 'string' ? code : socket.authorized ? '' : 'UNKNOWN',
  }
}

function sessionOf(socket: TLSSocket, { certificate }: PeerIdentity, handshakeTime: number): TlsSession {
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    certificate,
    resumed: socket.isSessionReused(),
    reused: false,
    handshakeTime,
  }
}

function failureOf(error: unknown, { implicitTls }: TlsRequest): AttemptFailure {
  if (error instanceof DialogueError) return error.failure
  if (error instanceof HandshakeLate)
    return tlsFailure('handshake-failure', 'did not finish the TLS handshake in time')
  const failure = handshakeFailure(error)
  return implicitTls && failure.class === 'starttls-injection'
    ? tlsFailure('handshake-failure', 'does not speak TLS on this port from the first byte on')
    : failure
}

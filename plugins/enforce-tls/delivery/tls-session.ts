/**
 * Makes an encrypted session of a fresh connection to an SMTP or LMTP server: greeting, EHLO, STARTTLS,
 * handshake (RFC 3207), all within one deadline. Says with a class why where that fails; the socket is then
 * closed. Never sends anything but EHLO, STARTTLS and QUIT in the clear.
 */
import { isIP, type Socket } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { PeerIdentity } from './certificate.js'
import type { TlsSession } from './delivery-events.js'
import { Dialogue, DialogueError } from './dialogue.js'
import { MISCONFIGURED, NOT_ACCEPTING, otherFailure, tlsFailure, type AttemptFailure } from './outcome.js'
import { NewSessions, type SessionSlot, type VerifiedSession } from './session-cache.js'
import { formatReply, offers, type Reply } from './smtp-reply.js'

/** A connected server and what the session with it has to be like. */
export interface TlsRequest {
  readonly socket: Socket
  /** The name given in EHLO or LHLO. */
  readonly helo: string
  readonly lmtp: boolean
  /** The server's name for SNI (RFC 6066 section 3); an IP address has none. */
  readonly serverName: string | undefined
  /** Protocol versions, ciphers, own certificate; throws where OpenSSL refuses the operator's. */
  readonly context: () => SecureContext
  /** Called once the server has agreed to TLS, before the handshake. */
  readonly agreed?: () => void
  /** Where the server's session is kept; no session is resumed without it. */
  readonly sessions?: (context: SecureContext) => SessionSlot | null
  /** Says what the server's certificate does not fulfil, if anything. */
  readonly verify: (peer: PeerIdentity) => AttemptFailure | null
  /** From now to the established session, in milliseconds. */
  readonly timeout: number
}

/** An encrypted session, or why there is none. */
export type TlsResult =
  | {
      readonly ok: true
      readonly socket: TLSSocket
      readonly session: TlsSession
      /** Where the session is kept that was resumed; `null` after a full handshake. */
      readonly resumedFrom: SessionSlot | null
    }
  | {
      readonly ok: false
      readonly failure: AttemptFailure
      /** The session, where the handshake was done and what it told does not fulfil the requirement. */
      readonly session: TlsSession | null
      /** A session was to be resumed, and may be what it failed for: only a full handshake can tell. */
      readonly triedToResume: boolean
    }

/** How long a server may take to close after QUIT, in milliseconds. */
const QUIT_PATIENCE = 2000

/** Bytes that are not a TLS record at the place of one, in OpenSSL's words. */
const NOT_A_TLS_RECORD = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_HTTP_REQUEST'])

/** Establishes TLS. Never rejects. */
export async function establishTls(request: TlsRequest): Promise<TlsResult> {
  const { socket } = request
  const dialogue = new Dialogue(socket)
  let handshake: TLSSocket | null = null
  let expired = false
  let offered: VerifiedSession | undefined
  let slot: SessionSlot | null = null
  const deadline = setTimeout(() => {
    expired = true
    // Before the server has agreed to TLS, silence says nothing about TLS: it may just be busy.
    dialogue.abort((step) =>
      tlsFailure('handshake-failure', `gave no answer at ${step} in time`, { temporary: true }),
    )
    handshake?.destroy(new Error('no answer in time'))
  }, request.timeout)
  try {
    const secureContext = contextOf(request)
    await startTls(dialogue, request)
    request.agreed?.()
    dialogue.release()
    // The handshake has its own listeners; what is left of the raw socket must never go unheard.
    socket.on('error', () => undefined)
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
    const sessions = new NewSessions(handshake)
    await secured(handshake)
    const resumed = handshake.isSessionReused()
    const peer = resumed && offered ? offered.peer : identityOf(handshake)
    const session = sessionOf(handshake, peer, performance.now() - begun)
    const failure = request.verify(peer)
    if (!failure) {
      const verifiedAt = resumed && offered ? offered.verifiedAt : performance.now()
      if (slot) sessions.keepIn(slot, { peer, verifiedAt })
      return { ok: true, socket: handshake, session, resumedFrom: resumed ? slot : null }
    }
    if (resumed) slot?.avoid()
    quit(handshake)
    return { ok: false, failure, session, triedToResume: resumed }
  } catch (error) {
    handshake?.destroy()
    if (offered) slot?.avoid()
    const triedToResume = offered !== undefined
    return { ok: false, failure: failureOf(error, expired, socket), session: null, triedToResume }
  } finally {
    clearTimeout(deadline)
  }
}

function contextOf({ context }: TlsRequest): SecureContext {
  try {
    return context()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    // Not the server's fault, but a failure like others: its mail must come to an end, too.
    const detail = `was not asked, because TLS settings here can't be used: ${problem}`
    throw new DialogueError(otherFailure(detail, { status: MISCONFIGURED }))
  }
}

/** Goes as far as the server's agreement to TLS. */
async function startTls(dialogue: Dialogue, { socket, helo, lmtp }: TlsRequest): Promise<void> {
  const greeting = await dialogue.reply()
  if (greeting.code !== 220) throw refused(socket, 'greeting', greeting)
  const hello = await dialogue.command(`${lmtp ? 'LHLO' : 'EHLO'} ${helo}`)
  if (hello.code >= 500) {
    quit(socket)
    const detail = `refused ${lmtp ? 'LHLO' : 'EHLO'}, so it can't offer TLS`
    throw new DialogueError(tlsFailure('starttls-not-supported', detail, { reply: peerReply(hello) }))
  }
  if (hello.code !== 250) throw refused(socket, lmtp ? 'LHLO' : 'EHLO', hello)
  if (!offers(hello, 'STARTTLS')) {
    quit(socket)
    throw new DialogueError(tlsFailure('starttls-not-supported', 'does not offer STARTTLS'))
  }
  const answer = await dialogue.command('STARTTLS')
  if (answer.code !== 220) {
    quit(socket)
    const name =
      answer.code >= 500 ? 'starttls-refused' : answer.code >= 400 ? 'starttls-deferred' : 'handshake-failure'
    const detail = `answered STARTTLS with ${formatReply(answer)}`
    throw new DialogueError(tlsFailure(name, detail, { reply: peerReply(answer) }))
  }
  // One turn of the event loop, so that bytes which follow in a packet of their own are seen as well.
  await new Promise((resolve) => setImmediate(resolve))
  dialogue.assertOpen()
  if (dialogue.unaskedAlert)
    throw new DialogueError(tlsFailure('handshake-failure', 'answered STARTTLS with 220 and a TLS alert'))
  if (dialogue.unasked)
    throw new DialogueError(tlsFailure('starttls-injection', 'sent more bytes behind its reply to STARTTLS'))
}

function refused(socket: Socket, step: string, reply: Reply): DialogueError {
  const known = reply.code >= 400
  if (known) quit(socket)
  const detail = `answered ${step === 'greeting' ? 'the connection' : step} with ${formatReply(reply)}`
  return new DialogueError(
    known
      ? otherFailure(detail, { temporary: reply.code < 500, status: NOT_ACCEPTING, reply: peerReply(reply) })
      : tlsFailure('handshake-failure', detail),
  )
}

/** RFC 5321 section 4.1.1.10: no session ends without QUIT while both sides still understand each other. */
function quit(socket: Socket): void {
  socket.end('QUIT\r\n')
  const patience = setTimeout(() => socket.destroy(), QUIT_PATIENCE)
  socket.once('close', () => clearTimeout(patience))
}

function peerReply(reply: Reply): { code: number; text: string } {
  return { code: reply.code, text: reply.lines.join(' ') }
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
    const onClose = (): void => settle(new Error('closed the connection during the handshake'))
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
    handshakeTime,
  }
}

function failureOf(error: unknown, expired: boolean, socket: Socket): AttemptFailure {
  if (error instanceof DialogueError) {
    // After a QUIT the server may close in peace.
    if (!socket.writableEnded) socket.destroy()
    return error.failure
  }
  socket.destroy()
  if (expired) return tlsFailure('handshake-failure', 'did not finish the TLS handshake in time')
  const { code, message, reason } = error as Error & { code?: string; reason?: string }
  if (code !== undefined && NOT_A_TLS_RECORD.has(code))
    return tlsFailure('starttls-injection', 'sent bytes that are not TLS behind its reply to STARTTLS')
  return tlsFailure('handshake-failure', `TLS handshake failed: ${reason ?? message}`)
}

/**
 * What Haraka's delivery code gets in place of its own socket once TLS is established: lines in, bytes out,
 * and no way to the unencrypted connection. Haraka believes that it does STARTTLS itself, so its greeting,
 * EHLO and STARTTLS are answered here; from the EHLO after that on, every byte goes through TLS.
 *
 * A peer that stops answering, or drips lines without ever ending a reply, ends as an `error` event.
 */
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { EarlyEnd } from './handshake-failure.js'
import { QUIT_TIMEOUT } from './quit.js'
import { ReplyGuard, isLast, ReplyLines } from './reply-guard.js'
import type { LoggedSession } from './certificate.js'

/** A block of the message must be taken within this time (RFC 5321 section 4.5.3.2.5), in ms. */
const BLOCK_TIMEOUT = 3 * 60_000
/** The reply to the final dot has more time (RFC 5321 section 4.5.3.2.6): giving up early doubles mail. */
const DOT_TIMEOUT = 10 * 60_000
/** A reply that trickles in has at least this many times of the silence that Haraka allows. */
const TRICKLE_FACTOR = 2

/** The answers to Haraka's EHLO and STARTTLS. */
const PRELUDE = {
  hello: { lines: ['250-TLS is established', '250 STARTTLS'], next: 'starttls' },
  starttls: { lines: ['220 TLS is established'], next: 'upgrade' },
  upgrade: { lines: [], next: 'upgrade' },
} as const

type Upgraded = (authorized: unknown, error: unknown, certificate: object, cipher: object) => void

/** How long a peer may take, in milliseconds. */
export interface SocketTimeouts {
  /** Without a byte, where Haraka's own limit is enough; 0 for no limit. */
  readonly idle: number
  /** For a whole reply (RFC 5321 section 4.5.3.2), in silence or however it trickles in. */
  readonly reply: number
}

/** An encrypted session as Haraka's `try_deliver_host_on_socket` uses a socket. */
export class SecuredSocket extends EventEmitter {
  /** For Haraka's log. */
  readonly name: string
  /** Haraka reads it before it sends, and sets it when the peer ends. */
  writable = true
  /** Called once, before Haraka learns of an end that came before the peer had taken EHLO. */
  onEarlyEnd: ((end: EarlyEnd) => void) | null = null
  /** Called when MAIL goes out: what the peer says from then on may quote the message. */
  onMail: (() => void) | null = null

  readonly #tls: TLSSocket
  readonly #timeouts: SocketTimeouts
  readonly #logged: LoggedSession
  readonly #lines = new ReplyLines()
  readonly #replies = new ReplyGuard()
  /** What Haraka is going to say before TLS; `null` once it believes in it. */
  #prelude: keyof typeof PRELUDE | null = 'hello'
  #refusal: EarlyEnd['refusal'] = null
  #reply: NodeJS.Timeout | null = null
  #source: Readable | null = null

  /**
   * @param tls an established session
   * @param logged what Haraka's log is to say of it
   */
  constructor(tls: TLSSocket, timeouts: SocketTimeouts, logged: LoggedSession) {
    super()
    this.#tls = tls
    this.#timeouts = timeouts
    this.#logged = logged
    this.name = `enforce-tls::${tls.remoteAddress ?? 'socket'}`
    if (timeouts.idle > 0) tls.setTimeout(timeouts.idle)
    this.on('pipe', (source: Readable) => (this.#source = source))
    tls.on('data', (chunk: Buffer) => this.#take(chunk))
    tls.on('drain', () => this.emit('drain'))
    tls.on('timeout', () => {
      this.#earlyEnd({ error: null, cause: 'silent' })
      this.emit('timeout')
      // After QUIT nobody heeds it any more.
      this.#tls.destroy()
    })
    tls.on('end', () => {
      const rest = this.#lines.rest()
      if (rest === '') this.#earlyEnd({ error: null, cause: 'closed' })
      else this.emit('line', rest)
      this.emit('end')
    })
    tls.on('close', (hadError: boolean) => {
      this.#disarm()
      this.#earlyEnd({ error: null, cause: 'closed' })
      this.emit('close', hadError)
    })
    tls.on('error', (error: Error) => this.#fail(error, 'closed'))
  }

  /** Begins the conversation; call it once Haraka listens. */
  start(): void {
    this.#answer('220 TLS is established')
  }

  isEncrypted(): boolean {
    return true
  }

  /**
   * Haraka asks before every command, and leaves an item without a next step when the answer is no. There is
   * no other way out of this socket than TLS, and what the certificate had to fulfil was checked before.
   */
  isSecure(): boolean {
    return true
  }

  write(
    data: string | Buffer,
    encoding?: BufferEncoding,
    callback?: (error?: Error | null) => void,
  ): boolean {
    if (this.#prelude !== null) {
      // In place of the server: nothing that Haraka says before TLS is for anybody else.
      const played = PRELUDE[this.#prelude]
      this.#prelude = played.next
      this.#answer(...played.lines)
      callback?.()
      return true
    }
    if (typeof data !== 'string') {
      this.#arm(BLOCK_TIMEOUT)
      return this.#tls.write(data, callback)
    }
    const { idle, reply } = this.#timeouts
    this.#replies.ask(data)
    if (this.#replies.asked === 'MAIL') this.onMail?.()
    const dot = data === '.\r\n'
    // After QUIT nothing is waited for that anybody needs, whatever the peer sends.
    if (this.#replies.asked === 'QUIT') this.#arm(QUIT_TIMEOUT)
    else {
      const silence = dot ? DOT_TIMEOUT : Math.max(idle, reply)
      if (idle > 0) this.#tls.setTimeout(silence)
      this.#arm(idle === 0 ? DOT_TIMEOUT : dot ? silence : Math.max(idle * TRICKLE_FACTOR, silence))
    }
    // A refusal that came before EHLO is the reply to it.
    if (this.#lines.waiting !== '') process.nextTick(() => this.#read())
    return this.#tls.write(data, encoding, callback)
  }

  /** Haraka's STARTTLS: the session is encrypted already, so it is done at once. */
  upgrade(_options: unknown, upgraded: Upgraded): void {
    process.nextTick(() => {
      this.#prelude = null
      const { verified, why, certificate } = this.#logged
      const cipher = { ...this.#tls.getCipher(), version: this.#tls.getProtocol() }
      upgraded(verified, why, certificate, cipher)
      this.emit('secure')
    })
  }

  end(data?: string): void {
    if (data === undefined) this.#tls.end()
    else this.#tls.end(data)
  }

  destroy(): void {
    this.writable = false
    this.onEarlyEnd = null
    this.#disarm()
    this.#tls.destroy()
    // Haraka has taken all listeners off by now: a queue file that waits for `drain` would stay open for ever.
    this.#source?.destroy()
  }

  #answer(...lines: string[]): void {
    process.nextTick(() => {
      for (const line of lines) this.emit('line', `${line}\r\n`)
    })
  }

  #take(chunk: Buffer): void {
    try {
      this.#lines.add(chunk)
    } catch (error) {
      return this.#fail(error as Error, 'garbled')
    }
    if (this.#prelude === null) return this.#read()
    // RFC 5321 section 3.8 lets a server say at any time that it closes.
    if (!/^[45]/.test(this.#lines.waiting))
      this.#fail(new Error('the server sent data before a command'), 'garbled')
  }

  #read(): void {
    try {
      for (
        let line = this.#tls.destroyed ? null : this.#lines.next();
        line !== null;
        line = this.#tls.destroyed ? null : this.#lines.next()
      )
        this.#takeLine(line)
    } catch (error) {
      this.#fail(error as Error, 'garbled')
    }
  }

  #takeLine(line: string): void {
    if (this.#replies.asked === 'EHLO' && /^5\d\d/.test(line)) {
      // Haraka goes on with HELO.
      this.#refusal = { code: Number(line.slice(0, 3)), text: line.slice(4) }
    } else this.onEarlyEnd = null
    if (isLast(line)) this.#disarm()
    const reply = this.#replies.take(line, this.#lines.waiting !== '')
    if (!reply.ok) return this.#fail(new Error(`the server sent ${reply.problem}`), 'garbled')
    // RFC 5321 section 4.2 lets a reply be a code alone; Haraka wants the space.
    this.emit('line', /^\d{3}$/.test(reply.line) ? `${reply.line} \r\n` : `${reply.line}\r\n`)
    if (reply.last) this.destroy()
  }

  #earlyEnd(end: Omit<EarlyEnd, 'refusal'>): void {
    const report = this.onEarlyEnd
    this.onEarlyEnd = null
    report?.({ ...end, refusal: this.#refusal })
  }

  #arm(timeout: number): void {
    this.#disarm()
    this.#reply = setTimeout(() => this.#fail(new Error('no complete reply in time'), 'silent'), timeout)
  }

  #disarm(): void {
    if (this.#reply) clearTimeout(this.#reply)
    this.#reply = null
  }

  /** An `error` that nobody listens to any more would end the process; one after QUIT is not heeded. */
  #fail(error: Error, cause: EarlyEnd['cause']): void {
    this.#disarm()
    this.#earlyEnd({ error, cause })
    if (this.listenerCount('error') > 0) this.emit('error', error)
    this.#tls.destroy()
  }
}

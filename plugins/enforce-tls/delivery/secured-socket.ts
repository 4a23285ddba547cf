/**
 * What Haraka's delivery code gets in place of its own socket once TLS is established: lines in, bytes out,
 * and no way to the unencrypted connection. Haraka believes that it does STARTTLS itself, so its greeting,
 * EHLO and STARTTLS are answered here; from the EHLO after that on, every byte goes through TLS.
 *
 * A peer that stops answering, or drips lines without ever ending a reply, ends as an `error` event.
 */
import { EventEmitter } from 'node:events'
import { StringDecoder } from 'node:string_decoder'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { ReplyTurns } from './reply-turns.js'

/** The longest reply line, in characters, and the most lines of a reply that Haraka is given. */
const LINE_MAX = 16_384
const LINES_MAX = 1024
/** A block of the message must be taken within this time (RFC 5321 section 4.5.3.2.5), in ms. */
const BLOCK_TIMEOUT = 3 * 60_000
/** The reply to the final dot has more time (RFC 5321 section 4.5.3.2.6): giving up early doubles mail. */
const DOT_TIMEOUT = 10 * 60_000
/** A reply that trickles in must be complete within this many times of the silence that Haraka allows. */
const TRICKLE_FACTOR = 2

type Upgraded = (authorized: boolean, error: unknown, certificate: object, cipher: object) => void

/** An encrypted session as Haraka's `try_deliver_host_on_socket` uses a socket. */
export class SecuredSocket extends EventEmitter {
  /** For Haraka's log. */
  readonly name: string
  /** Haraka reads it before it sends, and sets it when the peer ends. */
  writable = true
  /** Called before Haraka hears of an end that came before the peer had said a single word. */
  onSilentEnd: (() => void) | null = null

  readonly #tls: TLSSocket
  readonly #idle: number
  readonly #decoder = new StringDecoder('utf8')
  readonly #turns = new ReplyTurns()
  #buffer = ''
  #lines = 0
  #prelude: 'hello' | 'starttls' | 'upgrade' | null = 'hello'
  #reply: NodeJS.Timeout | null = null
  #source: Readable | null = null

  /**
   * @param tls an established session
   * @param idle how long the peer may be silent, in milliseconds: Haraka's own limit
   */
  constructor(tls: TLSSocket, idle: number) {
    super()
    this.#tls = tls
    this.#idle = idle
    this.name = `enforce-tls::${tls.remoteAddress ?? 'socket'}`
    if (idle > 0) tls.setTimeout(idle)
    this.on('pipe', (source: Readable) => (this.#source = source))
    tls.on('data', (chunk: Buffer) => this.#take(chunk))
    tls.on('drain', () => this.emit('drain'))
    tls.on('timeout', () => {
      this.#silentEnd()
      this.emit('timeout')
      // After QUIT nobody heeds it any more.
      this.#tls.destroy()
    })
    tls.on('end', () => {
      this.#flush()
      this.emit('end')
    })
    tls.on('close', (hadError: boolean) => {
      this.#disarm()
      this.#silentEnd()
      this.emit('close', hadError)
    })
    tls.on('error', (error: Error) => this.#fail(error))
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
      this.#playServer()
      callback?.()
      return true
    }
    if (typeof data !== 'string') {
      this.#arm(BLOCK_TIMEOUT)
      return this.#tls.write(data, callback)
    }
    this.#turns.ask(data)
    const dot = data === '.\r\n'
    if (dot && this.#idle > 0) this.#tls.setTimeout(DOT_TIMEOUT)
    this.#arm(dot || this.#idle === 0 ? DOT_TIMEOUT : this.#idle * TRICKLE_FACTOR)
    return this.#tls.write(data, encoding, callback)
  }

  /** Haraka's STARTTLS: the session is encrypted already, so it is done at once. */
  upgrade(_options: unknown, upgraded: Upgraded): void {
    process.nextTick(() => {
      this.#prelude = null
      const cipher = { ...this.#tls.getCipher(), version: this.#tls.getProtocol() }
      upgraded(true, undefined, this.#tls.getPeerCertificate(), cipher)
      this.emit('secure')
    })
  }

  end(data?: string): void {
    if (data === undefined) this.#tls.end()
    else this.#tls.end(data)
  }

  destroy(): void {
    this.writable = false
    this.onSilentEnd = null
    this.#disarm()
    this.#tls.destroy()
    // Haraka has taken all listeners off by now: a queue file that waits for `drain` would stay open for ever.
    this.#source?.destroy()
  }

  /** Answers Haraka's EHLO and STARTTLS in place of the server. */
  #playServer(): void {
    if (this.#prelude === 'hello') {
      this.#prelude = 'starttls'
      this.#answer('250-TLS is established', '250 STARTTLS')
    } else if (this.#prelude === 'starttls') {
      this.#prelude = 'upgrade'
      this.#answer('220 TLS is established')
    }
  }

  #answer(...lines: string[]): void {
    process.nextTick(() => {
      for (const line of lines) this.emit('line', `${line}\r\n`)
    })
  }

  #take(chunk: Buffer): void {
    this.onSilentEnd = null
    if (this.#prelude !== null) return this.#fail(new Error('the peer talks before it was spoken to'))
    this.#buffer += this.#decoder.write(chunk)
    for (let end = this.#buffer.indexOf('\n'); end >= 0; end = this.#buffer.indexOf('\n')) {
      const line = this.#buffer.slice(0, end).replace(/\r$/, '')
      this.#buffer = this.#buffer.slice(end + 1)
      if (!this.#takeLine(line)) return
    }
    if (this.#buffer.length > LINE_MAX)
      this.#fail(new Error(`a reply line of more than ${LINE_MAX} characters`))
  }

  #takeLine(line: string): boolean {
    if (line.length > LINE_MAX || ++this.#lines > LINES_MAX) {
      this.#fail(new Error('a reply beyond all limits'))
      return false
    }
    if (!/^\d{3}-/.test(line)) {
      this.#lines = 0
      this.#disarm()
    }
    const turn = this.#turns.take(line, this.#buffer !== '')
    if (!turn.ok) {
      this.#fail(new Error(`the peer sent ${turn.problem}`))
      return false
    }
    // RFC 5321 section 4.2 lets a reply be a code alone; Haraka wants the space.
    this.emit('line', /^\d{3}$/.test(turn.line) ? `${turn.line} \r\n` : `${turn.line}\r\n`)
    if (turn.last) this.destroy()
    return !this.#tls.destroyed
  }

  #silentEnd(): void {
    const heed = this.onSilentEnd
    this.onSilentEnd = null
    heed?.()
  }

  #flush(): void {
    if (this.#buffer !== '') this.emit('line', this.#buffer)
    this.#buffer = ''
  }

  #arm(patience: number): void {
    this.#disarm()
    this.#reply = setTimeout(() => this.#fail(new Error('no complete reply in time')), patience)
  }

  #disarm(): void {
    if (this.#reply) clearTimeout(this.#reply)
    this.#reply = null
  }

  /** An `error` that nobody listens to any more would end the process; one after QUIT is not heeded. */
  #fail(error: Error): void {
    this.#disarm()
    this.#silentEnd()
    if (this.listenerCount('error') > 0) this.emit('error', error)
    this.#tls.destroy()
  }
}

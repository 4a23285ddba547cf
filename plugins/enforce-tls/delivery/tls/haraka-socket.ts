/**
 * What Haraka's delivery code gets in place of its own socket once TLS is established: lines in, bytes out,
 * and no way to the unencrypted connection. On a fresh session Haraka goes through the prelude, and from the EHLO
 * after that on every byte goes through TLS; on one that has served another message it begins with MAIL.
 *
 * A peer that stops answering, or drips lines without ever ending a reply, ends as an `error` event. What goes wrong
 * on a session that was used before, until the content is on its way, is the session's fault and no event of it.
 */
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { LoggedSession } from './certificate.js'
import type { EarlyEnd } from './handshake-failure.js'
import { NOT_OFFERED, type OnwardMail, type Refusal } from './onward-mail.js'
import { GREETING, Prelude } from './prelude.js'
import { leave, QUIT_TIMEOUT } from './quit.js'
import { isLast, ReplyGuard, ReplyLines, ReplyClock } from './reply-guard.js'

/** A block of the message must be taken within this time (RFC 5321 section 4.5.3.2.5), in ms. */
const BLOCK_TIMEOUT = 3 * 60_000
/** The reply to the final dot has more time (RFC 5321 section 4.5.3.2.6): giving up early doubles mail. */
const DOT_TIMEOUT = 10 * 60_000
/** A reply that trickles in has at least this many times of the silence that Haraka allows. */
const TRICKLE_FACTOR = 2

/** A session that was used before may have died in silence: MAIL is answered within this time, in ms. */
const REUSED_TIMEOUT = 10_000
/** Who takes longer for a reply is left in peace: its session serves no other message, in ms. */
const SLOW = 5000

/** What a session that was used before has to answer to DATA, and to MAIL and RCPT. */
const GO_AHEAD = /^354(?:[ -]|$)/
const DONE = /^2\d\d(?:[ -]|$)/

type Upgraded = (authorized: unknown, error: unknown, certificate: object, cipher: object) => void

/** How long a peer may take, in milliseconds. */
export interface SocketTimeouts {
  /** Without a byte, where Haraka's own limit is enough; 0 for no limit. */
  readonly idle: number
  /** For a whole reply (RFC 5321 section 4.5.3.2), in silence or however it trickles in. */
  readonly reply: number
}

/** Why a session that was used before does not go on. */
export interface StaleSession {
  readonly why: string
  /** Whether the session had ended before; else it may be what the server does with a further message. */
  readonly hasEnded: boolean
}

/** An encrypted session as Haraka's `try_deliver_host_on_socket` uses a socket. */
export class SecuredSocket extends EventEmitter {
  /** For Haraka's log. */
  readonly name: string
  /** Haraka reads it before it sends, and sets it when the peer ends. */
  writable = true
  /** Called once, before Haraka learns of an end that came before the peer had taken EHLO. */
  onEarlyEnd: ((end: EarlyEnd) => void) | null = null
  /** Called when the peer has taken our credentials (RFC 4954 section 6: 235 says nothing else). */
  onAuthenticated: (() => void) | null = null
  /** Called when MAIL goes out: what the peer says from then on may quote the message. */
  onMail: (() => void) | null = null
  /**
   * Set for a session that was used before. Called once, and in place of any event, when it fails or refuses
   * something before the content goes out: the message needs another connection.
   */
  onStale: ((stale: StaleSession) => void) | null = null
  /** Goes out before the first byte of the message. */
  preface: Buffer | null = null
  /** Takes out of what the peer says what nobody may see. */
  clean: (text: string) => string = (text) => text
  /** Called with each line of a reply and what was asked; the session ends where it answers why it is of no use. */
  onLine: ((asked: string | null, line: string) => string | null) | null = null
  /** Says MAIL with REQUIRETLS; `null` where nobody asks for it. */
  onward: OnwardMail | null = null
  /** Called before the session ends because the message has to leave with REQUIRETLS, and cannot. */
  onNotOnward: ((refusal: Refusal) => void) | null = null
  /** Called in place of QUIT when the peer has taken the message and may take another; nobody listens to it then. */
  onServed: (() => void) | null = null

  readonly #tls: TLSSocket
  readonly #timeouts: SocketTimeouts
  readonly #logged: LoggedSession
  readonly #lines = new ReplyLines()
  readonly #replies = new ReplyGuard()
  readonly #clock = new ReplyClock(() => this.#fail(new Error('no complete reply in time'), 'silent'))
  readonly #listeners: Readonly<Record<string, (argument?: unknown) => void>>
  /** Until Haraka believes in TLS. */
  #prelude: Prelude | null = null
  #refusal: EarlyEnd['refusal'] = null
  #source: Readable | null = null
  /** The latest block of the message: the last one goes out with the dot, in one packet. */
  #held: Buffer | null = null
  /** The peer has taken the message, and has nothing else to say. */
  #isServed = false
  /** The session is somebody else's now. */
  #isReleased = false

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
    this.on('pipe', (source: Readable) => {
      this.#source = source
      if (this.preface) this.write(this.preface)
    })
    this.#listeners = {
      data: (chunk) => this.#take(chunk as Buffer),
      drain: () => this.emit('drain'),
      timeout: () => {
        if (this.#stale('it was silent')) return
        this.#earlyEnd({ error: null, cause: 'silent' })
        this.emit('timeout')
        // After QUIT nobody heeds it any more.
        this.#tls.destroy()
      },
      end: () => {
        if (this.#stale('the server closed it', true)) return
        const rest = this.#lines.rest()
        if (rest === '') this.#earlyEnd({ error: null, cause: 'closed' })
        else this.emit('line', this.clean(rest))
        this.emit('end')
      },
      close: (hadError) => {
        this.#clock.stop()
        if (this.#stale('the server closed it', true)) return
        this.#earlyEnd({ error: null, cause: 'closed' })
        this.emit('close', hadError)
      },
      error: (error) => this.#fail(error as Error, 'closed'),
    }
    for (const [event, listener] of Object.entries(this.#listeners)) tls.on(event, listener)
  }

  /** Haraka reads it: whether to begin with MAIL. */
  get __fromPool(): boolean {
    return this.onStale !== null
  }

  /** Begins the conversation on a fresh session; call it once Haraka listens. */
  start(): void {
    this.#prelude = new Prelude()
    this.#answer([GREETING])
  }

  /** The same on a session that was used before, where a Haraka that knows such sessions has said MAIL by now. */
  goOn(): void {
    if (this.#replies.asked === null) this.#stale('this Haraka does not go on with MAIL', true)
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
    if (this.#isReleased) return false
    if (this.#prelude) {
      // In place of the server: nothing that Haraka says before TLS is for anybody else.
      this.#answer(this.#prelude.answer())
      callback?.()
      return true
    }
    if (typeof data !== 'string') {
      const goesOn = this.#sendHeld()
      this.#held = data
      callback?.()
      return goesOn
    }
    const command = this.onward ? this.onward.command(data) : data
    if (command === null) {
      // Haraka is in the middle of saying it.
      process.nextTick(() => this.#notOnward({ why: NOT_OFFERED }))
      return false
    }
    this.#replies.ask(command)
    if (this.#replies.asked === 'MAIL') this.onMail?.()
    if (this.#replies.asked === 'QUIT' && this.#serveAnother()) {
      callback?.()
      return true
    }
    this.#isServed = false
    this.#expectReply(this.#replies.asked)
    // A refusal that came before EHLO is the reply to it.
    if (this.#lines.waiting !== '') process.nextTick(() => this.#read())
    this.#tls.cork()
    this.#sendHeld()
    const goesOn = this.#tls.write(command, encoding, callback)
    this.#tls.uncork()
    return goesOn
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
    if (this.#isReleased) return
    if (data === undefined) this.#tls.end()
    else this.#tls.end(data)
  }

  destroy(): void {
    this.writable = false
    this.onEarlyEnd = null
    this.onStale = null
    this.#clock.stop()
    if (!this.#isReleased) this.#tls.destroy()
    // Haraka has taken all listeners off by now: a queue file that waits for `drain` would stay open for ever.
    this.#source?.destroy()
  }

  /** @returns whether more may come at once */
  #sendHeld(): boolean {
    const held = this.#held
    if (!held) return true
    this.#held = null
    // The dot that comes with the last block has a clock of its own.
    if (this.#replies.asked === null) this.#clock.start(BLOCK_TIMEOUT)
    return this.#tls.write(held)
  }

  #answer(lines: readonly string[]): void {
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
    if (!this.#prelude) return this.#read()
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
        this.#takeLine(this.clean(line))
    } catch (error) {
      this.#fail(error as Error, 'garbled')
    }
  }

  #takeLine(line: string): void {
    const { asked } = this.#replies
    if (this.onStale) {
      // Whatever else it says may be a reply to something before this message, or no reply at all.
      if (!(asked === 'DATA' ? GO_AHEAD : DONE).test(line))
        return void this.#stale(`the server answered ${asked ?? 'nothing'} with ${line}`)
      // The content goes out from here on, once.
      if (asked === 'DATA' && isLast(line)) this.onStale = null
    }
    const onward = this.onward?.reply(line)
    if (onward?.is === 'unfit') return this.#notOnward(onward.refusal)
    const unfit = this.onLine?.(asked, line) ?? null
    if (unfit !== null) {
      this.onEarlyEnd = null
      return this.#fail(new Error(`the server ${unfit}`), 'garbled')
    }
    if (asked === 'EHLO' && /^5\d\d/.test(line)) {
      // Haraka goes on with HELO.
      this.#refusal = { code: Number(line.slice(0, 3)), text: line.slice(4) }
    } else this.onEarlyEnd = null
    if (isLast(line)) this.#clock.stop()
    if (line.startsWith('235')) this.onAuthenticated?.()
    const more = this.#lines.waiting !== ''
    const reply = this.#replies.take(line, more)
    if (!reply.ok) return this.#fail(new Error(`the server sent ${reply.problem}`), 'garbled')
    if (onward?.is === 'kept') return
    if (onward?.is === 'again') return this.#again(onward.command)
    this.#isServed = asked === '.' && line.startsWith('2') && isLast(line) && !more
    // RFC 5321 section 4.2 lets a reply be a code alone; Haraka wants the space.
    this.emit('line', /^\d{3}$/.test(reply.line) ? `${reply.line} \r\n` : `${reply.line}\r\n`)
    if (reply.last) this.destroy()
  }

  /** The server has refused a parameter; it gets the same command without. */
  #again(command: string): void {
    this.#replies.ask(command)
    this.#expectReply(this.#replies.asked)
    this.#tls.write(command)
  }

  /** The message must leave with REQUIRETLS, and cannot: it goes on to another server (RFC 8689 section 4.2.1). */
  #notOnward(refusal: Refusal): void {
    const { why } = refusal
    if (this.#isReleased || this.#stale(why)) return
    this.onEarlyEnd = null
    this.onNotOnward?.(refusal)
    this.#clock.stop()
    const listeners = this.listeners('error') as ((error: Error) => void)[]
    const tls = this.#tls
    this.#release()
    leave(tls)
    for (const listener of listeners) listener(new Error(`the server ${why}`))
  }

  #expectReply(asked: string | null): void {
    const { idle, reply } = this.#timeouts
    // After QUIT nothing is waited for that anybody needs, whatever the peer sends.
    if (asked === 'QUIT') return this.#clock.start(QUIT_TIMEOUT)
    const silence = asked === '.' ? DOT_TIMEOUT : Math.max(idle, reply)
    if (idle > 0) this.#tls.setTimeout(silence)
    const limit =
      idle === 0 ? DOT_TIMEOUT : asked === '.' ? silence : Math.max(idle * TRICKLE_FACTOR, silence)
    this.#clock.start(this.onStale && asked === 'MAIL' ? Math.min(REUSED_TIMEOUT, limit) : limit)
  }

  /** Lets go of a session that may serve another message. @returns whether it may */
  #serveAnother(): boolean {
    const served = this.onServed
    if (!served || !this.#isServed || this.#tls.destroyed || this.#clock.longest > SLOW) return false
    this.#release()
    served()
    return true
  }

  /** From here on nothing that happens on the session is known here. */
  #release(): void {
    this.writable = false
    this.#clock.stop()
    this.onEarlyEnd = null
    this.onStale = null
    this.onServed = null
    this.#isReleased = true
    this.#tls.setTimeout(0)
    for (const [event, listener] of Object.entries(this.#listeners)) this.#tls.off(event, listener)
    this.removeAllListeners()
  }

  /** Ends a session that was used before. @returns whether it is one whose failure is its own */
  #stale(why: string, hasEnded = false): boolean {
    const report = this.onStale
    if (!report) return false
    const tls = this.#tls
    this.#release()
    if (tls.writable && !tls.destroyed) leave(tls)
    else tls.destroy()
    report({ why, hasEnded })
    return true
  }

  #earlyEnd(end: Omit<EarlyEnd, 'refusal'>): void {
    const report = this.onEarlyEnd
    this.onEarlyEnd = null
    report?.({ ...end, refusal: this.#refusal })
  }

  /** An `error` that nobody listens to any more would end the process; one after QUIT is not heeded. */
  #fail(error: Error, cause: EarlyEnd['cause']): void {
    this.#clock.stop()
    error.message = this.clean(error.message)
    if (this.#stale(error.message, cause === 'closed')) return
    this.#earlyEnd({ error, cause })
    if (this.listenerCount('error') > 0) this.emit('error', error)
    this.#tls.destroy()
  }
}

/**
 * An SMTP conversation of one command, one reply, strictly in turn: the unencrypted part of a session, from
 * the greeting to the reply to STARTTLS, and what a check asks inside TLS. Owns the socket's events until it
 * hands the socket on. Each reply has a time to be complete in, however it drips, and a size; everything that
 * can go wrong is an `AttemptFailure`, thrown as a `DialogueError`.
 */
import type { Socket } from 'node:net'
import { BAD_CONNECTION, otherFailure, tlsFailure, type AttemptFailure } from '../outcome.js'
import { leave } from './quit.js'
import { ReplyError, ReplyReader, type Reply, type ReplyLimits } from './smtp-reply.js'
import { errorMessage } from '../../text/error-message.js'

/** Ends the session; the failure says why. */
export class DialogueError extends Error {
  readonly code = 'DIALOGUE'
  constructor(readonly failure: AttemptFailure) {
    super(failure.detail)
    this.name = 'DialogueError'
  }
}

/** What the failures of a conversation are. */
export interface DialogueFailures {
  /** The connection ended. @param error `null` where the server closed it in order */
  readonly ended: (step: string, error: Error | null) => AttemptFailure
  /** The bytes are no SMTP reply, or more than was asked for. */
  readonly garbled: (what: string, gibberish: boolean) => AttemptFailure
  readonly late: (step: string) => AttemptFailure
}

/** Before TLS: what is no SMTP makes TLS impossible. */
const IN_THE_CLEAR: DialogueFailures = {
  ended: (step, error) =>
    otherFailure(
      error ? `lost the connection at ${step}: ${error.message}` : `closed the connection at ${step}`,
      {
        status: BAD_CONNECTION,
      },
    ),
  garbled: (what) => tlsFailure('handshake-failure', what),
  // Before the server has agreed to TLS, silence says nothing about TLS: it may just be busy.
  late: (step) => tlsFailure('handshake-failure', `did not send ${step} in time`, { temporary: true }),
}

/** Type and major version of an alert record. */
const TLS_ALERT = Buffer.from([0x15, 0x03])

interface Waiting {
  resolve(reply: Reply): void
  reject(error: DialogueError): void
  readonly timer: NodeJS.Timeout
}

/** The conversation over one connected socket. */
export class Dialogue {
  readonly #socket: Socket
  readonly #failures: DialogueFailures
  readonly #reader: ReplyReader
  #waiting: Waiting | null = null
  #ended: DialogueError | null = null
  #step = 'the greeting'

  readonly #onData = (chunk: Buffer): void => {
    this.#take(chunk)
  }
  readonly #onEnd = (): void => {
    this.#end(this.#failures.ended(this.#step, null))
  }
  readonly #onError = (error: Error): void => {
    this.#end(this.#failures.ended(this.#step, error))
  }

  /** @param socket connected; nobody else may listen to its data any more */
  constructor(socket: Socket, failures = IN_THE_CLEAR, limits?: ReplyLimits) {
    this.#socket = socket
    this.#failures = failures
    this.#reader = new ReplyReader(limits)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
    socket.on('error', this.#onError)
  }

  /** Whether bytes came that no command asked for. */
  get unasked(): boolean {
    return this.#reader.waiting > 0
  }

  /** Whether what came unasked is a TLS alert record (RFC 8446 section 6): no injection, but a refusal. */
  get unaskedAlert(): boolean {
    return this.#reader.startsWith(TLS_ALERT)
  }

  /** Whether what came unasked is a refusal, which a server may send at any time (RFC 5321 section 3.8). */
  get unaskedRefusal(): boolean {
    return this.#reader.startsWith(Buffer.from('4')) || this.#reader.startsWith(Buffer.from('5'))
  }

  /** The next reply. @param timeout for all of it, in milliseconds */
  reply(timeout: number): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#ended && !this.unasked) return reject(this.#ended)
      const timer = setTimeout(() => this.#end(this.#failures.late(this.#step)), timeout)
      this.#waiting = { resolve, reject, timer }
      if (this.unasked) this.#read(Buffer.alloc(0))
    })
  }

  /**
   * Sends a command and gives the reply to it.
   *
   * @param timeout for all of it, in milliseconds
   * @param name what failures call it, where its own first word is nobody's business
   */
  async command(line: string, timeout: number, name = line.split(' ', 1)[0] ?? line): Promise<Reply> {
    // A reply that is there before its command would shift every later one by a step.
    if (this.unasked)
      throw new DialogueError(this.#failures.garbled(`sent more than ${this.#step} asked for`, false))
    this.#step = `the reply to ${name}`
    if (!this.#ended) this.#socket.write(`${line}\r\n`)
    return this.reply(timeout)
  }

  /** @throws {DialogueError} when the session has ended while nobody waited for a reply. */
  assertOpen(): void {
    if (this.#ended) throw this.#ended
  }

  /** Lets the socket go; its next reader gets every byte from here on. */
  release(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    // A late error of a socket that nobody listens to would end the process.
    this.#socket.on('error', () => undefined)
    this.#socket.off('error', this.#onError)
  }

  /** Leaves with QUIT; the socket is closed in the end. */
  quit(): void {
    this.release()
    leave(this.#socket)
  }

  #take(chunk: Buffer): void {
    if (this.#waiting) return this.#read(chunk)
    // That lasts no longer than a turn of the event loop: whoever asks for nothing more lets the socket go.
    this.#reader.hold(chunk)
  }

  #read(chunk: Buffer): void {
    try {
      const reply = this.#reader.push(chunk)
      if (reply) this.#settle()?.resolve(reply)
    } catch (error) {
      const gibberish = error instanceof ReplyError && error.gibberish
      const what = errorMessage(error)
      this.#end(this.#failures.garbled(`sent ${what} at ${this.#step}`, gibberish))
    }
  }

  #end(failure: AttemptFailure): void {
    this.#ended ??= new DialogueError(failure)
    this.#settle()?.reject(this.#ended)
  }

  #settle(): Waiting | null {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) clearTimeout(waiting.timer)
    return waiting
  }
}

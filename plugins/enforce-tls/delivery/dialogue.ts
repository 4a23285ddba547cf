/**
 * The unencrypted part of an SMTP session, from the greeting to the reply to STARTTLS: one command, one
 * reply, strictly in turn. Owns the socket's events until it hands the socket on. Everything that can go
 * wrong is an `AttemptFailure`, thrown as a `DialogueError`.
 */
import type { Socket } from 'node:net'
import { BAD_CONNECTION, otherFailure, tlsFailure, type AttemptFailure } from './outcome.js'
import { ReplyError, ReplyReader, type Reply } from './smtp-reply.js'

/** Ends the session; the failure says why. */
export class DialogueError extends Error {
  readonly code = 'DIALOGUE'
  constructor(readonly failure: AttemptFailure) {
    super(failure.detail)
    this.name = 'DialogueError'
  }
}

/** Type and major version of an alert record. */
const TLS_ALERT = Buffer.from([0x15, 0x03])

/** The conversation over one connected socket. */
export class Dialogue {
  readonly #socket: Socket
  readonly #reader = new ReplyReader()
  #waiting: { resolve(reply: Reply): void; reject(error: DialogueError): void } | null = null
  #early: Reply | null = null
  #ended: DialogueError | null = null
  #step = 'the greeting'

  readonly #onData = (chunk: Buffer): void => {
    this.#take(chunk)
  }
  readonly #onEnd = (): void => {
    this.#end(otherFailure(`closed the connection at ${this.#step}`, { status: BAD_CONNECTION }))
  }
  readonly #onError = (error: Error): void => {
    this.#end(otherFailure(`connection lost at ${this.#step}: ${error.message}`, { status: BAD_CONNECTION }))
  }

  /** @param socket connected; nobody else may listen to its data any more */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
    socket.on('error', this.#onError)
  }

  /** Whether bytes came that no command asked for. */
  get unasked(): boolean {
    return this.#early !== null || this.#reader.waiting > 0
  }

  /** Whether what came unasked is a TLS alert record (RFC 8446 section 6): no injection, but a refusal. */
  get unaskedAlert(): boolean {
    return this.#early === null && this.#reader.startsWith(TLS_ALERT)
  }

  /** The next reply. */
  reply(): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      if (this.#early) {
        resolve(this.#early)
        this.#early = null
        return
      }
      this.#waiting = { resolve, reject }
    })
  }

  /** Sends a command and gives the reply to it. */
  async command(line: string): Promise<Reply> {
    // A reply that is there before its command would shift every later one by a step.
    if (this.unasked)
      throw new DialogueError(tlsFailure('handshake-failure', `sent more than ${this.#step} asked for`))
    this.#step = `the reply to ${line.split(' ', 1)[0] ?? line}`
    this.#socket.write(`${line}\r\n`)
    return this.reply()
  }

  /** @throws {DialogueError} when the session has ended while nobody waited for a reply. */
  assertOpen(): void {
    if (this.#ended) throw this.#ended
  }

  /** Ends the session from outside, as when its time is up. */
  abort(failure: (step: string) => AttemptFailure): void {
    this.#end(failure(this.#step))
  }

  /** Lets the socket go; its next reader gets every byte from here on. */
  release(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    this.#socket.off('error', this.#onError)
  }

  #take(chunk: Buffer): void {
    let reply: Reply | null
    try {
      reply = this.#reader.push(chunk)
    } catch (error) {
      // What nobody waits for is looked at as a whole when its time comes.
      if (!this.#waiting) return
      const what = error instanceof ReplyError ? error.message : String(error)
      this.#end(tlsFailure('handshake-failure', `sent ${what} at ${this.#step}`))
      return
    }
    if (!reply) return
    if (!this.#waiting) {
      this.#early = reply
      return
    }
    this.#waiting.resolve(reply)
    this.#waiting = null
  }

  #end(failure: AttemptFailure): void {
    this.#ended ??= new DialogueError(failure)
    this.#waiting?.reject(this.#ended)
    this.#waiting = null
  }
}

/**
 * One connection of a test peer: reads lines in the clear and inside TLS, records all of them, and answers
 * each with the step that the behaviour names. A step that throws ends the connection and is reported to the
 * peer; sending to a client that has gone is silently nothing.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { PeerBehaviour, Reply, StepName } from './peer-behaviour.js'
import { defaultReply } from './peer-defaults.js'
import type { ConnectionRecord, MessageRecord } from './peer-record.js'
import { TlsRecordTap } from './tls-record-tap.js'
import { until } from './until.js'

const VERBS = 'EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT'.split(' ')

export interface SessionContext {
  readonly record: ConnectionRecord
  readonly behaviour: PeerBehaviour
  /** TLS options of the peer with its shared secure context, so that sessions can be resumed. */
  readonly tls: TLSSocketOptions
  readonly failed: (error: unknown) => void
}

export class PeerSession {
  readonly record: ConnectionRecord
  readonly behaviour: PeerBehaviour
  /** Of the transaction in progress. */
  mailFrom = ''
  requiretls = false
  recipients: string[] = []
  readonly #socket: Socket
  readonly #context: SessionContext
  readonly #tap = new TlsRecordTap()
  readonly #early: Buffer[] = []
  #pipe: Duplex | undefined
  #secure: TLSSocket | undefined
  #starttlsSeen = false
  #step: StepName = 'connect'
  #line = ''
  #clearRest = ''
  #secureRest = ''
  #messageLines: string[] | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(socket: Socket, context: SessionContext) {
    this.#socket = socket
    this.#context = context
    this.record = context.record
    this.behaviour = context.behaviour
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('error', () => undefined)
    socket.on('end', () => this.#pipe?.push(null))
    socket.on('close', () => {
      this.record.closed = true
      this.#pipe?.destroy()
    })
    this.#enqueue('connect', '')
  }

  /** Number of the connection, from 1. */
  get number(): number {
    return this.record.number
  }

  get secure(): boolean {
    return this.#secure !== undefined
  }

  get closed(): boolean {
    return this.record.closed
  }

  /** Sends lines in one packet. */
  send(...lines: string[]): void {
    this.raw(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Sends bytes as they are, inside TLS if there is any. */
  raw(bytes: string | Buffer): void {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes
    const text = buffer.toString('utf8')
    if (this.#step === 'DATA' && text.startsWith('354')) this.#messageLines = []
    for (const line of text.split(/\r?\n/)) {
      if (line !== '') this.record.transcript.push(`S${this.secure ? '(tls)' : ''}: ${line.slice(0, 200)}`)
    }
    const out = this.#secure ?? this.#socket
    if (out.writable) out.write(buffer)
  }

  /** Sends bytes past TLS, straight into the TCP connection. */
  rawPastTls(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Sends lines one by one, each `everyMs` after the other, until done or the client has gone. */
  async drip(lines: Iterable<string>, everyMs: number): Promise<void> {
    for (const line of lines) {
      if (this.closed) return
      this.send(line)
      await pause(everyMs)
    }
  }

  /** For behaviour that is a matter of time. */
  async pause(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { ref: false })
  }

  /** Resolves when the client has sent the first bytes of a TLS handshake, or has gone. */
  async clientHello(): Promise<void> {
    await until(() => this.closed || this.record.tlsBytes > 0, { what: 'a ClientHello', timeout: 60_000 })
  }

  /** Does what the step does by default. */
  async proceed(): Promise<void> {
    await this.reply(defaultReply(this, this.#step))
  }

  /** Does the `handshake` step: the behaviour's own, or a TLS handshake. */
  async handshake(): Promise<void> {
    await this.#run('handshake', this.#line)
  }

  /** Starts TLS as a server; what follows arrives inside TLS. A failed handshake is recorded. */
  upgrade(options: TLSSocketOptions = {}): void {
    const pipe = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#socket.writable) this.#socket.write(chunk, done)
        else done(new Error('the client has gone'))
      },
      final: (done) => void this.#socket.end(done),
      destroy: (error, done) => {
        this.#socket.destroySoon()
        done(error)
      },
    })
    pipe.on('error', () => undefined)
    const secure = new TLSSocket(pipe, { ...this.#context.tls, ...options, isServer: true })
    const noteError = (error: Error): void => {
      this.record.tlsError ??= error.message
    }
    secure.on('error', noteError)
    secure.on('_tlsError', noteError)
    secure.on('close', () => this.#socket.destroySoon())
    secure.on('secure', () => {
      this.#secure = secure
      this.mailFrom = ''
      this.recipients = []
      this.record.tls = {
        protocol: secure.getProtocol() ?? '',
        cipher: secure.getCipher().name,
        // A server that was told no name says false here, against its type.
        servername: (secure as { servername?: string | false }).servername || undefined,
        resumed: secure.isSessionReused(),
      }
    })
    secure.on('data', (chunk: Buffer) => {
      this.#secureRest = this.#takeLines(this.#secureRest + chunk.toString('latin1'), true)
    })
    this.#pipe = pipe
    for (const chunk of this.#early.splice(0)) pipe.push(chunk)
  }

  /** Resolves when the steps of all lines so far are done. */
  async settled(): Promise<void> {
    await this.#work
  }

  /** Marks the last message as accepted, for `message` steps that send their replies themselves. */
  accept(recipients: readonly string[] = this.recipients): void {
    const message = this.record.messages.at(-1)
    if (message) message.acceptedFor = [...message.acceptedFor, ...recipients]
  }

  /** Ends the connection in order: close_notify inside TLS, then FIN. */
  end(): void {
    ;(this.#secure ?? this.#socket).end()
  }

  /** Closes the TCP connection without a word on any higher level. */
  cut(): void {
    this.#socket.destroy()
  }

  /** Closes the connection with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  #received(chunk: Buffer): void {
    const { tls, clear } = this.#starttlsSeen ? this.#tap.sort(chunk) : { tls: Buffer.alloc(0), clear: chunk }
    this.record.tlsBytes += tls.length
    if (this.#pipe) this.#pipe.push(chunk)
    else if (tls.length > 0) this.#early.push(tls)
    if (clear.length === 0) return
    this.#clearRest = this.#takeLines(this.#clearRest + clear.toString('latin1'), false)
    this.record.addClearBytes(clear, this.#clearRest.length)
  }

  /** Works off whole lines and gives back what is left of an unfinished one. */
  #takeLines(text: string, secure: boolean): string {
    const lines = text.split(/(?<=\n)/)
    const rest = lines.at(-1)?.endsWith('\n') === false ? (lines.pop() ?? '') : ''
    for (const line of lines) this.#takeLine(line, secure)
    return rest
  }

  #takeLine(line: string, secure: boolean): void {
    const inMessage = this.#messageLines !== undefined
    const { verb } = this.record.addLine(line, secure, inMessage)
    // Once TLS was started a line in the clear is evidence, not a command.
    if (!secure && this.#pipe) return
    if (this.#messageLines === undefined) {
      if (verb === 'STARTTLS') this.#starttlsSeen = true
      this.#enqueue(VERBS.includes(verb) ? (verb as StepName) : 'other', line.trimEnd())
    } else if (/^\.\r?\n$/.test(line)) {
      this.#finishMessage(this.#messageLines, secure)
      this.#messageLines = undefined
      this.#enqueue('message', '.')
    } else {
      this.#messageLines.push(line.replace(/^\./, ''))
    }
  }

  #finishMessage(lines: readonly string[], secure: boolean): void {
    const message: MessageRecord = {
      from: this.mailFrom,
      to: [...this.recipients],
      acceptedFor: [],
      data: Buffer.from(lines.join(''), 'latin1').toString('utf8'),
      secure,
      requiretls: this.requiretls,
      tls: secure ? this.record.tls : undefined,
      connection: this.number,
    }
    this.record.messages.push(message)
  }

  #enqueue(step: StepName, line: string): void {
    this.#work = this.#work
      .then(() => this.#run(step, line))
      .catch((error: unknown) => {
        this.#context.failed(error)
        this.cut()
      })
  }

  async #run(step: StepName, line: string): Promise<void> {
    this.#step = step
    this.#line = line
    const { on, onSecure } = this.behaviour
    const own = (this.secure ? onSecure?.[step] : undefined) ?? on?.[step]
    await this.reply(own ?? defaultReply(this, step))
  }

  /** Answers the step in progress, and goes on as the reply promises: a 220 to STARTTLS starts the handshake. */
  async reply(reply: Reply): Promise<void> {
    if (typeof reply === 'function') {
      await reply(this, this.#line)
      return
    }
    const text = typeof reply === 'string' ? reply : reply.join('\r\n')
    this.#note(text)
    this.raw(`${text}\r\n`)
    if (this.#step === 'STARTTLS' && text.startsWith('220')) await this.handshake()
    if (this.#step === 'QUIT') this.end()
  }

  /** Keeps the envelope in step with the replies. */
  #note(reply: string): void {
    if (!reply.startsWith('2')) return
    if (this.#step === 'MAIL') {
      this.mailFrom = addressIn(this.#line)
      this.requiretls = /> .*\bREQUIRETLS\b/.test(this.#line)
      this.recipients = []
    }
    if (this.#step === 'RCPT') this.recipients.push(addressIn(this.#line))
    if (this.#step === 'message') this.accept()
    if (this.#step === 'RSET') this.recipients = []
  }
}

/** The address between the angle brackets of a MAIL or RCPT command. */
export function addressIn(line: string): string {
  return Buffer.from(/<([^>]*)>/.exec(line)?.[1] ?? '', 'latin1').toString('utf8')
}

/**
 * What a test peer has seen on one connection, told apart by whether it arrived in the clear or inside TLS;
 * only ever added to, so that a test can assert on it at any time.
 */

/** Commands that give nothing of a message away; everything else in the clear counts as cleartext. */
const INNOCENT = /^(?:(?:EHLO|LHLO|HELO) \S+|STARTTLS|QUIT|NOOP|RSET)\r?\n$/i

export interface CommandRecord {
  /** Upper case; `(message)` for the lines of a message. */
  readonly verb: string
  readonly line: string
  readonly secure: boolean
}

export interface TlsRecord {
  /** `TLSv1.3` */
  readonly protocol: string
  readonly cipher: string
  /** The server name that the client sent, undefined if it sent none. */
  readonly servername: string | undefined
  readonly resumed: boolean
}

export interface MessageRecord {
  readonly from: string
  /** Recipients that were accepted at RCPT. */
  readonly to: readonly string[]
  /** Recipients that the message was accepted for in the end; none if the peer refused it or never answered. */
  acceptedFor: readonly string[]
  /** The message with CRLF line ends and without dot-stuffing. */
  readonly data: string
  readonly secure: boolean
  /** Whether MAIL came with REQUIRETLS. */
  readonly requiretls: boolean
  readonly tls: TlsRecord | undefined
  /** Number of the connection, from 1. */
  readonly connection: number
}

export class ConnectionRecord {
  readonly commands: CommandRecord[] = []
  /** Every message whose final dot arrived, accepted or not. */
  readonly messages: MessageRecord[] = []
  /** The dialogue for a person to read, `C:` in the clear, `C(tls):` inside TLS, `S:` likewise. */
  readonly transcript: string[] = []
  tls: TlsRecord | undefined
  /** Why the handshake or the TLS session failed. */
  tlsError: string | undefined
  /** Bytes of TLS records received, handshake included. */
  tlsBytes = 0
  closed = false
  readonly #clear: Buffer[] = []
  #innocentBytes = 0
  #partialLineBytes = 0

  constructor(
    /** From 1, in the order of arrival. */
    readonly number: number,
  ) {}

  /** Everything that arrived in the clear. */
  get clearBytes(): Buffer {
    return Buffer.concat(this.#clear)
  }

  /** Bytes in the clear other than those of greetings, STARTTLS, NOOP, RSET and QUIT. */
  get clearBytesAfterEhlo(): number {
    return this.#clear.reduce((sum, chunk) => sum + chunk.length, 0) - this.#innocentBytes
  }

  /** Verbs of the lines that those bytes are. */
  cleartextAfterEhlo(): string[] {
    const verbs = this.commands.filter(({ secure, line }) => !secure && !INNOCENT.test(line))
    return [...verbs.map(({ verb }) => verb), ...(this.#partialLineBytes > 0 ? ['(partial line)'] : [])]
  }

  verbs(where: 'clear' | 'tls'): string[] {
    return this.commands.filter(({ secure }) => secure === (where === 'tls')).map(({ verb }) => verb)
  }

  addClearBytes(chunk: Buffer, partialLineBytes: number): void {
    this.#clear.push(chunk)
    this.#partialLineBytes = partialLineBytes
  }

  addLine(line: string, secure: boolean, inMessage: boolean): CommandRecord {
    const verb = inMessage ? '(message)' : (/^[A-Za-z]+/.exec(line)?.[0].toUpperCase() ?? '(unreadable)')
    const command = { verb, line, secure }
    this.commands.push(command)
    this.transcript.push(`C${secure ? '(tls)' : ''}: ${line.trimEnd()}`)
    if (!secure && !inMessage && INNOCENT.test(line)) this.#innocentBytes += Buffer.byteLength(line, 'latin1')
    return command
  }
}

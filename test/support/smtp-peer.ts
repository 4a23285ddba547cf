/**
 * A receiving mail server on loopback whose behaviour is data, and that remembers all that it was sent;
 * `close()` rejects if a step of the behaviour threw, because then the test is wrong.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, type TLSSocketOptions } from 'node:tls'
import { selfSigned, type KeyAndCertificate } from './certificates.js'
import type { PeerBehaviour } from './peer-behaviour.js'
import { DEFAULT_HOSTNAME } from './peer-defaults.js'
import { ConnectionRecord, type MessageRecord } from './peer-record.js'
import { PeerSession } from './peer-session.js'
import { until } from './until.js'

export interface PeerOptions extends PeerBehaviour {
  /** Listens on a unix socket instead of TCP. */
  readonly path?: string
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** @default a free one */
  readonly port?: number
}

/** An MX host as Haraka's get_mx hook gives it. */
export interface Route {
  readonly exchange?: string
  readonly port?: number
  readonly priority: number
  readonly from_dns?: string
  readonly using_lmtp?: boolean
  readonly path?: string
  readonly auth_user?: string
  readonly auth_pass?: string
}

const ownCertificates = new Map<string, Promise<KeyAndCertificate>>()

export async function startPeer(options: PeerOptions = {}): Promise<SmtpPeer> {
  const peer = new SmtpPeer(options)
  await peer.behave(options)
  await peer.comeBack()
  return peer
}

export class SmtpPeer implements AsyncDisposable {
  readonly connections: ConnectionRecord[] = []
  readonly #where: { path: string } | { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  readonly #sessions: PeerSession[] = []
  readonly #errors: unknown[] = []
  #behaviour: PeerBehaviour = {}
  #tls: TLSSocketOptions = {}
  #server: Server | undefined
  #port: number
  #mostOpen = 0

  /** Not listening yet: use `startPeer`. */
  constructor({ path, host = '127.0.0.1', port = 0 }: PeerOptions) {
    this.#port = port
    this.#where = path === undefined ? { host, port } : { path }
  }

  /** How many connections were open at once at most. */
  get mostOpen(): number {
    return this.#mostOpen
  }

  get port(): number {
    return this.#port
  }

  /** Messages that were accepted for at least one recipient. */
  get messages(): MessageRecord[] {
    return this.received.filter(({ acceptedFor }) => acceptedFor.length > 0)
  }

  /** Messages whose final dot arrived, accepted or not. */
  get received(): MessageRecord[] {
    return this.connections.flatMap(({ messages }) => messages)
  }

  /** Verbs received in the clear that give something of a message away; must be empty where TLS is enforced. */
  cleartextAfterEhlo(): string[] {
    return this.connections.flatMap((connection) => connection.cleartextAfterEhlo())
  }

  /** How many bytes that was, lines of messages and unfinished lines included. */
  clearBytesAfterEhlo(): number {
    return this.connections.reduce((sum, { clearBytesAfterEhlo }) => sum + clearBytesAfterEhlo, 0)
  }

  /** The dialogues of all connections, for messages of failed assertions. */
  transcript(): string {
    return this.connections
      .map(({ number, transcript }) => [`connection ${number}`, ...transcript].join('\n'))
      .join('\n\n')
  }

  /** Behaves like this from the next connection on. */
  async behave(behaviour: PeerBehaviour): Promise<void> {
    const { hostname = DEFAULT_HOSTNAME } = behaviour
    const own = behaviour.tls?.cert ?? behaviour.tls?.pfx
    const certificate = own ? {} : await ownCertificate(hostname)
    const options = { ...certificate, ...behaviour.tls }
    const { SNICallback, requestCert = false, rejectUnauthorized = false, ALPNProtocols } = options
    this.#behaviour = behaviour
    this.#tls = {
      secureContext: createSecureContext({ sessionIdContext: 'smtp-peer', ...options }),
      requestCert,
      rejectUnauthorized,
      ...(SNICallback && { SNICallback }),
      ...(ALPNProtocols && { ALPNProtocols }),
    }
  }

  /** The MX entry of this peer for Haraka's routes. */
  route({ name = 'mx.peer.example', priority = 0 }: { name?: string; priority?: number } = {}): Route {
    const lmtp = this.#behaviour.lmtp === true ? { using_lmtp: true } : {}
    if ('path' in this.#where) return { path: this.#where.path, priority, ...lmtp }
    return { exchange: this.#where.host, port: this.#port, priority, from_dns: name, ...lmtp }
  }

  async waitForMessages(count = 1, timeout = 15_000): Promise<MessageRecord[]> {
    await until(() => this.messages.length >= count, {
      timeout,
      what: () => this.#wanted(`${count} messages`),
    })
    return this.messages
  }

  async waitForConnections(count = 1, timeout = 15_000): Promise<ConnectionRecord[]> {
    await until(() => this.connections.length >= count, {
      timeout,
      what: () => this.#wanted(`${count} connections`),
    })
    return this.connections
  }

  async waitForCommand(verb: string, timeout = 15_000): Promise<void> {
    const seen = (): boolean =>
      this.connections.some(({ commands }) => commands.some((command) => command.verb === verb))
    await until(seen, { timeout, what: () => this.#wanted(verb) })
  }

  /** Waits until every connection so far has been closed. */
  async waitForSilence(timeout = 15_000): Promise<void> {
    await until(() => this.connections.every(({ closed }) => closed), {
      timeout,
      what: () => this.#wanted('all connections to be closed'),
    })
  }

  /** Waits until every session has done all that it was asked, and what its step does then. */
  async settled(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.settled()))
  }

  /** Refuses connections from now on and cuts the open ones; `comeBack()` listens on the same port again. */
  async goDown(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (!server?.listening) return
    server.close()
    await once(server, 'close')
  }

  async comeBack(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket))
    server.listen('path' in this.#where ? this.#where : { ...this.#where, port: this.#port })
    await once(server, 'listening')
    if (!('path' in this.#where)) this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async close(): Promise<void> {
    await this.goDown()
    const [error] = this.#errors.splice(0)
    if (error !== undefined) throw new Error('a step of the SMTP peer threw', { cause: error })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const record = new ConnectionRecord(this.connections.length + 1)
    this.connections.push(record)
    this.#mostOpen = Math.max(this.#mostOpen, this.connections.filter(({ closed }) => !closed).length)
    const session = new PeerSession(socket, {
      record,
      behaviour: this.#behaviour,
      tls: this.#tls,
      failed: (error) => this.#errors.push(error),
    })
    this.#sessions.push(session)
  }

  #wanted(what: string): string {
    return `the SMTP peer to get ${what}; so far:\n${this.transcript()}`
  }
}

/** Made once for each name: keys take time. */
function ownCertificate(hostname: string): Promise<KeyAndCertificate> {
  const made = ownCertificates.get(hostname) ?? selfSigned({ dnsNames: [hostname] })
  ownCertificates.set(hostname, made)
  return made
}

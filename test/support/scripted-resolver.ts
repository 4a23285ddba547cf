/**
 * A DNS resolver on loopback, over UDP and TCP, that does as a script says, be it what no resolver should do. It
 * validates, that is: it answers the question for the root zone with AD, unless the script takes that one, too.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { decode, encode, type Answer, type DecodedPacket } from 'dns-packet'
import type { Resolver } from '../../plugins/enforce-tls/dns/resolver-list.js'

/** What a reply says; by default that the name has no such records. */
export interface ReplyParts {
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
  readonly additionals?: readonly Answer[]
  readonly rcode?: number
  /** Authentic data. @default true */
  readonly ad?: boolean
  /** Recursion available. @default true */
  readonly ra?: boolean
  readonly truncated?: boolean
  /** The question as repeated. @default that of the query */
  readonly question?: { readonly name: string; readonly type: 'A' | 'MX'; readonly class?: 'CH' }
  readonly id?: number
}

export interface Asked {
  readonly query: DecodedPacket
  readonly name: string
  readonly type: string
  readonly over: 'udp' | 'tcp'
  readonly port: number
  readonly id: number
  /** The message that says this. */
  message(parts: ReplyParts): Buffer
  readonly reply: (parts: ReplyParts) => void
  /** Sends these bytes; over TCP behind their length. */
  send(bytes: Buffer): void
  /** Sends these bytes from another port. */
  sendFromElsewhere(bytes: Buffer): Promise<void>
  /** The connection, over TCP. */
  readonly socket: Socket | undefined
}

export const FLAGS = { rd: 1 << 8, ra: 1 << 7, ad: 1 << 5, tc: 1 << 9 } as const
const ROOT_SOA: Answer = {
  type: 'SOA',
  name: '.',
  ttl: 60,
  data: { mname: 'a.root', rname: 'x.root', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 60 },
}

/** A zone's SOA record, as it comes with "there is none". */
export function soa(name: string, ttl = 60, minimum = 60): Answer {
  return {
    type: 'SOA',
    name,
    ttl,
    data: { mname: `ns.${name}`, rname: `x.${name}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  }
}

export class ScriptedResolver implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly #script: (asked: Asked) => unknown
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections = new Set<Socket>()
  /** Whether it says of the root zone that it is authentic. */
  validates: boolean | 'silent' | 'failing' = true

  private constructor(script: (asked: Asked) => unknown) {
    this.#script = script
    this.#udp = createSocket('udp4')
    this.#udp.on('message', (bytes, from) => this.#overUdp(bytes, from))
    this.#tcp = createServer((socket) => this.#overTcp(socket))
  }

  static async start(script: (asked: Asked) => unknown): Promise<ScriptedResolver> {
    for (let attempt = 1; ; attempt++) {
      const resolver = new ScriptedResolver(script)
      resolver.#udp.bind(0, '127.0.0.1')
      await once(resolver.#udp, 'listening')
      try {
        await once(resolver.#tcp.listen(resolver.address.port, '127.0.0.1'), 'listening')
        return resolver
      } catch (error) {
        // Somebody else's TCP port.
        resolver.#udp.close()
        if (attempt === 5) throw error
      }
    }
  }

  get address(): Resolver {
    return { address: '127.0.0.1', port: this.#udp.address().port }
  }

  /** The questions that were asked, as `A mx.bank.example`, without those about the root zone. */
  questions(): string[] {
    return this.asked.filter(({ name }) => name !== '.').map(({ type, name }) => `${type} ${name}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    this.#udp.close()
    this.#tcp.close()
    await once(this.#tcp, 'close')
  }

  #overUdp(bytes: Buffer, { address, port }: RemoteInfo): void {
    this.#take(bytes, 'udp', port, undefined, (reply) => this.#udp.send(reply, port, address))
  }

  #overTcp(socket: Socket): void {
    this.#connections.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      this.#take(bytes.subarray(2), 'tcp', socket.remotePort ?? 0, socket, (reply) => {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(reply.length)
        socket.write(Buffer.concat([length, reply]))
      })
    })
  }

  #take(
    bytes: Buffer,
    over: 'udp' | 'tcp',
    port: number,
    socket: Socket | undefined,
    send: (reply: Buffer) => void,
  ): void {
    const query = decode(bytes)
    const [question] = query.questions ?? []
    if (!question) return
    const { name, type } = question
    const id = query.id ?? 0
    const message = (parts: ReplyParts): Buffer => messageOf(query, parts)
    const asked: Asked = {
      query,
      name,
      type,
      over,
      port,
      id,
      socket,
      message,
      send,
      reply: (parts) => send(message(parts)),
      sendFromElsewhere: (reply) => sendFromElsewhere(reply, port),
    }
    this.asked.push(asked)
    if (name !== '.') this.#script(asked)
    else if (this.validates === 'failing') asked.reply({ rcode: 2 })
    else if (this.validates !== 'silent') asked.reply({ answers: [ROOT_SOA], ad: this.validates })
  }
}

function messageOf(query: DecodedPacket, parts: ReplyParts): Buffer {
  const { answers = [], authorities = [], additionals = [], rcode = 0, ad = true, ra = true } = parts
  const flags =
    FLAGS.rd | (ra ? FLAGS.ra : 0) | (ad ? FLAGS.ad : 0) | (parts.truncated ? FLAGS.tc : 0) | rcode
  return encode({
    type: 'response',
    id: parts.id ?? query.id ?? 0,
    flags,
    questions: parts.question ? [parts.question] : (query.questions ?? []),
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  })
}

async function sendFromElsewhere(bytes: Buffer, port: number): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve))
  socket.close()
}

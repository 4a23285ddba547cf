/**
 * A DNS server on loopback that answers from a table, and the plugin that makes Haraka ask it. What is not in
 * the table does not exist (NXDOMAIN).
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode, type Answer } from 'dns-packet'

/** What is known of a name. */
export interface Zone {
  readonly mx?: readonly { readonly preference: number; readonly exchange: string }[]
  readonly a?: readonly string[]
  readonly aaaa?: readonly string[]
  /** Answers every question about the name with a server failure. */
  readonly servfail?: boolean
}

/** A running server. */
export interface DnsServer extends AsyncDisposable {
  /** For `Resolver.setServers`. */
  readonly address: string
  /** Every question asked, as `MX bank.example`. */
  readonly questions: readonly string[]
}

const RCODE = { SERVFAIL: 2, NXDOMAIN: 3 } as const
const AUTHORITATIVE = 1 << 10

/** Starts a server on a free port of 127.0.0.1. */
export async function startDns(zones: Readonly<Record<string, Zone>>): Promise<DnsServer> {
  const questions: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (packet, client) => {
    const query = decode(packet)
    const [question] = query.questions ?? []
    if (!question) return
    const name = question.name.toLowerCase()
    questions.push(`${question.type} ${name}`)
    const zone = zones[name]
    const rcode = zone === undefined ? RCODE.NXDOMAIN : zone.servfail ? RCODE.SERVFAIL : 0
    const answers = zone && rcode === 0 ? answersFor(name, question.type, zone) : []
    const id = query.id === undefined ? {} : { id: query.id }
    socket.send(
      encode({ type: 'response', ...id, flags: AUTHORITATIVE | rcode, questions: [question], answers }),
      client.port,
      client.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function answersFor(name: string, type: string, { mx = [], a = [], aaaa = [] }: Zone): Answer[] {
  const ttl = 1
  if (type === 'MX') return mx.map((data) => ({ type: 'MX', name, ttl, data }))
  if (type === 'A') return a.map((data) => ({ type: 'A', name, ttl, data }))
  if (type === 'AAAA') return aaaa.map((data) => ({ type: 'AAAA', name, ttl, data }))
  return []
}

/** Source of a plugin that makes Haraka's own resolver ask this server. */
export function dnsPlugin(server: DnsServer): string {
  return `
exports.register = function () {
  const { getDnsResolver } = require('haraka-net-utils/lib/dns_config')
  getDnsResolver().setServers([${JSON.stringify(server.address)}])
}
`
}

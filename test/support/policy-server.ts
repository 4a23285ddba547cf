/** A domain's HTTPS server for its MTA-STS policy, on loopback, with what leads there: a DNS and an authority. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Answer, Dns, RecordType } from '../../plugins/enforce-tls/dns/answer.js'
import type { KeyAndCertificate } from './certificates.js'

export const POLICY = 'version: STSv1\nmode: enforce\nmx: mx.bank.example\nmax_age: 604800\n'

/** Answers with a policy. */
export function sendPolicy(response: ServerResponse, text = POLICY): void {
  response.setHeader('Content-Type', 'text/plain')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

export class PolicyServer implements AsyncDisposable {
  /** What was asked for, as `mta-sts.bank.example /.well-known/mta-sts.txt`, and the name in SNI. */
  readonly asked: { readonly page: string; readonly sni: string | false | undefined }[] = []
  readonly connections = new Set<Socket>()
  connectionsMade = 0
  readonly #server: Server

  private constructor(
    certificate: KeyAndCertificate,
    answer: (response: ServerResponse, request: IncomingMessage) => void,
  ) {
    this.#server = createServer({ ...certificate }, (request, response) => {
      const { host = '' } = request.headers
      const { servername } = request.socket as { servername?: string | false }
      this.asked.push({ page: `${host} ${request.url ?? ''}`, sni: servername })
      answer(response, request)
    })
    this.#server.on('connection', (socket: Socket) => {
      this.connectionsMade++
      this.connections.add(socket)
      socket.on('close', () => this.connections.delete(socket))
    })
    // Clients that do not like the certificate.
    this.#server.on('tlsClientError', () => undefined)
  }

  static async start(
    certificate: KeyAndCertificate,
    answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => sendPolicy(response),
    { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
  ): Promise<PolicyServer> {
    const server = new PolicyServer(certificate, answer)
    await once(server.#server.listen(port, host), 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    for (const socket of this.connections) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** DNS from a table by question, such as `A mx.bank.example`; what is not in it has no such records. */
export class TableDns implements Dns {
  readonly asked: string[] = []
  readonly records: Record<string, readonly string[] | 'fails'>

  constructor(records: Record<string, readonly string[] | 'fails'>) {
    this.records = records
  }

  ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
    const question = `${type} ${name}`
    this.asked.push(question)
    const records = this.records[question]
    if (records === 'fails')
      return Promise.resolve({ kind: 'failed', why: `the DNS look-up of ${question} failed: SERVFAIL` })
    const answer = records
      ? { kind: 'found', name, authentic: true, records, ttl: 60 }
      : { kind: 'none', name, reason: 'no-such-record', authentic: true, ttl: 60 }
    return Promise.resolve(answer as Answer<T>)
  }
}

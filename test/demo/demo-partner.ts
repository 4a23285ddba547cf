/** A receiving server of the demo: a well-known SMTP server library, with or without TLS. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { selfSigned } from '../support/certificates.js'
import { until } from '../support/until.js'

/** A message that a partner accepted. */
export interface Delivery {
  readonly to: string
  readonly message: Buffer
  /** `null` in the clear. */
  readonly protocol: string | null
  readonly cipher: string | null
}

/** A running receiving server. */
export interface Partner {
  readonly name: string
  readonly port: number
  /** The first message it accepted; waits for it. */
  delivery(): Promise<Delivery>
  /** How many messages it accepted. */
  accepted(): number
  /** The verbs of all commands it heard. */
  commands(): readonly string[]
  stop(): Promise<void>
}

/** Starts a receiving server on a free port of 127.0.0.1. */
export async function startPartner(name: string, { tls }: { readonly tls: boolean }): Promise<Partner> {
  const deliveries: Delivery[] = []
  const commands: string[] = []
  const note = (text: string): void => {
    const verb = /^C: ([A-Za-z]+)/.exec(text)?.[1]
    if (verb) commands.push(verb.toUpperCase())
  }
  const logger = {
    level: () => undefined,
    trace: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    fatal: () => undefined,
    debug: (_data: unknown, ...text: unknown[]) =>
      note(text.map(String).join(' ').replace('%s', String(text[1]))),
  }
  const server = new SMTPServer({
    name,
    authOptional: true,
    logger: logger as never,
    ...(tls
      ? await selfSigned({ dnsNames: [name] })
      : { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }),
    disableReverseLookup: true,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () => {
        deliveries.push({
          to: session.envelope.rcptTo.map(({ address }) => address).join(', '),
          message: Buffer.concat(chunks),
          protocol: session.secure ? protocolOf(session.tlsOptions) : null,
          cipher: session.secure ? cipherOf(session.tlsOptions) : null,
        })
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    name,
    port: (listening.address() as AddressInfo).port,
    delivery: () => until(() => deliveries[0], { what: `a message at ${name}`, timeout: 30_000 }),
    accepted: () => deliveries.length,
    commands: () => [...new Set(commands)],
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function protocolOf(options: unknown): string {
  return (options as { version?: string }).version ?? 'TLS'
}

function cipherOf(options: unknown): string {
  return (options as { name?: string }).name ?? 'unknown'
}

/**
 * A real Haraka whose rule for bank.example names a gateway: bank.example has no TLS unless a test says otherwise, the
 * gateway has a trusted certificate for its address and wants a login, and acme.example gets the bounces.
 */
import { makeAuthority, type Authority, type KeyAndCertificate } from './certificates.js'
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { parseBounce } from './mail.js'
import type { PeerBehaviour, Step } from './peer-behaviour.js'
import { trustingConfig, type TestRule } from './rules.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'

export const USER = 'relay-user'
/** With characters that have to be encoded in a URL. */
export const PASSWORD = 'p:s@s/w%rd-S3CRET'
const MESSAGE = { from: 'ann@acme.example', to: 'cfo@bank.example' }

/** All forms in which the password may be seen. */
export const PASSWORD_FORMS = [
  PASSWORD,
  encodeURIComponent(PASSWORD),
  'S3CRET',
  base64(PASSWORD),
  base64(`\0${USER}\0${PASSWORD}`),
]

export interface RerouteOptions extends Pick<HarakaOptions, 'logLevel' | 'extraPlugins'> {
  readonly bank?: PeerBehaviour
  readonly gateway?: PeerBehaviour
  /** What is issued to the gateway. @default a certificate for 127.0.0.1 of the trusted authority */
  readonly certificate?: (authority: Authority) => Promise<KeyAndCertificate>
  /** @default encrypt, reroute via relay */
  readonly action?: Readonly<Record<string, unknown>>
  readonly rules?: Readonly<Record<string, readonly TestRule[]>>
  /** The line of `[gateways]`. @default with a login */
  readonly gateways?: (port: number) => string
  /** Further lines of `[tls]`, and sections. */
  readonly ini?: string
  /** @default 5s*2 */
  readonly intervals?: string
}

/** Takes AUTH as RFC 4954 has it. */
export const AUTH: PeerBehaviour = {
  onSecure: {
    EHLO: ['250-gw.relay.example', '250-8BITMIME', '250-SMTPUTF8', '250 AUTH PLAIN LOGIN'],
    AUTH: (session, line) =>
      session.reply(
        line === `AUTH PLAIN ${base64(`\0${USER}\0${PASSWORD}`)}` ? '235 2.7.0 welcome' : '535 5.7.8 no',
      ),
    MAIL: requiresLogin,
  },
}

/** MAIL only behind AUTH. */
function requiresLogin(...[session]: Parameters<Step>): Promise<void> {
  const loggedIn = session.record.commands.some(({ verb }) => verb === 'AUTH')
  return session.reply(loggedIn ? '250 2.1.0 ok' : '530 5.7.0 authentication required')
}

/** Such as `smtp://user:password@127.0.0.1:2525`. */
export function gatewayUrl(port: number, { scheme = 'smtp', host = '127.0.0.1', login = true } = {}): string {
  const credentials = login ? `${USER}:${encodeURIComponent(PASSWORD)}@` : ''
  return `${scheme}://${credentials}${host}:${port}`
}

export async function startRerouteScene(options: RerouteOptions = {}): Promise<RerouteScene> {
  const { certificate = (by: Authority) => by.issue({ ipAddresses: ['127.0.0.1'] }) } = options
  const authority = await makeAuthority('Test CA')
  const gateway = await startPeer({ ...AUTH, ...options.gateway, tls: await certificate(authority) })
  const bank = await startPeer(options.bank ?? { starttls: false })
  const acme = await startPeer()
  const { action = { level: 'encrypt', onFailure: 'reroute', via: 'relay' } } = options
  const line = options.gateways?.(gateway.port) ?? `relay=${gatewayUrl(gateway.port)}`
  try {
    const haraka = await startHaraka({
      config: trustingConfig(
        authority,
        options.rules ?? {
          'acme.example': [{ to: ['bank.example'], id: 'payments', name: 'Payments', action }],
        },
        `${options.ini ?? ''}\n[gateways]\n${line}\n`,
      ),
      routes: {
        'bank.example': [bank.route({ name: 'mx.bank.example' })],
        'acme.example': [acme.route()],
      },
      outbound: { temp_fail_intervals: options.intervals ?? '5s*2' },
      logLevel: options.logLevel ?? 'info',
      ...(options.extraPlugins ? { extraPlugins: options.extraPlugins } : {}),
    })
    return new RerouteScene(haraka, authority, { gateway, bank, acme })
  } catch (error) {
    await Promise.all([gateway.close(), bank.close(), acme.close()])
    throw error
  }
}

export class RerouteScene implements AsyncDisposable {
  readonly gateway: SmtpPeer
  readonly bank: SmtpPeer
  /** Gets the bounces. */
  readonly acme: SmtpPeer

  constructor(
    readonly haraka: Haraka,
    readonly authority: Authority,
    peers: { readonly gateway: SmtpPeer; readonly bank: SmtpPeer; readonly acme: SmtpPeer },
  ) {
    this.gateway = peers.gateway
    this.bank = peers.bank
    this.acme = peers.acme
  }

  send(submission: Partial<Parameters<Haraka['send']>[0]> = {}): ReturnType<Haraka['send']> {
    return this.haraka.send({ ...MESSAGE, ...submission })
  }

  /** The text of the first bounce, in one line. */
  async bounceText(count = 1): Promise<string> {
    const messages = await this.acme.waitForMessages(count, 40_000)
    return parseBounce(messages[count - 1]?.data ?? '').text.replace(/\s+/g, ' ')
  }

  /** Verbs that came to the gateway, by where they were seen. */
  verbs(where: 'clear' | 'tls'): string[] {
    return this.gateway.connections.flatMap((connection) => connection.verbs(where))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.haraka.close()
    await Promise.all([this.gateway.close(), this.bank.close(), this.acme.close()])
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/**
 * A Haraka in front of other servers: all mail is for local recipients, and queue/smtp_forward hands it on to `inside`,
 * which has no TLS. clinic.example, which a rule covers, has a server of its own that has TLS.
 */
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { fileStoreConfig, type TestRule } from './rules.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'

/** Takes mail for everybody as local: nobody may relay. */
const ALL_LOCAL = 'exports.hook_rcpt = (next) => next(OK)\n'

export interface GatewayOptions extends HarakaOptions {
  /** Lines of enforce-tls.ini. */
  readonly ini?: string
  /** @default a rule of `*` for clinic.example */
  readonly rules?: Readonly<Record<string, readonly TestRule[]>>
  /** Domains of which smtp_forward.ini has a section, and the server that it names. @default none */
  readonly forwards?: Readonly<Record<string, 'inside' | 'clinic'>>
}

/** Its rule. */
export const ALL_TO_CLINIC = { '*': [{ to: ['clinic.example'] }] }

export async function startGateway({
  ini = '',
  rules = ALL_TO_CLINIC,
  forwards = {},
  ...options
}: GatewayOptions = {}): Promise<Gateway> {
  const peers = { inside: await startPeer({ starttls: false }), clinic: await startPeer() }
  const sections = Object.entries(forwards).map(([domain, name]) => `[${domain}]\n${linesOf(peers[name])}`)
  try {
    const haraka = await startHaraka({
      plugins: ['all-local', 'enforce-tls', 'queue/smtp_forward', 'test-routes'],
      ...options,
      extraPlugins: { 'all-local': ALL_LOCAL, ...options.extraPlugins },
      config: {
        ...fileStoreConfig(rules, ini),
        'smtp_forward.ini': linesOf(peers.inside) + sections.join(''),
        ...options.config,
      },
    })
    return new Gateway(haraka, peers.inside, peers.clinic)
  } catch (error) {
    await Promise.all([peers.inside.close(), peers.clinic.close()])
    throw error
  }
}

export class Gateway implements AsyncDisposable {
  constructor(
    readonly haraka: Haraka,
    readonly inside: SmtpPeer,
    readonly clinic: SmtpPeer,
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.haraka.close()
    await Promise.all([this.inside.close(), this.clinic.close()])
  }
}

function linesOf({ port }: SmtpPeer): string {
  return `host=127.0.0.1\nport=${port}\n`
}

/**
 * A message with REQUIRETLS and the npm package smtp-server, which has REQUIRETLS of its own and was written by others:
 * what its session says that it got, and what becomes of the message where the server, or what stands before it, does not play along.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import type { RequireTlsPolicy } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import { GuardedDelivery } from '../../support/guarded-delivery.js'

const NAME = 'mx1.bank.example'
const trusted = makeAuthority('Test authority').then(async (authority) => ({
  ca: authority.cert,
  certificate: await authority.issue({ dnsNames: [NAME] }),
  other: await authority.issue({ dnsNames: ['mx2.bank.example'] }),
}))

/** One that takes mail from everybody, and what it took. */
class Server implements AsyncDisposable {
  /** How each message came. */
  readonly taken: string[] = []
  readonly #server: SMTPServer

  constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      hideREQUIRETLS: false,
      disableReverseLookup: true,
      logger: false,
      onData: (stream, session, done) => {
        stream.resume()
        stream.on('end', () => {
          this.taken.push(howItCame(session))
          done()
        })
      },
      ...options,
    })
    this.#server.on('error', () => undefined)
  }

  async start(): Promise<number> {
    const server = this.#server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

function howItCame({ secure, envelope: { mailFrom, requireTLS } }: SMTPServerSession): string {
  if (mailFrom === false) return 'without MAIL'
  // The envelope still has it of a MAIL that was refused; the arguments are those of the one that was taken.
  const isSaid = mailFrom.args !== false && 'REQUIRETLS' in mailFrom.args && requireTLS
  return `${mailFrom.address} ${secure ? 'over TLS' : 'in the clear'}, REQUIRETLS ${String(isSaid)}`
}

/** Refuses the parameter, and takes MAIL without. */
const refusing =
  (responseCode: number): NonNullable<SMTPServerOptions['onMailFrom']> =>
  ({ args }, _session, done) =>
    args && 'REQUIRETLS' in args
      ? done(Object.assign(new Error('not that parameter'), { responseCode }))
      : done()

const WITH = 'ann@acme.example over TLS, REQUIRETLS true'
const WITHOUT = 'ann@acme.example over TLS, REQUIRETLS false'

describe('smtp-server and a message with REQUIRETLS', () => {
  const rows: readonly (readonly [
    what: string,
    options: SMTPServerOptions & { readonly certificate?: 'self-signed' | 'other name' },
    policy: RequireTlsPolicy,
    taken: readonly string[],
    seen: RegExp,
  ])[] = [
    ['has it in the envelope', {}, 'enforce', [WITH], /^delivered ok/],
    [
      'is not sent it where it offers none',
      { hideREQUIRETLS: true },
      'enforce',
      [],
      /^bounced requiretls-not-supported 5\.7\.30$/,
    ],
    [
      'is not sent it where STARTTLS is hidden',
      { hideSTARTTLS: true },
      'enforce',
      [],
      /^bounced starttls-not-supported 5\.7\.10$/,
    ],
    [
      'is not sent it where STARTTLS is refused',
      { disabledCommands: ['STARTTLS', 'AUTH'] },
      'enforce',
      [],
      /^bounced \S+ 5\.7\.10$/,
    ],
    [
      'is not sent it with a certificate of its own',
      { certificate: 'self-signed' },
      'enforce',
      [],
      /^bounced \S+ 5\.7\.10$/,
    ],
    [
      'is not sent it with the certificate of another host',
      { certificate: 'other name' },
      'enforce',
      [],
      /^bounced \S+ 5\.7\.10$/,
    ],
    [
      'is not sent it where it refuses the parameter',
      { onMailFrom: refusing(555) },
      'enforce',
      [],
      /^bounced requiretls-not-supported 5\.7\.30$/,
    ],
    ['waits where it refuses it for now', { onMailFrom: refusing(451) }, 'enforce', [], /^deferred /],
    [
      'gets it without where policy is opportunistic+starttls, and the parameter is refused',
      { onMailFrom: refusing(555) },
      'opportunistic+starttls',
      [WITHOUT],
      /^delivered ok/,
    ],
    [
      'gets it without there, and the parameter is refused for now',
      { onMailFrom: refusing(451) },
      'opportunistic+starttls',
      [WITHOUT],
      /^delivered ok/,
    ],
    [
      'gets it without there, where it offers none',
      { hideREQUIRETLS: true },
      'opportunistic+starttls',
      [WITHOUT],
      /^delivered ok/,
    ],
    ['gets it with it there', {}, 'opportunistic+starttls', [WITH], /^delivered ok/],
  ]
  for (const [what, { certificate, ...options }, policy, taken, seen] of rows)
    it(what, async () => {
      const { ca, certificate: own, other } = await trusted
      const { key, cert } =
        certificate === undefined
          ? own
          : certificate === 'other name'
            ? other
            : await selfSigned({ dnsNames: [NAME] })
      await using server = new Server({ key, cert, ...options })
      const route = { exchange: '127.0.0.1', port: await server.start(), from_dns: NAME, priority: 0 }
      await using delivery = new GuardedDelivery(
        {
          ca,
          surroundings: { requireTls: () => ({ settings: { policy, policyFor: [] }, own: [] }) },
          decide: (guard) => {
            guard.enforce(withAsked(null, policy), { byRules: null })
            return [constants.cont]
          },
        },
        [route],
        [],
      )
      await delivery.run()
      assert.deepEqual(server.taken, taken)
      assert.match(delivery.seen.at(-1) ?? '', seen)
    })
})

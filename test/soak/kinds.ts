/** The kinds of receiving servers of the soak: good ones, failing ones and hostile ones. */
import { fingerprints, selfSigned, validity } from '../support/certificates.js'
import type { Authority, KeyAndCertificate } from '../support/certificates.js'
import type { PeerBehaviour, Step } from '../support/peer-behaviour.js'
import { cut, injectInNextPacket, silence, tlsAlert, afterClientHello } from '../support/peer-steps.js'

/** One kind of server. */
export interface Kind {
  readonly name: string
  readonly behaviour: PeerBehaviour
  /** Whether a rule covers mail to it. */
  readonly covered: boolean
  /** What the rule asks for. @default level encrypt */
  readonly action?: (certificate: KeyAndCertificate) => Readonly<Record<string, unknown>>
  /** @default one of an authority that Haraka trusts, for the MX host */
  readonly certificate?: (host: string, authority: Authority) => Promise<KeyAndCertificate>
}

/** One message in so many connections goes wrong. */
export function sometimes(one: number, wrong: string | readonly string[]) {
  return async (session: {
    number: number
    reply(reply: string | readonly string[]): Promise<void>
    proceed(): Promise<void>
  }) => (session.number % one === 0 ? session.reply(wrong) : session.proceed())
}

/** Takes the message, and sometimes ends the session in one way or another before the next one. */
const closesSometimes: Step = async (session) => {
  await session.proceed()
  // The reply is to arrive: what is sent again for want of it says nothing about the session.
  await session.pause(20)
  const ends = [
    () => session.end(),
    () => session.cut(),
    () => session.reset(),
    () => session.send('421 bye'),
  ]
  ends[(session.number + session.record.messages.length) % 7]?.()
}

/** One that mail waits for until it is released, given up, or tried too often. */
export const WAITS_FOR_RELEASE = 'waits-for-release'

export const KINDS: readonly Kind[] = [
  { name: 'good', behaviour: {}, covered: true },
  { name: 'good-tls12', behaviour: { tls: { maxVersion: 'TLSv1.2' } }, covered: true },
  {
    name: 'greylists',
    behaviour: { onSecure: { RCPT: sometimes(2, '450 4.7.1 greylisted') } },
    covered: true,
  },
  { name: 'busy', behaviour: { on: { connect: sometimes(3, '421 4.3.2 busy') } }, covered: true },
  {
    name: 'defers-starttls',
    behaviour: { on: { STARTTLS: sometimes(2, '454 4.7.0 later') } },
    covered: true,
  },
  {
    name: 'drops-data',
    behaviour: {
      onSecure: {
        // Without reading on: what a server takes without an answer, SMTP has to send again.
        DATA: (session) => {
          if (session.number % 3 > 0) return session.proceed()
          session.send('354 go')
          return session.cut()
        },
      },
    },
    covered: true,
  },
  {
    name: 'closes-between',
    behaviour: { onSecure: { message: closesSometimes } },
    covered: true,
  },
  {
    name: 'one-a-session',
    behaviour: {
      onSecure: {
        MAIL: (session) =>
          session.record.messages.length > 0
            ? session.reply('451 4.7.1 one message is enough')
            : session.proceed(),
      },
    },
    covered: true,
  },
  { name: 'no-starttls', behaviour: { starttls: false }, covered: true },
  { name: 'no-ehlo', behaviour: { on: { EHLO: '502 5.5.1 what?' } }, covered: true },
  { name: 'refuses-starttls', behaviour: { on: { STARTTLS: '554 5.7.0 no' } }, covered: true },
  { name: 'injects', behaviour: { on: { STARTTLS: '220 go\r\n250 fake' } }, covered: true },
  {
    name: 'injects-next',
    behaviour: { on: { STARTTLS: injectInNextPacket('250 fake\r\n', 5) } },
    covered: true,
  },
  { name: 'alerts', behaviour: { on: { handshake: afterClientHello(tlsAlert(40)) } }, covered: true },
  { name: 'cuts-handshake', behaviour: { on: { handshake: cut } }, covered: true },
  {
    name: 'silent-sometimes',
    behaviour: {
      on: { connect: (session) => (session.number % 20 === 0 ? silence(session, '') : session.proceed()) },
    },
    covered: true,
  },
  { name: 'verified', behaviour: {}, covered: true, action: () => ({ level: 'verify' }) },
  { name: 'secured', behaviour: {}, covered: true, action: () => ({ level: 'secure' }) },
  {
    name: 'pinned',
    behaviour: {},
    covered: true,
    action: ({ cert }) => ({ level: 'fingerprint', fingerprints: [fingerprints(cert).certificate] }),
  },
  {
    name: 'pinned-other',
    behaviour: {},
    covered: true,
    action: () => ({ level: 'fingerprint', fingerprints: ['00'.repeat(32)] }),
  },
  {
    name: 'self-signed',
    behaviour: {},
    covered: true,
    action: () => ({ level: 'verify' }),
    certificate: (host) => selfSigned({ dnsNames: [host] }),
  },
  {
    name: 'expired',
    behaviour: {},
    covered: true,
    action: () => ({ level: 'secure' }),
    certificate: (host, authority) => authority.issue({ dnsNames: [host], ...validity.expired() }),
  },
  {
    name: 'old-tls',
    behaviour: { tls: { maxVersion: 'TLSv1.2' } },
    covered: true,
    action: () => ({ level: 'encrypt', minVersion: 'TLSv1.3' }),
  },
  { name: 'refuses-user', behaviour: { onSecure: { RCPT: '550 5.1.1 no such user' } }, covered: true },
  { name: WAITS_FOR_RELEASE, behaviour: { on: { STARTTLS: '454 4.7.0 later' } }, covered: true },
  {
    name: 'rerouted',
    behaviour: { starttls: false },
    covered: true,
    action: () => ({ level: 'encrypt', onFailure: 'reroute', via: 'relay' }),
  },
  { name: 'plain', behaviour: { starttls: false }, covered: false },
  { name: 'plain-or-tls', behaviour: {}, covered: false },
]

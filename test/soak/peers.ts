/** The receiving servers of the soak: good ones, failing ones and hostile ones, and what mail to them must become. */
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import {
  cut,
  injectInNextPacket,
  replyAndCut,
  silence,
  tlsAlert,
  afterClientHello,
} from '../support/peer-steps.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

/** One kind of server. */
export interface Kind {
  readonly name: string
  readonly behaviour: PeerBehaviour
  /** Whether a rule covers mail to it. */
  readonly covered: boolean
}

/** One message in so many connections goes wrong. */
function sometimes(one: number, wrong: string | readonly string[]) {
  return async (session: {
    number: number
    reply(reply: string | readonly string[]): Promise<void>
    proceed(): Promise<void>
  }) => (session.number % one === 0 ? session.reply(wrong) : session.proceed())
}

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
        DATA: (session) =>
          session.number % 3 === 0 ? replyAndCut('354 go')(session, '') : session.proceed(),
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
  { name: 'refuses-user', behaviour: { onSecure: { RCPT: '550 5.1.1 no such user' } }, covered: true },
  { name: 'plain', behaviour: { starttls: false }, covered: false },
  { name: 'plain-or-tls', behaviour: {}, covered: false },
]

/** A running server with its kind and domain. */
export interface SoakPeer extends Kind {
  readonly domain: string
  readonly peer: SmtpPeer
}

/** Starts all of them. */
export function startPeers(): Promise<SoakPeer[]> {
  return Promise.all(
    KINDS.map(async (kind) => ({
      ...kind,
      domain: `${kind.name}.example`,
      peer: await startPeer({ hostname: `mx.${kind.name}.example`, ...kind.behaviour }),
    })),
  )
}

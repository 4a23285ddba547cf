/** The cells of the matrix: every server at every level, each with a domain, a peer and a rule of its own. */
import { fingerprints, selfSigned, validity, type KeyAndCertificate } from '../../support/certificates.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { GREETING_AND_EHLO } from './greeting-and-ehlo.js'
import { IN_HANDSHAKE } from './handshake.js'
import { INSIDE_TLS } from './inside-tls.js'
import { STARTTLS } from './starttls.js'
import { CERTIFICATES, LEVELS, type Level, type Signers } from './certificates.js'
import { delivered, failed, type Outcome } from './outcomes.js'

/** A server at a level, before it runs. */
export interface Plan {
  readonly what: string
  /** Whether what is special about the server shows once TLS is established. */
  readonly insideTls?: boolean
  readonly level: Level
  readonly outcome: Outcome
  readonly behaviour: PeerBehaviour
  readonly certificate: (signers: Signers, domain: string) => Promise<KeyAndCertificate>
  /** Of the rule, besides its level. */
  readonly action?: (certificate: KeyAndCertificate, domain: string) => Readonly<Record<string, unknown>>
}

/** A server at a level, running. */
export interface Cell {
  readonly title: string
  readonly level: Level
  readonly domain: string
  readonly outcome: Outcome
  readonly peer: SmtpPeer
  readonly certificate: KeyAndCertificate
  /** The rule's action. */
  readonly action: Readonly<Record<string, unknown>>
}

const good: Plan['certificate'] = ({ trusted }, domain) => trusted.issue({ dnsNames: [`mx.${domain}`] })

/** The rule asks for TLS 1.3. */
const TLS_1_3 = () => ({ minVersion: 'TLSv1.3' })

const SPECIAL: readonly Plan[] = [
  ...LEVELS.flatMap((level): Plan[] => [
    {
      what: 'whose TLS 1.2 is below what the rule asks for',
      level,
      behaviour: { tls: { maxVersion: 'TLSv1.2' } },
      certificate: good,
      action: TLS_1_3,
      outcome: failed('handshake-failure'),
    },
    {
      what: 'whose TLS 1.3 is what the rule asks for',
      level,
      behaviour: {},
      certificate: good,
      action: TLS_1_3,
      outcome: delivered('TLSv1.3'),
    },
    {
      what: 'that has TLS 1.3 only',
      level,
      behaviour: { tls: { minVersion: 'TLSv1.3' } },
      certificate: good,
      outcome: delivered('TLSv1.3'),
    },
  ]),
  {
    what: 'with another certificate than the listed one',
    level: 'fingerprint',
    behaviour: {},
    certificate: good,
    action: () => ({ fingerprints: ['00'.repeat(32)] }),
    outcome: failed('fingerprint-mismatch'),
  },
  {
    what: 'whose public key is listed, second',
    level: 'fingerprint',
    behaviour: {},
    certificate: good,
    action: ({ cert }) => ({ fingerprints: ['00'.repeat(32), fingerprints(cert).publicKey] }),
    outcome: delivered(),
  },
  {
    what: 'whose certificate names a listed name',
    level: 'secure',
    behaviour: {},
    certificate: ({ trusted }) => trusted.issue({ dnsNames: ['mx.provider.example.net'] }),
    action: () => ({ names: ['mx.provider.example.net'] }),
    outcome: delivered(),
  },
  {
    what: 'whose certificate names a host below a listed name',
    level: 'secure',
    behaviour: {},
    certificate: ({ trusted }) => trusted.issue({ dnsNames: ['mx.provider.example.net'] }),
    action: () => ({ names: ['.provider.example.net'] }),
    outcome: delivered(),
  },
  {
    what: 'whose certificate names a host below a name that is listed without a dot',
    level: 'secure',
    behaviour: {},
    certificate: ({ trusted }) => trusted.issue({ dnsNames: ['mx.provider.example.net'] }),
    action: () => ({ names: ['provider.example.net'] }),
    outcome: failed('certificate-host-mismatch'),
  },
  {
    what: 'whose certificate is listed, and has expired',
    level: 'fingerprint',
    behaviour: {},
    certificate: (_signers, domain) => selfSigned({ dnsNames: [domain], ...validity.expired() }),
    outcome: delivered(),
  },
]

function plans(): Plan[] {
  const rows = [...GREETING_AND_EHLO, ...STARTTLS, ...IN_HANDSHAKE, ...INSIDE_TLS].flatMap((row) =>
    LEVELS.map((level): Plan => {
      const { name, behaviour, outcome } = row
      const insideTls = INSIDE_TLS.includes(row)
      return { what: `that ${name}`, insideTls, level, behaviour, outcome, certificate: good }
    }),
  )
  const certificates = CERTIFICATES.flatMap((row) =>
    LEVELS.map((level): Plan => ({
      what: `whose certificate ${row.name}`,
      level,
      behaviour: {},
      outcome: row.outcomes[level],
      certificate: (signers, domain) => row.make(signers, domain),
    })),
  )
  return [...rows, ...certificates, ...SPECIAL]
}

/** Starts the servers of all cells, or of those that are wanted; these as they are, or changed a little. */
export function startCells(
  signers: Signers,
  wanted: (plan: Plan) => boolean = () => true,
  changed: (plan: Plan) => Plan = (plan) => plan,
): Promise<Cell[]> {
  return Promise.all(
    plans()
      .filter(wanted)
      .map(changed)
      .map(async ({ what, level, outcome, behaviour, certificate, action }, index) => {
        const domain = `cell${index + 1}.example`
        const own = await certificate(signers, domain)
        const pinned = level === 'fingerprint' ? { fingerprints: [fingerprints(own.cert).certificate] } : {}
        return {
          title: `${level}: a server ${what}`,
          level,
          domain,
          outcome,
          certificate: own,
          peer: await startPeer({
            hostname: `mx.${domain}`,
            ...behaviour,
            tls: { ...own, ...behaviour.tls },
          }),
          action: { level, ...pinned, ...action?.(own, domain) },
        }
      }),
  )
}

/** The cells of the matrix: every server at every level, each with a domain, a peer and a rule of its own. */
import { fingerprints, type KeyAndCertificate } from '../../support/certificates.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { BEFORE_TLS, INSIDE_TLS } from './behaviours.js'
import { CERTIFICATES, LEVELS, type Level, type Signers } from './certificates.js'
import { delivered, failed, type Outcome } from './outcomes.js'

/** A server at a level, before it runs. */
interface Plan {
  readonly what: string
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
  /** The rule's action. */
  readonly action: Readonly<Record<string, unknown>>
}

const good: Plan['certificate'] = ({ trusted }, domain) => trusted.issue({ dnsNames: [`mx.${domain}`] })

const SPECIAL: readonly Plan[] = [
  {
    what: 'whose TLS 1.2 is below the rule',
    level: 'encrypt',
    behaviour: { tls: { maxVersion: 'TLSv1.2' } },
    certificate: good,
    action: () => ({ minVersion: 'TLSv1.3' }),
    outcome: failed('handshake-failure'),
  },
  {
    what: 'whose TLS 1.3 is what the rule asks for',
    level: 'verify',
    behaviour: {},
    certificate: good,
    action: () => ({ minVersion: 'TLSv1.3' }),
    outcome: delivered('TLSv1.3'),
  },
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
]

function plans(): Plan[] {
  const rows = [...BEFORE_TLS, ...INSIDE_TLS].flatMap(({ name, behaviour, outcome }) =>
    LEVELS.map((level): Plan => ({ what: `that ${name}`, level, behaviour, outcome, certificate: good })),
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

/** Starts the servers of all cells. */
export function startCells(signers: Signers): Promise<Cell[]> {
  return Promise.all(
    plans().map(async ({ what, level, outcome, behaviour, certificate, action }, index) => {
      const domain = `cell${index + 1}.example`
      const own = await certificate(signers, domain)
      const pinned = level === 'fingerprint' ? { fingerprints: [fingerprints(own.cert).certificate] } : {}
      return {
        title: `${level}: a server ${what}`,
        level,
        domain,
        outcome,
        peer: await startPeer({ hostname: `mx.${domain}`, ...behaviour, tls: { ...own, ...behaviour.tls } }),
        action: { level, ...pinned, ...action?.(own, domain) },
      }
    }),
  )
}

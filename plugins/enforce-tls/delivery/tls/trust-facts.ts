/**
 * What an administrator should know of a named trust: whether it can be used, until when its certificates are valid, and
 * what will be wrong soon. Shows nothing of a key.
 */
import type { X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'
import path from 'node:path'
import type { TrustSettings } from '../../settings/trust.js'
import { numbered } from '../../text/list.js'
import { oneLine } from '../../text/one-line.js'
import { datesOfOne, TrustProblem, type TrustFiles } from './trust-files.js'

/** A certificate of a trust. */
export interface TrustCertificate {
  /** An authority, or our own certificate. */
  readonly use: 'ca' | 'client'
  /** As the settings have it. */
  readonly file: string
  readonly subject: string
  /** RFC 3339, UTC. */
  readonly validTo: string
  /** Whole days; negative for one that has expired. */
  readonly daysLeft: number
}

/** One thing that is wrong, or will be. */
export interface TrustRemark {
  /** The same for the same thing, until it gets more urgent. */
  readonly key: string
  /** A clause about the trust. */
  readonly text: string
}

/** A trust as it is now. */
export interface TrustFacts {
  readonly name: string
  /** Why it cannot be used, so that mail of its rules waits; `null` where it can. */
  readonly problem: string | null
  readonly certificates: readonly TrustCertificate[]
  readonly warnings: readonly TrustRemark[]
}

/** One sentence about a trust, without a full stop. */
export interface TrustSentence {
  /** The same for the same thing, until it gets more urgent; begins with the trust's name. */
  readonly key: string
  readonly text: string
  /** Whether mail waits for it. */
  readonly isUrgent: boolean
}

/** What is to be mended of a trust. */
export function trustSentences({ name, problem, warnings }: TrustFacts): TrustSentence[] {
  const unusable = {
    key: `${name}: unusable: ${problem ?? ''}`,
    text: `trust ${name} cannot be used, so mail of its rules waits: ${problem ?? ''}`,
    isUrgent: true,
  }
  return [
    ...(problem === null ? [] : [unusable]),
    ...warnings.map(({ key, text }) => ({
      key: `${name}: ${key}`,
      text: `trust ${name}: ${text}`,
      isUrgent: false,
    })),
  ]
}

const DAY = 86_400_000
/** Days before the end of a certificate at which it is said, again each time. */
const STAGES = [3, 14, 30]
/** RFC 5280 section 4.2.1.12: a client's certificate, and any purpose. */
const CLIENT_PURPOSES = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']
/** Whom a key may be open to: its user, and a group that may read it. */
const TOO_OPEN = 0o027

/**
 * The facts.
 *
 * @param found its files, or what is wrong with them
 * @param now in milliseconds since 1970
 */
export function trustFacts(
  name: string,
  settings: TrustSettings,
  found: { readonly files: TrustFiles | null; readonly problem: TrustProblem | null },
  configFolder: string,
  now: number,
): TrustFacts {
  const { files, problem } = found
  const certificates = files ? certificatesOf(files, now) : []
  return {
    name,
    problem: problem?.message ?? null,
    certificates,
    warnings: [
      ...certificates.flatMap(expiry),
      ...(files ? purpose(files) : []),
      ...openness(settings, configFolder),
    ],
  }
}

function certificatesOf({ ca, own }: TrustFiles, now: number): TrustCertificate[] {
  const leaf = own?.cert.certificates[0]
  return [
    ...ca.flatMap(({ file, certificates }) => certificates.map((each) => factsOf('ca', file, each, now))),
    ...(own && leaf ? [factsOf('client', own.cert.file, leaf, now)] : []),
  ]
}

function factsOf(
  use: TrustCertificate['use'],
  file: string,
  certificate: X509Certificate,
  now: number,
): TrustCertificate {
  const { to } = datesOfOne(certificate)
  return {
    use,
    file,
    // Missing for an empty name, whatever its type says.
    subject: oneLine(((certificate.subject as string | undefined) ?? '').split('\n').join(', '), 200),
    validTo: new Date(to).toISOString(),
    daysLeft: Math.floor((to - now) / DAY),
  }
}

function expiry({ use, file, subject, validTo, daysLeft }: TrustCertificate): TrustRemark[] {
  const stage = STAGES.find((days) => daysLeft < days)
  if (stage === undefined) return []
  const what =
    use === 'ca' ? `the authority ${subject} in ca=${file}` : `the client certificate in cert=${file}`
  const day = validTo.slice(0, 10)
  if (daysLeft < 0)
    return [{ key: `expired ${use} ${file} ${validTo}`, text: `${what} expired on ${day}; replace it` }]
  const left = daysLeft === 0 ? 'in less than a day' : `in ${numbered(daysLeft, 'day')}`
  return [
    {
      key: `expires ${use} ${file} ${validTo} ${stage}`,
      text: `${what} expires on ${day}, ${left}; replace it before, or mail that needs it waits from then on`,
    },
  ]
}

/** Public authorities no longer issue certificates for clients: a renewed one may lack it. */
function purpose({ own }: TrustFiles): TrustRemark[] {
  const leaf = own?.cert.certificates[0]
  if (!own || !leaf) return []
  // Missing where the extension is, whatever its type says.
  const purposes = leaf.keyUsage as readonly string[] | undefined
  if (purposes === undefined || purposes.some((each) => CLIENT_PURPOSES.includes(each))) return []
  return [
    {
      key: `client-auth ${own.cert.file}`,
      text: `the client certificate in cert=${own.cert.file} is not meant for clients (its extended key usage lacks clientAuth), so partners that verify it reject it; ask its authority, or the partner, for one that is`,
    },
  ]
}

function openness({ key }: TrustSettings, configFolder: string): TrustRemark[] {
  if (key === '' || process.platform === 'win32') return []
  try {
    const mode = statSync(path.resolve(configFolder, key)).mode & 0o777
    if ((mode & TOO_OPEN) === 0) return []
    return [
      {
        key: `open ${key}`,
        text: `key=${key} is open to other users of this machine (mode ${mode.toString(8).padStart(4, '0')}); set its mode to 0600 or 0640`,
      },
    ]
  } catch {
    // That it cannot be read is the problem, which is said.
    return []
  }
}

/**
 * What was verified of a server's certificate, in words: a session that any certificate would have done for
 * must not read as one whose server is known. Pure.
 */
import type { X509Certificate } from 'node:crypto'
import type { Requirement } from '../../rules/requirement.js'

/** What Haraka's log line about an encrypted session is to say; Haraka writes it, and goes on. */
export interface LoggedSession {
  /**
   * Haraka's `verified=`. Haraka goes on for what counts as true and gives up for what does not, so "false" is
   * a text here: the line is right, and what the requirement demands was checked before.
   */
  readonly verified: true | 'false'
  /** Haraka's `error=`. */
  readonly why: string | undefined
  /** For names, issuer, dates and fingerprint, as `getPeerCertificate` gives them. */
  readonly certificate: object
}

/**
 * What of a certificate a requirement has checked: `chain` (a trusted authority, dates), `host-name`,
 * `listed-name`, `fingerprint`; nothing where any certificate will do.
 */
export function verifiedParts({
  trusted,
  namesHost,
  namesAnyOf,
  fingerprintsAnyOf,
}: Pick<Requirement, 'trusted' | 'namesHost' | 'namesAnyOf' | 'fingerprintsAnyOf'>): string[] {
  return [
    ...(trusted ? ['chain'] : []),
    ...(namesHost ? ['host-name'] : []),
    ...(namesAnyOf.length > 0 ? ['listed-name'] : []),
    ...(fingerprintsAnyOf.length > 0 ? ['fingerprint'] : []),
  ]
}

/** What Haraka's log is to say of a session that fulfils a requirement. */
export function loggedSession(
  requirement: Requirement,
  certificate: X509Certificate | undefined,
): LoggedSession {
  const verified = verifiedParts(requirement).length > 0
  return {
    verified: verified ? true : 'false',
    why: verified ? undefined : `not verified, because level ${requirement.level} accepts any certificate`,
    certificate: legacyForm(certificate),
  }
}

/** A certificate that OpenSSL reads and Node.js can't show is no reason to fail. */
function legacyForm(certificate: X509Certificate | undefined): object {
  try {
    return certificate?.toLegacyObject() ?? {}
  } catch {
    return {}
  }
}

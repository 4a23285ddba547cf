/** Remarks on a partner besides the verdict: certificates that expire soon. Pure. */
import { definitionOf } from '../rules/levels.js'
import type { Requirement } from '../rules/requirement.js'
import { EXPIRES_SOON, type CertificateFacts } from './certificate-facts.js'

/** A host and its certificate. */
export interface Shown {
  readonly host: string
  readonly certificate: CertificateFacts | null
}

/**
 * The remarks, a sentence each, those of the same host and certificate once; none at a level that takes any
 * certificate.
 */
export function remarksOn(hosts: readonly Shown[], requirement: Requirement): string[] {
  const effect = effectOf(requirement)
  if (effect === null) return []
  const sentences = hosts.flatMap(({ host, certificate }) => {
    const { daysLeft = null, validTo = null } = certificate ?? {}
    if (daysLeft === null || daysLeft < 0 || daysLeft >= EXPIRES_SOON) return []
    const day = validTo?.slice(0, 10) ?? 'a day'
    return [`The certificate of ${host} expires on ${day}, ${inDays(daysLeft)}; ${effect}.`]
  })
  return [...new Set(sentences)]
}

/** How far away that is. */
export function inDays(days: number): string {
  if (days < 0) return days === -1 ? '1 day ago' : `${-days} days ago`
  if (days === 0) return 'in less than a day'
  return days === 1 ? 'in 1 day' : `in ${days} days`
}

/** What it means for the level that a certificate expires; `null` where it means nothing. */
function effectOf({ level, trusted }: Requirement): string | null {
  if (trusted) return `unless it is renewed, mail at level ${level} bounces from then on`
  return definitionOf(level).pinned
    ? 'a new one may have another fingerprint, which must be added to the rule'
    : null
}

/** What would happen to a message, from what a check found, and why. Pure. */
import { decisiveAttempt, judge, type Attempt, type AttemptFailure } from '../delivery/outcome.js'
import { oneLine } from '../text/one-line.js'
import type { CheckContext, CheckRequest, HostCheck, PartnerVerdict } from './types.js'

/** The verdict, and why in one line. */
export interface ReasonedVerdict {
  readonly verdict: PartnerVerdict
  readonly reason: string
}

/** Of a host that fulfils the requirement. */
export function ofHost({ host, to, trustedNextHop }: HostCheck): ReasonedVerdict {
  const where = to === null ? host : `${host} (${to})`
  return {
    verdict: 'delivered',
    reason: trustedNextHop
      ? `${where} counts as secure without TLS (trusted_next_hops)`
      : `${where} fulfils the requirement`,
  }
}

/** Where no host could be found. */
export function withoutHosts(failure: AttemptFailure): ReasonedVerdict {
  return { verdict: failure.temporary ? 'not-known' : 'bounced', reason: oneLine(failure.detail) }
}

/** Where no host fulfils the requirement: as a delivery judges its attempts. */
export function afterAttempts(
  attempts: readonly Attempt[],
  { requirement }: CheckRequest,
  { failureAction }: CheckContext,
): ReasonedVerdict {
  const decisive = decisiveAttempt(attempts)
  if (!decisive) return { verdict: 'not-known', reason: 'no host could be checked' }
  const { tls, temporary } = judge(attempts)
  const reason = oneLine(`${decisive.host} ${decisive.failure.detail}`)
  if (temporary) return { verdict: 'not-known', reason }
  const waits = tls && (requirement.onFailure ?? failureAction) === 'defer'
  return {
    verdict: 'bounced',
    reason: waits ? `${reason} (after retries, because of on-failure defer)` : reason,
  }
}

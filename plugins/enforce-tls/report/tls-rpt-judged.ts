/**
 * What a session is reported under: the published policies that it was held to, and what it failed for by each. Pure.
 */
import { isIP } from 'node:net'
import { definitionOf, FAILURE_CLASS_NAMES, type FailureClass } from '../delivery/failure-classes.js'
import { readAppliedPolicies, type AppliedPolicy } from '../observe/delivery-log/applied-policies.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { PolicyReport } from './tls-rpt-format.js'

/** By which kind of policy a class fails that only one of them knows. */
const KIND: Partial<Record<FailureClass, AppliedPolicy['type']>> = {
  'tlsa-invalid': 'tlsa',
  'dnssec-invalid': 'tlsa',
  'dane-required': 'tlsa',
  'sts-policy-fetch-error': 'sts',
  'sts-policy-invalid': 'sts',
  'sts-webpki-invalid': 'sts',
  'mx-not-listed': 'sts',
}

/** What a session was judged by, and the class that it failed for by that; `null` for none. */
export interface Judged {
  readonly by: PolicyReport['policy'] | 'without' | 'unclear'
  readonly failure: FailureClass | null
}

/** What an attempt comes to; nothing where it did not come as far as TLS, or where that is unknown. */
export function judge(entry: DeliveryLogEntry): Judged[] {
  const found = classIn(entry.class)
  // TLS is as it has to be; what comes behind the server is no matter of these reports.
  const failure = found !== null && definitionOf(found).isOnward ? null : found
  // None is about the partner: the resolvers and the trust here, and a host that a plugin has named, such as a relay of
  // one's own.
  if (failure === 'resolver-unavailable' || failure === 'trust-unusable') return []
  if (entry.named !== undefined) return []
  const kind = failure === null ? undefined : KIND[failure]
  const applied = readAppliedPolicies(entry.policy)
  // A session under two policies belongs to both, but what fails by the one is not judged by the other.
  const judging = (applied ?? []).filter(({ type }) => kind === undefined || type === kind)
  // What goes wrong inside an encrypted session that is as required is not about TLS.
  const cameToTls = found !== null || entry.protocol !== undefined
  // A pinned certificate is a demand of the rule's own, which comes before what is published.
  if (failure === 'fingerprint-mismatch' && judging.length > 0) return []
  if (judging.length > 0)
    return judging.flatMap((policy): Judged[] => {
      const verdict = policy.testing && failure === null ? testedIn(entry) : cameToTls ? failure : undefined
      return verdict === undefined ? [] : [{ by: describe(policy), failure: verdict }]
    })
  if (!cameToTls) return []
  if (kind === undefined) return [{ by: applied?.length === 0 ? 'without' : 'unclear', failure }]
  // It failed before there was a policy to apply.
  const isHost = kind === 'tlsa' && entry.mx !== undefined && isHostName(entry.mx)
  return [{ by: { 'policy-type': kind, 'policy-domain': isHost ? (entry.mx ?? '') : entry.domain }, failure }]
}

/** What a policy of mode `testing` would have made of a session that did not fail; `undefined` where that is unknown. */
function testedIn({ testing }: DeliveryLogEntry): FailureClass | null | undefined {
  return testing === 'pass' ? null : (classIn(testing) ?? undefined)
}

function classIn(text: string | undefined): FailureClass | null {
  return FAILURE_CLASS_NAMES.find((name) => name === text) ?? null
}

function describe({ type, domain, strings }: AppliedPolicy): PolicyReport['policy'] {
  return {
    'policy-type': type,
    ...(strings.length === 0 ? {} : { 'policy-string': strings }),
    'policy-domain': domain,
    ...(type === 'sts' ? patternsIn(strings) : {}),
  }
}

function patternsIn(strings: readonly string[]): Pick<PolicyReport['policy'], 'mx-host'> {
  const patterns = strings.flatMap((line) => /^mx: (.+)$/.exec(line)?.[1] ?? [])
  return patterns.length === 0 ? {} : { 'mx-host': patterns }
}

/** Whether that is a domain, with the underscores that some have. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && /^[\w-]+(?:\.[\w-]+)*$/.test(text) && isIP(text) === 0
}

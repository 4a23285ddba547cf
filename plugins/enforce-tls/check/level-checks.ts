/** Which levels an established session fulfils, by the code that decides at a delivery. Pure. */
import { certificateFailure, type PeerIdentity } from '../delivery/tls/certificate.js'
import { oneLine } from '../text/one-line.js'
import type { Level } from '../rules/levels.js'
import { requirementOf, type Requirement } from '../rules/requirement.js'
import { NO_RULE } from '../rules/requirement-of-action.js'
import type { LevelCheck, CheckRequest } from './types.js'

/**
 * Tries the levels on a session; `fingerprint` only where the requirement lists some.
 *
 * @param host the MX host's name, or its address where it has no name
 */
export function levelsOf(
  peer: PeerIdentity,
  { domain, requirement, also }: CheckRequest,
  host: string,
): LevelCheck[] {
  const plain = (level: Level, names: readonly string[] = []) =>
    requirementOf({ level, names }, domain, NO_RULE)
  const { namesAnyOf } = requirement
  const listed = also?.fingerprints ?? []
  const own = requirement.fingerprintsAnyOf
  const fingerprintsAnyOf = own.length > 0 || listed.length === 0 ? own : [listed]
  const tried: Requirement[] = [
    plain('encrypt'),
    ...(fingerprintsAnyOf.length > 0 ? [{ ...plain('fingerprint'), fingerprintsAnyOf }] : []),
    plain('verify'),
    namesAnyOf.length > 0 ? { ...plain('secure'), namesAnyOf } : plain('secure', also?.names),
  ]
  return tried.map((each) => {
    const failure = certificateFailure(peer, each, host)
    return {
      level: each.level,
      passes: failure === null,
      class: failure?.class ?? null,
      detail: failure ? oneLine(failure.detail) : null,
    }
  })
}

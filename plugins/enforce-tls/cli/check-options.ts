/** The options of `enforce-tls check` that ask for all that a rule requires: a hint asks nothing else than what failed. Pure. */
import type { RelayWithTls } from '../rules/rule.js'

/** As words of a command line, behind the partners. @param action of a level other than `none` */
export function checkOptionsOf(action: RelayWithTls): string[] {
  const { level, minVersion, names, fingerprints, otherwise, onFailure, trust, via, requireOnward } = action
  return [
    ...['--level', level],
    ...(minVersion ? ['--min-version', minVersion] : []),
    ...(names ? ['--cert-name', ...names] : []),
    ...(fingerprints ? ['--fingerprint', ...fingerprints] : []),
    ...(otherwise ? ['--otherwise', otherwise] : []),
    ...(trust === undefined ? [] : ['--trust', trust]),
    ...(requireOnward ? ['--require-onward', requireOnward] : []),
    ...(onFailure ? ['--on-failure', onFailure] : []),
    ...(via === undefined ? [] : ['--via', via]),
  ]
}

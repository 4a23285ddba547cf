/** The named trusts of the settings: which can be used, until when, and what is to be mended. */
import { trustSentences, type TrustFacts } from '../delivery/tls/trust-facts.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { inDays } from '../check/verdict.js'
import type { Surroundings } from './context.js'
import { trustProblem, trustsOf } from './trust-problem.js'
import { actionOf } from '../rules/rule.js'

/** The trusts, and what is to be mended of them and of the rules that name one. */
export interface TrustState {
  readonly trusts: readonly TrustFacts[]
  readonly warnings: readonly string[]
}

/** The state; empty beside `--redis` and `--file`, which know no settings. @param rules active ones that name a trust */
export function trustState(
  surroundings: Pick<Surroundings, 'settings' | 'folder'>,
  rules: readonly OwnedRule[],
): TrustState {
  const known = trustsOf(surroundings)
  const trusts = known?.facts() ?? []
  const unusable = new Set(trusts.flatMap(({ name, problem }) => (problem === null ? [] : [name])))
  const ofRules = rules.flatMap((owned) => {
    const { trust = '' } = actionOf(owned.rule)
    // That of the trust itself is said once, and not for each rule.
    const problem = unusable.has(trust) ? null : trustProblem(owned, known)
    return problem === null ? [] : [`mail of rule ${owned.id} waits: ${problem}`]
  })
  return { trusts, warnings: [...trusts.flatMap(trustSentences).map(({ text }) => text), ...ofRules] }
}

/** A line for each. */
export function formatTrusts(trusts: readonly TrustFacts[]): string[] {
  return trusts.map(({ name, problem, certificates }) => {
    const ends = certificates.map(
      ({ use, file, validTo, daysLeft }) =>
        `${use === 'ca' ? 'authority' : 'client certificate'} in ${file} until ${validTo.slice(0, 10)} (${inDays(daysLeft)})`,
    )
    return `${name}: ${[problem === null ? 'usable' : 'unusable', ...ends].join(', ')}`
  })
}

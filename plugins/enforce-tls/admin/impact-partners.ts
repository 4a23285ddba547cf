/**
 * Whom a change brings under what a rule requires, as far as mail servers can be asked: domains and addresses that its
 * rules name, groups expanded. A pattern that stands for domains without naming one is counted apart.
 */
import { formatAddress, parseAddress, parseDomain } from '../rules/address.js'
import { definitionOf } from '../rules/levels.js'
import { requirementOf, type Requirement } from '../rules/requirement.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import { otherwiseOf } from './format-published.js'
import type { Impact } from './impact.js'
import type { RuleImpact } from './rule-impact.js'
import { STEPS } from './steps.js'

/** The most partners that are asked; of the others it is said how many they are. */
export const PARTNERS_MAX = 200

/** One partner, and what it has to fulfil by one rule. */
export interface ImpactPartner {
  readonly domain: string
  /** The address, where the rule names one. */
  readonly recipient?: string
  readonly action: RelayWithTls
  readonly requirement: Requirement
  readonly rule: RuleImpact
}

/** The first partners, and what is left out. */
export interface ImpactPartners {
  readonly partners: readonly ImpactPartner[]
  /** How many there are beyond. */
  readonly more: number
  /** Patterns that name no domain: `*`, and all subdomains of one. */
  readonly unnamed: readonly string[]
}

/** @param has whether a rule has an effect: those of one that has none need not be asked */
export function partnersIn({ rules }: Impact, has: (rule: RuleImpact) => boolean): ImpactPartners {
  const partners = new Map<string, ImpactPartner>()
  const unnamed = new Set<string>()
  for (const rule of rules) {
    const { owned, step, added } = rule
    const action = actionOf(owned.rule)
    if (!STEPS[step].requires || owned.rule.direction !== 'outgoing' || !has(rule)) continue
    if (!definitionOf(action.level).encrypted) continue
    for (const pattern of patternsOf(rule, added)) {
      const target = targetOf(pattern)
      if (target === null) unnamed.add(pattern)
      else {
        const { owner, id } = owned
        const requirement = requirementOf(action, target.domain, { owner, id, name: owned.rule.name })
        const key = JSON.stringify(target)
        const known = partners.get(key)
        if (known === undefined || weightOf(action) > weightOf(known.action))
          partners.set(key, { ...target, action, requirement, rule })
      }
    }
  }
  const all = [...partners.values()]
  return {
    partners: all.slice(0, PARTNERS_MAX),
    more: Math.max(0, all.length - PARTNERS_MAX),
    unnamed: [...unnamed],
  }
}

/** What is hardest to fulfil, roughly: where several rules name a partner, it is asked about one of them. */
function weightOf(action: RelayWithTls): number {
  const { trusted, pinned, names, published } = definitionOf(action.level)
  if (published !== null) return { defer: 4, onward: 4, encrypt: 1, none: 0 }[otherwiseOf(action) ?? 'defer']
  return Number(trusted) * 2 + Number(pinned) + Number(names === 'domain')
}

/** Those that come in; where it matches more by another condition, all that it names. */
function patternsOf({ named, step }: RuleImpact, added: readonly string[]): readonly string[] {
  return step === 'more-mail' && added.length > 0 ? added : named
}

function targetOf(pattern: string): Pick<ImpactPartner, 'domain' | 'recipient'> | null {
  if (pattern === '*' || pattern.startsWith('.')) return null
  if (!pattern.includes('@')) {
    const parsed = parseDomain(pattern)
    return 'domain' in parsed ? { domain: parsed.domain } : null
  }
  const parsed = parseAddress(pattern)
  return 'address' in parsed
    ? { domain: parsed.address.domain, recipient: formatAddress(parsed.address) }
    : null
}

/**
 * The suggestions of rules, out of what was observed and the rules as they stand: partners of domains whose message rules
 * are on, that no rule is about by now. Rejects with a `StoreError` where a store does not answer.
 */
import { readParts } from '../policy/read-parts.js'
import { EVERYONE } from '../rules/owner.js'
import { parseService } from '../rules/owner-entries.js'
import { isCovered, RuleList } from '../rules/rule-list.js'
import type { Settings } from '../settings/types.js'
import type { PartnerFacts } from '../store/partner-facts.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { suggestedRule, type SuggestedRule } from './judge-pair.js'
import { LOSSES, parseLosses, type Losses } from './losses.js'
import { pairOf, parsePairs, type Pair, type PairRecord } from './record.js'

/** A suggestion, and what it comes from. */
export interface Suggestion extends Pair, SuggestedRule {
  readonly record: PairRecord
}

/** All that is suggested. */
export interface Suggestions {
  /** Most deliveries first. */
  readonly suggestions: readonly Suggestion[]
  /** How many pairs are observed; also those that nothing is suggested for. */
  readonly observed: number
  readonly losses: Losses
}

export interface SuggestionSources {
  readonly store: Pick<ReadStore, 'readOwner' | 'readRules' | 'readService' | 'groups' | 'services'>
  readonly facts: Pick<PartnerFacts, 'readAll'>
  readonly settings: Settings['suggest']
  /** Whether whoever asks may see what is observed for a domain. @default everything */
  readonly accepts?: (owner: string) => boolean
}

/** Reads them. @param now in milliseconds since the epoch */
export async function readSuggestions(
  { store, facts, settings, accepts = () => true }: SuggestionSources,
  now = Date.now(),
): Promise<Suggestions> {
  const [texts, services] = await Promise.all([facts.readAll(), store.services()])
  const byOwner = new Map<string, Suggestion[]>()
  let observed = 0
  for (const [name, record] of await inPieces(parsePairs(texts))) {
    const pair = pairOf(name)
    if (pair === null || record === null || !accepts(pair.owner)) continue
    observed++
    const rule = isServiceOn(services.get(pair.owner)) ? suggestedRule(record, settings, now) : null
    if (rule === null) continue
    const suggestion = { ...pair, ...rule, record }
    const others = byOwner.get(pair.owner)
    if (others) others.push(suggestion)
    else byOwner.set(pair.owner, [suggestion])
  }
  const forAll = byOwner.size === 0 ? RuleList.empty : await listOf(store, EVERYONE)
  const left: Suggestion[] = []
  for (const [owner, suggestions] of byOwner) {
    const lists = [forAll, await listOf(store, owner)]
    for (const each of suggestions) if (!(await isPairCovered(lists, each, now))) left.push(each)
  }
  return {
    suggestions: left.sort((a, b) => b.record.deliveries - a.record.deliveries),
    observed,
    losses: parseLosses(texts.get(LOSSES)),
  }
}

function isServiceOn(json: string | undefined): boolean {
  const service = json === undefined ? null : parseService(json)
  return service !== null && 'enabled' in service && service.enabled
}

async function listOf(store: SuggestionSources['store'], owner: string): Promise<RuleList> {
  const { parts, groups } = await readParts(store, owner)
  return inPieces(RuleList.compile(parts, groups))
}

/** Whether a rule is about an ordinary message: not one to a single address, nor one that looks at the header. */
async function isPairCovered(
  lists: readonly RuleList[],
  { owner, partner }: Pair,
  now: number,
): Promise<boolean> {
  const sender = { local: 'anybody', domain: owner }
  const message = {
    direction: 'outgoing',
    sender,
    recipient: { local: 'anybody', domain: partner },
    now,
  } as const
  for (const list of lists) if (isCovered(await inPieces(list.match(message)))) return true
  return false
}

/** What is asked in a check: at a level that options say, or what rules require of mail from a sender. */
import { formatFlaw } from '../rules/format-problem.js'
import type { ReadStore } from '../store/rule-store.js'
import type { PartnerCheck, CheckRequest } from '../check/types.js'
import { atOnce } from '../work/pieces.js'
import { readOwner, ruleIn } from '../admin/owner-state.js'
import { compile } from '../policy/owner-loader.js'
import { readParts } from '../policy/read-parts.js'
import { checkAction } from '../rules/action.js'
import type { MailAddress } from '../rules/address.js'
import { decide } from '../rules/decide.js'
import { placedProblem } from '../rules/format-problem.js'
import {
  definitionOf,
  ONWARD,
  type Level,
  type OnFailure,
  type Onward,
  type Otherwise,
  type TlsVersion,
} from '../rules/levels.js'
import { ownersOf } from '../rules/owner.js'
import { addUp, requirementOf, requirementOfAction } from '../rules/requirement.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import type { RuleList } from '../rules/rule-list.js'
import { listed } from '../text/list.js'
import { isGroupReference, readTargets, type Line, type Skipped, type Target } from './check-targets.js'
import { Refusal, WrongUse } from './refusal.js'
import { ownerWithRules, senderOf } from './rule-entries.js'
import { flagOfPath } from './rule-fields.js'

/** What is to be asked. */
export interface CheckRequests {
  readonly questions: readonly CheckRequest[]
  /** Patterns that can't be asked about. */
  readonly skipped: readonly Skipped[]
  /** Whether it is about one partner, which is then told with all that was found. */
  readonly single: boolean
  /** Sentences about what the checks do not tell. */
  readonly notes: (checks: readonly PartnerCheck[]) => readonly string[]
}

/** Targets as words and as lines of a list. */
export interface CheckWords {
  readonly words: readonly string[]
  readonly lines: readonly Line[]
}

/**
 * Reads targets and what is asked of each.
 *
 * @param store where groups and rules are; `null` where neither is named
 * @throws {WrongUse} where nothing is left to be checked.
 */
export async function questionsOf(
  store: ReadStore | null,
  options: CheckWords & RequirementOptions & RuleNamed & { readonly from?: string | undefined },
): Promise<CheckRequests> {
  const { words, lines, from, level } = options
  const byRules = from !== undefined && level === undefined && store !== null
  const rules = byRules ? await readSenderRules(store, senderOf(from)) : null
  if (from !== undefined) senderOf(from)
  const byRule = store === null ? null : await askerOfRule(store, options)
  const ask = byRule ?? asker(options, rules)
  const groups = async () => (await store?.groups()) ?? new Map<string, string>()
  const { targets, skipped } = await readTargets(words, lines, groups)
  if (targets.length === 0) throw new WrongUse(['there is nothing to check', ...skipped.map(formatSkipped)])
  const single = targets.length === 1 && lines.length === 0 && !words.some(isGroupReference)
  return {
    questions: targets.map((target) => ({ ...target, ...ask(target) })),
    skipped,
    single,
    notes: (checks) => (rules ? notesOn(checks, rules) : single || byRule ? [] : notesOnDefault(options)),
  }
}

/** That a pattern was left out, and why. */
export function formatSkipped({ pattern, why }: Skipped): string {
  return `Not checked: ${pattern}, ${why}.`
}

/** By what several partners were judged, where no option says it. */
function notesOnDefault({ level, fingerprint, requireOnward }: RequirementOptions): readonly string[] {
  if (level !== undefined || fingerprint !== undefined || requireOnward === 'must') return []
  return [
    'Checked at level encrypt, which accepts any certificate. --from <sender> checks what the rules require of mail from that sender, --rules all partners of rules.',
  ]
}

/** What a check by rules does not know. */
function notesOn(checks: readonly PartnerCheck[], { lists }: SenderRules): string[] {
  const free = checks.filter(({ decidedBy }) => decidedBy.length === 0)
  const [first] = free
  const names = free.map(({ recipient, domain }) => recipient ?? domain)
  return [
    ...(first
      ? [`No rule requires anything of mail to ${listed(names)}; it was checked at level ${first.level}.`]
      : []),
    ...(lists.some((list) => list.needsHeaders)
      ? ['Rules that look at the subject or header were left out, because there is no message.']
      : []),
  ]
}

/** The options that say it. */
export interface RequirementOptions {
  readonly level?: Exclude<Level, 'none'> | undefined
  readonly minVersion?: TlsVersion | undefined
  readonly fingerprint?: readonly string[] | undefined
  readonly certName?: readonly string[] | undefined
  readonly otherwise?: Otherwise | undefined
  readonly trust?: string | undefined
  readonly onFailure?: OnFailure | undefined
  readonly via?: string | undefined
  /** `true` where the option has no value. */
  readonly requireOnward?: Onward | true | undefined
}

/** A rule that is asked about. */
interface RuleNamed {
  readonly owner?: string | undefined
  readonly rule?: string | undefined
}

/** The rules of a sender. */
interface SenderRules {
  readonly sender: MailAddress
  readonly lists: readonly RuleList[]
}

type Asked = Pick<CheckRequest, 'requirement' | 'also'>

/** Reads the rules of a sender's owners. @throws {Refusal} when a broken one may cover any mail. */
async function readSenderRules(store: ReadStore, sender: MailAddress): Promise<SenderRules> {
  const read = await Promise.all(ownersOf(sender).map((owner) => readParts(store, owner)))
  const lists = await Promise.all(read.map(({ parts, groups }) => compile(parts, groups)))
  const broken = lists.flatMap(({ compiled }) => compiled.waits.outgoing ?? compiled.serviceProblem ?? [])
  if (broken[0]) throw new Refusal([`what the rules require is unknown: ${placedProblem(broken[0], store)}`])
  return { sender, lists }
}

/** Makes what is asked of each target. @throws {Refusal} for options that make no sense. */
function asker(options: RequirementOptions, rules: SenderRules | null): (target: Target) => Asked {
  const { fingerprint, certName, otherwise } = options
  const fingerprints = fingerprint && valid({ level: 'fingerprint', fingerprints: fingerprint }).fingerprints
  const besides = besidesLevel(options)
  valid({ level: 'encrypt', ...besides })
  const names = certName && valid({ level: 'secure', names: certName }).names
  const level = options.level ?? (rules === null && fingerprints ? 'fingerprint' : null)
  if (level === 'fingerprint' && !fingerprints)
    throw new Refusal(['--level fingerprint needs --fingerprint <sha256...>'])
  if (otherwise && (level === null || definitionOf(level).published === null))
    throw new Refusal(['--otherwise needs --level dane, mta-sts or published'])
  const action = (asked: Level): RelayWithTls => ({
    level: asked,
    ...besides,
    ...(asked === 'fingerprint' && fingerprints ? { fingerprints } : {}),
    ...(asked === 'secure' && names ? { names } : {}),
    ...(otherwise ? { otherwise } : {}),
  })
  const also = { ...(fingerprints && { fingerprints }), ...(names && { names }) }
  return (target) => {
    const { domain } = target
    const required = level === null && rules ? requiredBy(rules, target) : null
    const asked = requirementOfAction(action(level ?? 'encrypt'), domain)
    return {
      requirement:
        required && Object.keys(besides).length === 0 ? required : (addUp(required, asked) ?? asked),
      also,
    }
  }
}

/** Rules that look at subject or header have no say: there is no message. */
function requiredBy({ sender, lists }: SenderRules, { domain, recipient }: Target) {
  const local = recipient?.slice(0, recipient.lastIndexOf('@')) ?? ''
  const message = { direction: 'outgoing', sender, recipient: { local, domain }, now: Date.now() } as const
  return atOnce(decide(lists, message)).requirement
}

/**
 * The same of one rule, whether it is on or not; `null` where none is named.
 *
 * @throws {Refusal} where it requires nothing of a partner's servers. @throws {AdminProblem} where there is no such rule.
 */
async function askerOfRule(
  store: ReadStore,
  { owner: text, rule: id }: RuleNamed,
): Promise<((target: Target) => Asked) | null> {
  if (text === undefined || id === undefined) return null
  const owner = await ownerWithRules({ store }, text)
  const rule = await ruleIn((await readOwner(store, owner)).entries, id)
  const action = actionOf(rule)
  if (rule.direction === 'incoming' || !definitionOf(action.level).encrypted)
    throw new Refusal([`rule ${id} of ${owner} requires nothing of the servers of a partner`])
  return ({ domain }) => ({
    requirement: requirementOf(action, domain, { owner, id, name: rule.name }),
    also: {},
  })
}

/** What is asked for at any level. */
function besidesLevel(options: RequirementOptions): Omit<RelayWithTls, 'level'> {
  const { minVersion, trust, onFailure, via, requireOnward } = options
  return {
    ...(minVersion ? { minVersion } : {}),
    ...(trust === undefined ? {} : { trust }),
    ...(onFailure ? { onFailure } : {}),
    ...(via === undefined ? {} : { via }),
    ...(requireOnward ? { requireOnward: requireOnward === true ? ONWARD[0] : requireOnward } : {}),
  }
}

function valid(action: RelayWithTls): RelayWithTls {
  const checked = checkAction(action, 'outgoing')
  if (!('problem' in checked)) return checked
  throw new Refusal([`${flagOfPath(checked.field)} ${formatFlaw(checked)}`])
}

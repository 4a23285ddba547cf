/** What a check asks of a partner: what the options say, or what the rules require of mail from a sender. */
import type { ReadStore } from '../store/rule-store.js'
import { requirementOfAction } from '../rules/requirement-of-action.js'
import type { CheckRequest } from '../check/types.js'
import { checkAction } from '../rules/action.js'
import type { MailAddress } from '../rules/address.js'
import { decide } from '../rules/decide.js'
import type { Level, TlsVersion } from '../rules/levels.js'
import { placedProblem } from '../rules/format-problem.js'
import { ownersOf } from '../rules/owner.js'
import { addUp } from '../rules/requirement.js'
import type { RelayWithTls } from '../rules/rule.js'
import type { RuleList } from '../rules/rule-list.js'
import { compile } from '../policy/compile.js'
import { readParts } from '../policy/read-parts.js'
import type { Target } from './check-targets.js'
import { Refusal } from './refusal.js'
import { atOnce } from '../work/pieces.js'

/** The options that say it. */
export interface RequirementOptions {
  readonly level?: Exclude<Level, 'none'> | undefined
  readonly minVersion?: TlsVersion | undefined
  readonly fingerprint?: readonly string[] | undefined
  readonly certName?: readonly string[] | undefined
}

/** The rules of a sender. */
export interface SenderRules {
  readonly sender: MailAddress
  readonly lists: readonly RuleList[]
}

type Asked = Pick<CheckRequest, 'requirement' | 'also'>

/** Reads the rules of a sender's owners. @throws {Refusal} when a broken one may cover any mail. */
export async function readSenderRules(store: ReadStore, sender: MailAddress): Promise<SenderRules> {
  const read = await Promise.all(ownersOf(sender).map((owner) => readParts(store, owner)))
  const lists = await Promise.all(read.map(({ parts, groups }) => compile(parts, groups)))
  const broken = lists.flatMap(({ compiled }) => compiled.waits.outgoing ?? compiled.serviceProblem ?? [])
  if (broken[0]) throw new Refusal([`what the rules require is unknown: ${placedProblem(broken[0], store)}`])
  return { sender, lists }
}

/** Makes what is asked of each target. @throws {Refusal} for options that make no sense. */
export function asker(options: RequirementOptions, rules: SenderRules | null): (target: Target) => Asked {
  const { fingerprint, certName, minVersion } = options
  const fingerprints = fingerprint && valid({ level: 'fingerprint', fingerprints: fingerprint }).fingerprints
  const names = certName && valid({ level: 'secure', names: certName }).names
  const level = options.level ?? (rules === null && fingerprints ? 'fingerprint' : null)
  if (level === 'fingerprint' && !fingerprints)
    throw new Refusal(['--level fingerprint needs --fingerprint <sha256...>'])
  const action = (asked: Level): RelayWithTls => ({
    level: asked,
    ...(minVersion ? { minVersion } : {}),
    ...(asked === 'fingerprint' && fingerprints ? { fingerprints } : {}),
    ...(asked === 'secure' && names ? { names } : {}),
  })
  const also = { ...(fingerprints && { fingerprints }), ...(names && { names }) }
  return (target) => {
    const { domain } = target
    const required = level === null && rules ? requiredBy(rules, target) : null
    const asked = requirementOfAction(action(level ?? 'encrypt'), domain)
    return { requirement: required && !minVersion ? required : (addUp(required, asked) ?? asked), also }
  }
}

/** Rules that look at subject or header have no say: there is no message. */
function requiredBy({ sender, lists }: SenderRules, { domain, recipient }: Target) {
  const local = recipient?.slice(0, recipient.lastIndexOf('@')) ?? ''
  const message = { direction: 'outgoing', sender, recipient: { local, domain }, now: Date.now() } as const
  return atOnce(decide(lists, message)).requirement
}

function valid(action: RelayWithTls): RelayWithTls {
  const checked = checkAction(action, 'outgoing')
  if (!('problem' in checked)) return checked
  const option = action.level === 'secure' ? '--cert-name' : '--fingerprint'
  throw new Refusal([`${option} ${checked.problem}`])
}

/** What is to become of one queue item, by the rules in force and by what the item itself says. */
import { requirementOfMark } from '../delivery/bounce/requiretls-note.js'
import { isExempt } from '../delivery/exempt-note.js'
import { readHeaderBlock } from '../delivery/message-header.js'
import { isGone } from '../delivery/queue-files.js'
import { comparable } from '../haraka/address.js'
import { HEADER_CUT, isHeaderCut } from '../haraka/header-limit.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import type { Policy, PolicyUnknown } from '../policy/policy.js'
import { HeaderBlock } from '../rules/header-block.js'
import { withAskedIn } from '../requiretls/ask.js'
import { saysTlsRequiredNo } from '../requiretls/header-fields.js'
import { isWaivable } from '../rules/waivable.js'
import { asksForRequireTls } from '../requiretls/note.js'
import type { PolicyContext } from '../requiretls/policy.js'
import { addUp, requirementKey, type Requirement } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** Recipients that require the same. */
export interface Group {
  readonly requirement: Requirement | null
  /** Without what the message asks for itself. */
  readonly byRules: Requirement | null
  readonly recipients: HarakaAddress[]
}

/** What is to become of one item. */
export type ItemDecision =
  | PolicyUnknown
  /** Somebody has removed the queue file. */
  | { readonly is: 'gone' }
  | FreeDecision
  | RequiredDecision

/** What `TLS-Required: No` of the message comes to. */
export interface Waiving {
  /** Whether the message says it, it counts, and a rule is such that it may matter. */
  readonly waives: boolean
  /** What rules would require of each recipient without it; `null` for one that it frees of nothing. */
  readonly waived: readonly (Requirement | null)[]
}

/** The rules require nothing of any recipient. */
export interface FreeDecision extends Waiving {
  readonly is: 'free'
  readonly rulings: readonly Ruling[]
}

export interface RequiredDecision extends Waiving {
  readonly is: 'required'
  /** One for each recipient, as the requirements. */
  readonly rulings: readonly Ruling[]
  readonly requirements: readonly (Requirement | null)[]
  /** The same without what the message asks for itself. */
  readonly byRules: readonly (Requirement | null)[]
  readonly groups: readonly Group[]
  /** What the message requires though nothing that rules require is enforced; `null` where it asks for nothing. */
  readonly asked: Requirement | null
}

/** What counts of the message's own words. */
export interface OwnWords extends PolicyContext {
  readonly settings: PolicyContext['settings'] & { readonly honourNo: boolean }
}

const GONE: ItemDecision = { is: 'gone' }
/** In milliseconds since a message was queued. */
const FRESH = 10_000

/**
 * Decides on one item.
 *
 * @throws (rejects) what nobody expects; mail waits then
 */
export async function decideOn(
  item: HarakaMailItem,
  rules: Pick<Policy, 'rulingsOn'>,
  words: OwnWords,
): Promise<ItemDecision> {
  if (isExempt(item)) return { is: 'free', rulings: [], waives: false, waived: [] }
  const { mail_from, rcpt_to } = item.todo
  let decision: ItemDecision
  try {
    // For rules and for what the message says itself, read once.
    let block: Promise<HeaderBlock> | undefined
    const headers = () => (block ??= headersOf(item))
    const answer = await rules.rulingsOn(comparable(mail_from), rcpt_to.map(comparable), headers)
    decision = answer.is === 'unknown' ? answer : await toDecision(item, answer.rulings, words, headers)
  } catch (error) {
    if (await isGone(item.path)) return GONE
    throw error
  }
  return decision.is !== 'free' && hasWaited(item) && (await isGone(item.path)) ? GONE : decision
}

/** A person takes out what lies in the queue; the file of a message that has just come is there. */
function hasWaited({ num_failures, todo }: HarakaMailItem): boolean {
  return num_failures > 0 || !(Math.abs(Date.now() - todo.queue_time) <= FRESH)
}

/** So many recipients are looked at between two yields. */
const PIECE = 100

/** Adds up what rules say, what a bounce itself requires, and what the message asks for. */
async function toDecision(
  item: HarakaMailItem,
  rulings: readonly Ruling[],
  words: OwnWords,
  headers: () => Promise<HeaderBlock>,
): Promise<ItemDecision> {
  const { todo } = item
  const ofBounce = requirementOfMark(item)
  const asks = asksForRequireTls(todo)
  const all = rulings.map(({ requirement }) => addUp(requirement, ofBounce))
  // RFC 8689 section 4.1: REQUIRETLS makes the header field void.
  const mayWaive =
    !asks && words.settings.honourNo && (all.some(mayBeOptional) || rulings.some(reportsWaivable))
  const waives = mayWaive && saysTlsRequiredNo(await headers())
  const waived = all.map((requirement) => (waives && isWaivable(requirement) ? requirement : null))
  const byRules = all.map((requirement, index) => (waived[index] ? null : requirement))
  const requirements = asks ? byRules.map((each) => withAskedIn(todo, each, words)) : byRules
  if (requirements.every((requirement) => requirement === null))
    return { is: 'free', rulings, waives, waived }
  const groups = await inPieces(grouped(todo.rcpt_to, requirements, byRules))
  const asked = asks ? withAskedIn(todo, ofBounce, words) : null
  return { is: 'required', rulings, requirements, byRules, groups, asked, waives, waived }
}

/** Where nothing is required, the field still has the message go where TLS fails. */
function mayBeOptional(requirement: Requirement | null): boolean {
  return requirement === null || isWaivable(requirement)
}

function reportsWaivable({ reported }: Ruling): boolean {
  return reported.some(isWaivable)
}

/** What can't be read is unknown to the rules: to wait for it might have no end. */
async function headersOf(item: HarakaMailItem): Promise<HeaderBlock> {
  try {
    const cut = isHeaderCut(item.todo.notes) ? HEADER_CUT : null
    return await readHeaderBlock(item.path, item.data_start, cut)
  } catch (error) {
    if (await isGone(item.path)) throw error
    item.logerror(
      `enforce-tls: the message's header cannot be read, so rules that look at it count as matching where they require TLS: ${String(error)}`,
    )
    return new HeaderBlock(null)
  }
}

/** Recipients that require the same, in the order of the envelope. */
function* grouped(
  recipients: readonly HarakaAddress[],
  requirements: readonly (Requirement | null)[],
  byRules: readonly (Requirement | null)[],
): InPieces<Group[]> {
  const groups = new Map<string, Group>()
  for (const [index, recipient] of recipients.entries()) {
    const requirement = requirements[index] ?? null
    const key = requirementKey(requirement)
    const group = groups.get(key)
    if (group) group.recipients.push(recipient)
    else groups.set(key, { requirement, byRules: byRules[index] ?? null, recipients: [recipient] })
    if (index % PIECE === PIECE - 1) yield
  }
  return [...groups.values()]
}

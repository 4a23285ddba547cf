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
import { addUp, requirementKey, type Requirement } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** Recipients that require the same. */
export interface Group {
  readonly requirement: Requirement | null
  readonly recipients: HarakaAddress[]
}

/** What is to become of one item. */
export type ItemDecision =
  | PolicyUnknown
  /** Somebody has removed the queue file. */
  | { readonly is: 'gone' }
  /** The rules require nothing of any recipient. */
  | { readonly is: 'free'; readonly rulings: readonly Ruling[] }
  | RequiredDecision

export interface RequiredDecision {
  readonly is: 'required'
  /** One for each recipient, as the requirements. */
  readonly rulings: readonly Ruling[]
  readonly requirements: readonly (Requirement | null)[]
  readonly groups: readonly Group[]
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
): Promise<ItemDecision> {
  if (isExempt(item)) return { is: 'free', rulings: [] }
  const { mail_from, rcpt_to } = item.todo
  let decision: ItemDecision
  try {
    const answer = await rules.rulingsOn(comparable(mail_from), rcpt_to.map(comparable), () =>
      headersOf(item),
    )
    decision = answer.is === 'unknown' ? answer : await toDecision(item, answer.rulings)
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

/** Adds up what rules say, and what a bounce itself requires. */
async function toDecision(item: HarakaMailItem, rulings: readonly Ruling[]): Promise<ItemDecision> {
  const ofBounce = requirementOfMark(item)
  const requirements = rulings.map(({ requirement }) => addUp(requirement, ofBounce))
  if (requirements.every((requirement) => requirement === null)) return { is: 'free', rulings }
  const groups = await inPieces(grouped(item.todo.rcpt_to, requirements))
  return { is: 'required', rulings, requirements, groups }
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
): InPieces<Group[]> {
  const groups = new Map<string, Group>()
  for (const [index, recipient] of recipients.entries()) {
    const requirement = requirements[index] ?? null
    const key = requirementKey(requirement)
    const group = groups.get(key)
    if (group) group.recipients.push(recipient)
    else groups.set(key, { requirement, recipients: [recipient] })
    if (index % PIECE === PIECE - 1) yield
  }
  return [...groups.values()]
}

/**
 * The decision at every attempt of every queue item: what the rules in force require of it. While that is unknown
 * the mail waits, for as long as Haraka's own retries would last.
 */
import constants from 'haraka-constants'
import type { Guard } from '../delivery/guard.js'
import { requirementOfMark } from '../delivery/bounce/requiretls-note.js'
import { readHeaderBlock } from '../delivery/message-header.js'
import { isGone } from '../delivery/queue-files.js'
import { comparable } from '../haraka/address.js'
import { HEADER_CUT, isHeaderCut } from '../haraka/header-limit.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { rulesOf, type Reports } from '../observe/report-mode.js'
import type { Policy, PolicyUnknown } from '../policy/policy.js'
import { HeaderBlock } from '../rules/header-block.js'
import type { InPieces } from '../work/pieces.js'
import { addUp, requirementKey, type Requirement } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import type { Decision as CountedDecision } from '../observe/metrics/metrics.js'
import type { Settings } from '../settings/types.js'
import { inPieces } from '../work/turns.js'

/** Mail whose rules are unknown waits at least this long before its sender is notified, in ms. */
const WAIT_MIN = 24 * 60 * 60 * 1000

/**
 * An item is divided into at most so many at a time: each is a copy of the message, and their files get their
 * names in one go.
 */
const PARTS_MAX = 100

/** What the hook `send_email` answers. */
export type Answer = number | { readonly code: number; readonly argument: unknown }

/** What a decision needs of the process. */
export interface DecisionContext {
  settings(): Settings['main']
  readonly rules: Pick<Policy, 'rulingsOn'>
  readonly reports: Pick<Reports, 'note' | 'released'>
  /** Makes one queue item of each group of recipients. */
  divide(item: HarakaMailItem, groups: readonly (readonly HarakaAddress[])[]): Promise<void>
  /** How long Haraka's own retries go on, in ms. */
  retriesLast(): number
  /** Counts a decision; total. */
  decided(result: CountedDecision): void
}

/** What a decision does to the guard of its item. */
export type DecidedGuard = Pick<Guard, 'epoch' | 'detach' | 'enforce' | 'retire' | 'fail'>

/** Recipients that require the same. */
interface Group {
  readonly requirement: Requirement | null
  readonly recipients: HarakaAddress[]
}

/** What is to become of one item. */
type Decision =
  | PolicyUnknown
  /** Somebody has removed the queue file. */
  | { readonly is: 'gone' }
  /** The rules require nothing of any recipient. */
  | { readonly is: 'free'; readonly rulings: readonly Ruling[] }
  | Required

interface Required {
  readonly is: 'required'
  /** One for each recipient, as the requirements. */
  readonly rulings: readonly Ruling[]
  readonly requirements: readonly (Requirement | null)[]
  readonly groups: readonly Group[]
}

const GONE: Decision = { is: 'gone' }

/** Decides, and remembers since when the rules of an item are unknown. */
export class Decisions {
  readonly #context: DecisionContext
  /** Since when the rules of an item are unknown, in ms of a clock that nobody sets. */
  readonly #unknownSince = new WeakMap<HarakaMailItem, number>()

  constructor(context: DecisionContext) {
    this.#context = context
  }

  /** Decides for one item, which has its guard; gives what the hook `send_email` answers. */
  async on(guard: DecidedGuard, item: HarakaMailItem): Promise<Answer> {
    const { epoch } = guard
    const decision = await this.#decide(item)
    // Haraka has given up waiting for this answer: the rules are asked again at the next attempt.
    if (guard.epoch !== epoch) return constants.cont
    switch (decision.is) {
      case 'gone':
        guard.retire()
        item.lognotice('enforce-tls: the queue file was removed, so there is nothing to send')
        return constants.cont
      case 'unknown':
        this.#context.decided('deferred')
        return this.#withoutRules(guard, item, decision)
      case 'free':
        this.#known(item, 'not-required')
        this.#report(item, decision.rulings)
        this.#release(guard, item)
        return constants.cont
      case 'required':
        return await this.#required(guard, item, decision)
    }
  }

  async #decide(item: HarakaMailItem): Promise<Decision> {
    const { mail_from, rcpt_to } = item.todo
    let decision: Decision
    try {
      const answer = await this.#context.rules.rulingsOn(comparable(mail_from), rcpt_to.map(comparable), () =>
        headersOf(item),
      )
      decision = answer.is === 'unknown' ? answer : await toDecision(item, answer.rulings)
    } catch (error) {
      if (await isGone(item.path)) return GONE
      throw error
    }
    return decision.is !== 'free' && (await isGone(item.path)) ? GONE : decision
  }

  async #required(guard: DecidedGuard, item: HarakaMailItem, decision: Required): Promise<Answer> {
    const { rulings, requirements, groups } = decision
    if (this.#context.settings().reportOnly) {
      this.#known(item, 'not-required')
      this.#report(item, rulings, requirements)
      this.#release(guard, item)
      return constants.cont
    }
    this.#known(item, 'required')
    if (groups.length > 1) {
      const parts = partsOf(groups)
      await this.#context.divide(item, parts)
      guard.retire()
      const rest = parts.length < groups.length ? ', the last of which is divided further' : ''
      item.loginfo(
        `enforce-tls: divided into ${parts.length} items${rest}, because its recipients require different things`,
      )
      return constants.cont
    }
    this.#report(item, rulings)
    this.#require(guard, item, groups[0]?.requirement ?? null)
    return constants.cont
  }

  #known(item: HarakaMailItem, result: 'required' | 'not-required'): void {
    this.#context.decided(result)
    this.#unknownSince.delete(item)
  }

  #require(guard: DecidedGuard, item: HarakaMailItem, requirement: Requirement | null): void {
    if (!requirement) return this.#release(guard, item)
    item.loginfo(`enforce-tls: ${requirement.level} is required, by rule ${rulesOf(requirement)}`)
    guard.enforce(requirement)
  }

  #release(guard: DecidedGuard, item: HarakaMailItem): void {
    guard.detach()
    this.#context.reports.released(item)
  }

  /** Reports what would be required; `enforced` too where nothing is. */
  #report(
    item: HarakaMailItem,
    rulings: readonly Ruling[],
    enforced: readonly (Requirement | null)[] = [],
  ): void {
    const reported = item.todo.rcpt_to.flatMap((recipient, index) =>
      [...(enforced[index] ? [enforced[index]] : []), ...(rulings[index]?.reported ?? [])].map(
        (requirement) => ({ recipient, requirement }),
      ),
    )
    this.#context.reports.note(item, reported)
  }

  #withoutRules(guard: DecidedGuard, item: HarakaMailItem, { why, isAway }: PolicyUnknown): Answer {
    const { onStoreFailure, deferSeconds } = this.#context.settings()
    if (onStoreFailure === 'deliver' && isAway) {
      this.#require(guard, item, requirementOfMark(item))
      item.logwarn('enforce-tls: delivered while the rules are unknown (on_store_failure=deliver)')
      return constants.cont
    }
    const now = performance.now()
    const since = this.#unknownSince.get(item) ?? now
    this.#unknownSince.set(item, since)
    if (now - since > Math.max(this.#context.retriesLast(), WAIT_MIN)) {
      guard.fail(`the rules of the sender could not be read: ${why}`)
      return constants.cont
    }
    item.loginfo(`enforce-tls: the message waits ${deferSeconds} s: ${why}`)
    // A text: Haraka's log complains about an argument that is a number.
    return { code: constants.delay, argument: String(deferSeconds) }
  }
}

/** So many recipients are looked at between two yields. */
const PIECE = 100

/** Adds up what rules say, and what a bounce itself requires. */
async function toDecision(item: HarakaMailItem, rulings: readonly Ruling[]): Promise<Decision> {
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

/** The recipients of each part; of many groups the last part takes the rest, and is divided in its turn. */
function partsOf(groups: readonly Group[]): HarakaAddress[][] {
  const parts = groups.slice(0, PARTS_MAX).map(({ recipients }) => [...recipients])
  for (const { recipients } of groups.slice(PARTS_MAX))
    for (const recipient of recipients) parts.at(-1)?.push(recipient)
  return parts
}

/**
 * The decision at every attempt of every queue item: what the rules in force require of it. What can't be told
 * makes mail wait, for as long as Haraka's own retries would last.
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
import { RulesUnknown, type Policy } from '../policy/policy.js'
import { HeaderBlock } from '../rules/header-block.js'
import type { InPieces } from '../work/pieces.js'
import { addUp, requirementKey, type Requirement } from '../rules/requirement.js'
import type { Verdict } from '../rules/rule-list.js'
import type { Decision } from '../observe/metrics/metrics.js'
import type { Settings } from '../settings/types.js'
import { inPieces } from '../work/turns.js'

/** Mail whose rules can't be told waits at least this long before its sender hears of it, in ms. */
const PATIENCE_MIN = 24 * 60 * 60 * 1000

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
  readonly rules: Policy
  readonly reports: Reports
  /** Makes one queue item of each group of recipients. */
  divide(item: HarakaMailItem, groups: readonly (readonly HarakaAddress[])[]): Promise<void>
  /** How long Haraka's own retries go on, in ms. */
  retriesLast(): number
  /** Told of every decision; total. */
  decided(result: Decision): void
}

/** Recipients that require the same. */
interface Group {
  readonly requirement: Requirement | null
  readonly recipients: HarakaAddress[]
}

/** What was found out about one item. */
interface Decided {
  readonly verdicts: readonly Verdict[]
  readonly requirements: readonly (Requirement | null)[]
  readonly groups: readonly Group[]
}

/** Decides, and keeps what decisions have to remember of an item. */
export class Decisions {
  readonly #context: DecisionContext
  /** Since when the rules of an item can't be told, in ms of a clock that nobody sets. */
  readonly #undecidedSince = new WeakMap<HarakaMailItem, number>()

  constructor(context: DecisionContext) {
    this.#context = context
  }

  /** Decides for one item, which has its guard; gives what the hook `send_email` answers. */
  async on(guard: Guard, item: HarakaMailItem): Promise<Answer> {
    const { epoch: turn } = guard
    const verdicts = await this.#verdictsOn(item)
    const requirements = verdicts instanceof Error ? null : this.#requirements(item, verdicts)
    const groups = await inPieces(grouping(item.todo.rcpt_to, requirements ?? []))
    const covered = !requirements?.every((requirement) => requirement === null)
    const gone = covered && (await isGone(item.path))
    // Haraka has given up waiting for this answer: the rules are asked again at the next attempt.
    if (guard.epoch !== turn) return constants.cont
    if (gone) {
      guard.retire()
      item.lognotice('enforce-tls: the queue file was removed, so there is nothing to send')
      return constants.cont
    }
    if (verdicts instanceof Error) {
      this.#context.decided('deferred')
      return this.#withoutRules(guard, item, verdicts)
    }
    this.#context.decided(covered && !this.#context.settings().reportOnly ? 'required' : 'not-required')
    this.#undecidedSince.delete(item)
    return this.#apply(guard, item, { verdicts, requirements: requirements ?? [], groups })
  }

  async #verdictsOn(item: HarakaMailItem): Promise<readonly Verdict[] | RulesUnknown> {
    const { mail_from, rcpt_to } = item.todo
    try {
      return await this.#context.rules.verdictsOn(comparable(mail_from), rcpt_to.map(comparable), () =>
        headersOf(item),
      )
    } catch (error) {
      if (error instanceof RulesUnknown) return error
      if (await isGone(item.path)) return new RulesUnknown('the queue file is gone', true, { cause: error })
      throw error
    }
  }

  #requirements(item: HarakaMailItem, verdicts: readonly Verdict[]): (Requirement | null)[] {
    const mark = requirementOfMark(item)
    return verdicts.map(({ requirement }) => addUp(requirement, mark))
  }

  async #apply(
    guard: Guard,
    item: HarakaMailItem,
    { verdicts, requirements, groups }: Decided,
  ): Promise<Answer> {
    if (this.#context.settings().reportOnly) {
      this.#report(item, verdicts, requirements)
      this.#release(guard, item)
      return constants.cont
    }
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
    this.#report(item, verdicts)
    this.#require(guard, item, groups[0]?.requirement ?? null)
    return constants.cont
  }

  #require(guard: Guard, item: HarakaMailItem, requirement: Requirement | null): void {
    if (!requirement) return this.#release(guard, item)
    item.loginfo(`enforce-tls: ${requirement.level} is required, by rule ${rulesOf(requirement)}`)
    guard.enforce(requirement)
  }

  #release(guard: Guard, item: HarakaMailItem): void {
    guard.detach()
    this.#context.reports.released(item)
  }

  /** Tells what would be required; `enforced` too where nothing is. */
  #report(
    item: HarakaMailItem,
    verdicts: readonly Verdict[],
    enforced: readonly (Requirement | null)[] = [],
  ): void {
    const reported = item.todo.rcpt_to.flatMap((recipient, index) =>
      [...(enforced[index] ? [enforced[index]] : []), ...(verdicts[index]?.reported ?? [])].map(
        (requirement) => ({ recipient, requirement }),
      ),
    )
    this.#context.reports.note(item, reported)
  }

  #withoutRules(guard: Guard, item: HarakaMailItem, error: RulesUnknown): Answer {
    const { onStoreFailure, deferSeconds } = this.#context.settings()
    if (onStoreFailure === 'deliver' && !error.invalid) {
      this.#require(guard, item, requirementOfMark(item))
      item.logwarn('enforce-tls: delivered while the rules are unknown (on_store_failure=deliver)')
      return constants.cont
    }
    const now = performance.now()
    const since = this.#undecidedSince.get(item) ?? now
    this.#undecidedSince.set(item, since)
    if (now - since > Math.max(this.#context.retriesLast(), PATIENCE_MIN)) {
      guard.fail(`the rules of the sender could not be read: ${error.message}`)
      return constants.cont
    }
    item.loginfo(`enforce-tls: the message waits ${deferSeconds} s: ${error.message}`)
    // A text: Haraka's log complains about an argument that is a number.
    return { code: constants.delay, argument: String(deferSeconds) }
  }
}

/** So many recipients are looked at between two yields. */
const PIECE = 100

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
function* grouping(
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

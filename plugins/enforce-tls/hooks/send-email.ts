/**
 * The decision at every attempt of every queue item: what the rules in force require of it. While that is unknown
 * the mail waits, for as long as Haraka's own retries would last.
 */
import constants from 'haraka-constants'
import type { Guard } from '../delivery/guard.js'
import type { Asked } from '../delivery/guarded-item.js'
import { isOwnNotice } from '../delivery/own-notice.js'
import { makeTlsOptional } from '../delivery/tls-optional.js'
import { lookForMessageId, noteIgnoredNo } from '../delivery/message-id.js'
import { requirementOfMark } from '../delivery/bounce/requiretls-note.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { rulesOf } from '../observe/report-log.js'
import type { UncoveredDeliveries } from '../observe/uncovered-deliveries.js'
import type { WaivedMail } from '../observe/waived-mail.js'
import type { ReportedRecipient, Reports } from '../observe/report-mode.js'
import type { Policy, PolicyUnknown } from '../policy/policy.js'
import type { Requirement } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import type { Decision } from '../observe/metrics/metrics.js'
import { oneLine } from '../text/one-line.js'
import type { WaitingList } from '../delivery/waiting.js'
import type { Settings } from '../settings/types.js'
import type { Unruled } from './queue-outbound.js'
import { isAsked, isAskedInEarnest, withAskedIn } from '../requiretls/ask.js'
import { IGNORED_TEXTS, ignoredWhy } from '../requiretls/ignored-no.js'
import { isWaivable } from '../rules/waivable.js'
import { asksForRequireTls } from '../requiretls/note.js'
import {
  decideOn,
  type FreeDecision,
  type Group,
  type OwnWords,
  type RequiredDecision,
} from './item-decision.js'

/** Mail whose rules are unknown waits at least this long before its sender is notified, in ms. */
const WAIT_MIN = 24 * 60 * 60 * 1000

/**
 * An item is divided into at most so many at a time: each is a copy of the message, and their files get their
 * names in one go.
 */
const PARTS_MAX = 100

const ONWARD_TEXTS = { offered: 'where it is offered', must: 'too' } as const

/** What the hook `send_email` answers. */
export type Answer = number | { readonly code: number; readonly argument: unknown }

/** What a decision needs of the process. */
export interface DecisionContext {
  settings(): Settings['main']
  readonly rules: Pick<Policy, 'rulingsOn'>
  /** What counts of a message's own words. */
  words(): OwnWords
  readonly reports: Pick<Reports, 'note' | 'released'>
  /** Makes one queue item of each group of recipients. */
  divide(item: HarakaMailItem, groups: readonly (readonly HarakaAddress[])[]): Promise<void>
  /** How long Haraka's own retries go on, in ms. */
  retriesLast(): number
  /** Whether the delivery log names the messages that rules are about. */
  namesMessages(): boolean
  /** What is ordered for an item, and who is told that it waits. */
  readonly waiting: Pick<WaitingList, 'waits' | 'givingUp' | 'release'>
  /** Told of each item that is Haraka's own from now on. */
  readonly uncovered: Pick<UncoveredDeliveries, 'released'>
  /** Told of each item that is Haraka's own from now on, and what it goes without. */
  readonly waived: Pick<WaivedMail, 'released'>
  readonly unruled: Unruled
  /** Counts a decision; total. */
  decided(result: Decision): void
}

/** What a decision does to the guard of its item. */
export type DecidedGuard = Pick<
  Guard,
  'epoch' | 'detach' | 'enforce' | 'release' | 'giveUp' | 'retire' | 'fail'
>

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
    const decision = await decideOn(item, this.#context.rules, this.#context.words())
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
        this.#report(item, decision)
        if (isUncovered(decision.rulings) && this.#context.unruled.isLost())
          this.#context.unruled.delivered(item)
        this.#release(guard, item, decision)
        if (decision.waives) makeTlsOptional(item)
        return constants.cont
      case 'required': {
        const isLost = isUncovered(decision.rulings) && this.#context.unruled.isLost()
        if (isLost && decision.requirements.some(mayGoInClear)) this.#context.unruled.delivered(item)
        return await this.#required(guard, item, decision)
      }
    }
  }

  async #required(guard: DecidedGuard, item: HarakaMailItem, decision: RequiredDecision): Promise<Answer> {
    const { groups, asked } = decision
    if (this.#context.settings().reportOnly) {
      this.#known(item, asked ? 'required' : 'not-required')
      this.#report(item, decision)
      // What was promised to the sender is no rule.
      this.#require(guard, item, asked, asked && { byRules: null })
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
    this.#report(item, decision)
    const [group] = groups
    this.#require(guard, item, group?.requirement ?? null, group && asked ? { byRules: group.byRules } : null)
    return constants.cont
  }

  #known(item: HarakaMailItem, result: 'required' | 'not-required'): void {
    this.#context.decided(result)
    this.#unknownSince.delete(item)
  }

  #require(
    guard: DecidedGuard,
    item: HarakaMailItem,
    requirement: Requirement | null,
    asked: Asked | null = null,
  ): void {
    if (!requirement) return this.#release(guard, item)
    const { waiting } = this.#context
    const givingUp = waiting.givingUp(item, requirement)
    if (givingUp) return guard.giveUp(requirement, givingUp)
    const release = waiting.release(item, requirement)
    if (release && isAskedInEarnest(requirement))
      item.logwarn(
        'enforce-tls: not released, because the sender asks for REQUIRETLS: no administrator can waive that (RFC 8689)',
      )
    else if (release) {
      item.lognotice(
        `enforce-tls: goes without what rule ${rulesOf(requirement)} requires, released by ${oneLine(release.by)}: ${oneLine(release.reason)}`,
      )
      return guard.release(requirement, release)
    }
    const onward = requirement.onward === undefined ? '' : `, REQUIRETLS ${ONWARD_TEXTS[requirement.onward]}`
    const { level, decidedBy } = requirement
    const what = level === 'none' ? 'nothing' : level
    const by = decidedBy.every(isAsked) ? 'as its sender asks' : `by rule ${rulesOf(requirement)}`
    item.loginfo(`enforce-tls: ${what} is required${onward}, ${by}`)
    if (this.#context.namesMessages()) {
      lookForMessageId(item)
      const asks = asksForRequireTls(item.todo)
      const why = ignoredWhy(
        asked ? asked.byRules : requirement,
        asks,
        this.#context.words().settings.honourNo,
      )
      if (!isOwnNotice(item))
        noteIgnoredNo(item, why, () =>
          item.lognotice(`enforce-tls: TLS-Required: No in the header of the message ${IGNORED_TEXTS[why]}`),
        )
    }
    guard.enforce(requirement, asked)
  }

  /** @param decision absent where no rule was asked */
  #release(guard: DecidedGuard, item: HarakaMailItem, decision: FreeDecision | null = null): void {
    const waived = this.#context.settings().reportOnly ? [] : (decision?.waived ?? [])
    const isWaived = waived.some((requirement) => requirement !== null)
    if (isWaived && this.#context.namesMessages()) lookForMessageId(item)
    guard.detach(isWaived)
    this.#context.reports.released(item)
    this.#context.uncovered.released(item, decision !== null && isUncovered(decision.rulings))
    this.#context.waived.released(item, waived)
  }

  /** Reports what would be required by rules that only report; where nothing is enforced, by all. */
  #report(item: HarakaMailItem, decision: FreeDecision | RequiredDecision): void {
    const { rulings, waives, waived } = decision
    const byRules = decision.is === 'required' ? decision.byRules : []
    const isOff = this.#context.settings().reportOnly
    const reported = item.todo.rcpt_to.flatMap((recipient, index): ReportedRecipient[] => {
      const enforced = byRules[index] ?? null
      const free = waived[index] ?? null
      return [
        ...(isOff && enforced ? [{ recipient, requirement: enforced }] : []),
        ...(isOff && free ? [{ recipient, requirement: free, isWaived: true }] : []),
        ...(rulings[index]?.reported ?? []).map((requirement) => ({
          recipient,
          requirement,
          // Beside a rule that requires more, the header frees of nothing.
          isWaived: waives && enforced === null && isWaivable(requirement),
        })),
      ]
    })
    if (reported.length > 0 && this.#context.namesMessages()) lookForMessageId(item)
    this.#context.reports.note(item, reported)
  }

  #withoutRules(guard: DecidedGuard, item: HarakaMailItem, { why, isAway }: PolicyUnknown): Answer {
    const { onStoreFailure, deferSeconds } = this.#context.settings()
    if (onStoreFailure === 'deliver' && isAway) {
      const marked = requirementOfMark(item)
      const words = this.#context.words()
      const requirement = asksForRequireTls(item.todo) ? withAskedIn(item.todo, marked, words) : marked
      const what = requirement
        ? 'the rules are unknown, so nothing is required but what the message brings with it'
        : 'delivered while the rules are unknown'
      item.logwarn(`enforce-tls: ${what} (on_store_failure=deliver)`)
      if (mayGoInClear(requirement)) this.#context.unruled.delivered(item)
      this.#require(guard, item, requirement, asksForRequireTls(item.todo) ? { byRules: marked } : null)
      return constants.cont
    }
    const givingUp = this.#context.waiting.givingUp(item, null)
    if (givingUp) {
      guard.giveUp(requirementOfMark(item), givingUp)
      return constants.cont
    }
    const now = performance.now()
    const since = this.#unknownSince.get(item) ?? now
    this.#unknownSince.set(item, since)
    const waits = Math.max(this.#context.retriesLast(), WAIT_MIN)
    if (now - since > waits) {
      guard.fail(`the rules of the sender could not be read: ${why}`)
      return constants.cont
    }
    item.loginfo(`enforce-tls: the message waits ${deferSeconds} s: ${why}`)
    this.#context.waiting.waits(item, {
      requirement: null,
      failure: { class: null, detail: `its rules are unknown: ${why}` },
      host: '',
      next: Date.now() + deferSeconds * 1000,
      until: Date.now() + waits - (now - since),
    })
    // A text: Haraka's log complains about an argument that is a number.
    return { code: constants.delay, argument: String(deferSeconds) }
  }
}

/** What a message asks for itself need not be TLS; rules that are unknown may want more. */
function mayGoInClear(requirement: Requirement | null): boolean {
  return !requirement?.encrypted
}

/** There are none of mail that rules are never asked about. */
function isUncovered(rulings: readonly Ruling[]): boolean {
  return rulings.length > 0 && rulings.every(({ covered }) => !covered)
}

/** The recipients of each part; of many groups the last part takes the rest, and is divided in its turn. */
function partsOf(groups: readonly Group[]): HarakaAddress[][] {
  const parts = groups.slice(0, PARTS_MAX).map(({ recipients }) => [...recipients])
  for (const { recipients } of groups.slice(PARTS_MAX))
    for (const recipient of recipients) parts.at(-1)?.push(recipient)
  return parts
}

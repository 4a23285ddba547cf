/**
 * Looks on at deliveries that no rule covers, for suggestions (`[suggest] enabled`): what Haraka's own delivery came to,
 * held against the levels that may be suggested. Nothing of a delivery is changed or waited for; what cannot be seen is
 * unknown, and what fails in here is logged. Switched off, it does nothing at all.
 */
import { LRUCache } from 'lru-cache'
import { observe, seenOf } from '../delivery/observed-session.js'
import { comparable } from '../haraka/address.js'
import type { HarakaAddress, HarakaLogger, HarakaMailItem } from '../haraka/types.js'
import { parseDomain } from '../rules/address.js'
import { NO_RULE, requirementOf } from '../rules/requirement.js'
import {
  ofDelivery,
  nameOf,
  ofIncoming,
  ofLookUp,
  type DeliverySeen,
  type LevelSeen,
  type Pair,
  type SuggestedLevel,
} from '../suggest/record.js'
import { errorMessage } from '../text/error-message.js'
import type { ObservedVerdict } from './judge-observed.js'
import type { Handover, Judged, ObservedJudge } from './observed-judge.js'
import type { PartnerChecks } from './partner-checks.js'
import type { PartnerNotes } from './partner-notes.js'

/** What a partner publishes is looked up at most so often, in milliseconds, and for so many partners at a time. */
const LOOK_UP_PAUSE = 3_600_000
const LOOK_UPS_AT_ONCE = 2
/** Partners whose last look-up is remembered. */
const REMEMBERED_MAX = 10_000
/** Deliveries that are judged at a time: of more, some are not counted. */
const UNDER_WAY_MAX = 200

/** What it needs of the process. */
export interface UncoveredContext {
  readonly logger: Pick<HarakaLogger, 'logwarn'>
  readonly enabled: () => boolean
  readonly judge: Pick<ObservedJudge, 'prepare' | 'verdictOn'>
  readonly notes: Pick<PartnerNotes, 'wants' | 'take' | 'takeIncoming' | 'drop'>
  readonly checks: Pick<PartnerChecks, 'ask'>
}

/** Those of one process. */
export class UncoveredDeliveries {
  readonly #context: UncoveredContext
  readonly #pairs = new WeakMap<HarakaMailItem, Pair>()
  readonly #lookedUp = new LRUCache<string, true>({ max: REMEMBERED_MAX, ttl: LOOK_UP_PAUSE })
  #lookingUp = 0
  #underWay = 0
  #failed = false

  constructor(context: UncoveredContext) {
    this.#context = context
  }

  /**
   * An item is Haraka's own from now on; at an earlier attempt that may have been otherwise. Total.
   *
   * @param uncovered whether no rule is about it
   */
  released(item: HarakaMailItem, uncovered: boolean): void {
    if (!this.#context.enabled()) return
    const [recipient] = item.todo.rcpt_to
    const pair = uncovered && recipient ? pairFor(item.todo.mail_from, recipient) : null
    if (pair === null || !this.#context.notes.wants(pair.owner)) {
      this.#pairs.delete(item)
      return
    }
    this.#pairs.set(item, pair)
    observe(item)
  }

  /** An item was delivered. Nobody waits for what is made of it; total. */
  delivered(item: HarakaMailItem, handover: Handover): void {
    const pair = this.#pairs.get(item)
    // A trusted next hop says nothing of a partner; and what the guard has seen, a rule has covered by now.
    if (!pair || handover.trusted || handover.seen) return
    this.#pairs.delete(item)
    if (this.#underWay >= UNDER_WAY_MAX) return this.#context.notes.drop()
    this.#underWay++
    void this.#judge(item, handover, pair)
      .catch((error: unknown) => {
        if (!this.#failed) this.#context.logger.logwarn(`a delivery was not observed: ${errorMessage(error)}`)
        this.#failed = true
      })
      .finally(() => this.#underWay--)
  }

  /** A message came in from somebody who is not a user of this server; anybody can put any sender on it. Total. */
  incoming(sender: HarakaAddress, recipients: readonly HarakaAddress[], overTls: boolean): void {
    if (!this.#context.enabled()) return
    for (const recipient of recipients.slice(0, 1)) {
      const pair = pairFor(recipient, sender)
      if (pair && this.#context.notes.wants(pair.owner))
        this.#context.notes.takeIncoming(pair, ofIncoming(overTls, Date.now()))
    }
  }

  async #judge(item: HarakaMailItem, handover: Handover, pair: Pair): Promise<void> {
    const { judge, notes, checks } = this.#context
    const judged = await judge.prepare(handover, seenOf(item))
    const levels: Partial<Record<SuggestedLevel, LevelSeen>> = {}
    for (const level of ['encrypt', 'verify', 'secure'] as const) {
      const required = requirementOf({ level }, pair.partner, NO_RULE)
      levels[level] = levelSeen((await judge.verdictOn(judged, required, pair.partner)).verdict)
    }
    const { now: at } = judged.terms
    notes.take(pair, ofDelivery({ at, levels, server: serverOf(judged, levels.verify?.is === 'held') }))
    if (levels.encrypt?.is === 'unknown' || levels.verify?.is === 'unknown') checks.ask(pair, judged.seen)
    // DNS may take long: what is known already does not wait for it.
    if (handover.secured) await this.#judgePublished(judged, pair)
  }

  /** Not where it was looked up lately, or too much is being looked up. */
  async #judgePublished(judged: Judged, pair: Pair): Promise<void> {
    const { partner } = pair
    if (this.#lookingUp >= LOOK_UPS_AT_ONCE || this.#lookedUp.has(nameOf(pair))) return
    this.#lookedUp.set(nameOf(pair), true)
    this.#lookingUp++
    try {
      const required = requirementOf({ level: 'published' }, partner, NO_RULE)
      const { requirement, verdict } = await this.#context.judge.verdictOn(judged, required, partner)
      const seen = levelSeen(verdict)
      if (seen.is === 'unknown') return
      const { held } = requirement
      const publishes = [
        ...(held?.dane ? ['DANE'] : []),
        ...(held?.sts || held?.lists ? ['MTA-STS'] : []),
      ].join(', ')
      this.#context.notes.take(pair, ofLookUp({ at: judged.terms.now, seen, publishes }))
    } finally {
      this.#lookingUp--
    }
  }
}

function levelSeen(verdict: ObservedVerdict): LevelSeen {
  switch (verdict.result) {
    case 'would-deliver':
      return { is: 'held' }
    case 'would-bounce':
    case 'would-wait':
      return { is: 'missed', why: verdict.failure.detail }
    default:
      return { is: 'unknown' }
  }
}

function serverOf({ handover, seen }: Judged, valid: boolean): DeliverySeen['server'] {
  if (!seen) return null
  const { protocol = '', certificate } = seen.tls?.session ?? {}
  return {
    host: seen.host,
    protocol: handover.secured ? protocol : '',
    names: certificate?.subjectAltName?.replace(/DNS:/g, '') ?? '',
    valid,
  }
}

/** Domains that rules could name; `null` where one of them is none. */
function pairFor(ours: HarakaAddress, theirs: HarakaAddress): Pair | null {
  const [owner, partner] = [ours, theirs].map((address) => parseDomain(comparable(address).domain))
  return owner && partner && 'domain' in owner && 'domain' in partner
    ? { owner: owner.domain, partner: partner.domain }
    : null
}

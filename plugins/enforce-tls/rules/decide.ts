/** The decision for a message: what each recipient requires, over all owners of its sender. Pure. */
import type { MessageView } from './match.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import { addUp } from './requirement.js'
import type { Search } from './rule-index.js'
import { InvalidEntry, RuleList, type Verdict } from './rule-list.js'

/**
 * The verdict of several owners; requirements add up, strictest wins.
 *
 * @throws {InvalidEntry} where a broken entry keeps one of them from deciding.
 */
export function decide(lists: readonly RuleList[], message: MessageView): Verdict {
  const decision = new Decision(lists, message)
  atOnce(decision.finishing())
  return decision.verdict
}

/** A decision on the way: most are done when they have begun. */
export class Decision {
  readonly #message: MessageView
  readonly #lists: readonly RuleList[]
  readonly #searches: readonly (Search | null)[]

  constructor(lists: readonly RuleList[], message: MessageView) {
    this.#message = message
    this.#lists = lists
    // Most senders have no rules of their own.
    this.#searches = lists.map((list) => (list === RuleList.empty ? null : list.search(message)))
  }

  /** Whether `finishing` has work to do before there is a verdict. */
  get isOpen(): boolean {
    for (const search of this.#searches) if (search?.isOpen === true) return true
    return false
  }

  /** Looks at what the rules found ask for besides their address, in pieces. */
  *finishing(): InPieces<void> {
    for (const search of this.#searches) yield* search?.finishing() ?? []
  }

  /** @throws {InvalidEntry} where a broken entry keeps an owner's rules from deciding. */
  get verdict(): Verdict {
    for (const list of this.#lists) {
      const waits = list.isUncertain ? list.waitsFor(this.#message) : null
      if (waits) throw new InvalidEntry(waits)
    }
    let sum: Verdict = NOTHING
    for (let index = 0; index < this.#lists.length; index++) {
      const search = this.#searches[index]
      if (!search) continue
      const verdict = (this.#lists[index] as RuleList).verdictOf(search, this.#message)
      if (sum === NOTHING) {
        sum = verdict
        continue
      }
      if (verdict.requirement === null && verdict.reported.length === 0) continue
      sum = {
        requirement: addUp(sum.requirement, verdict.requirement),
        reported: verdict.reported.length === 0 ? sum.reported : [...sum.reported, ...verdict.reported],
      }
    }
    return sum
  }
}

const NOTHING: Verdict = { requirement: null, reported: [] }

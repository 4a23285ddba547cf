/**
 * Notes in the log that an outgoing rule would have covered a message which another plugin handed on: once an hour
 * for each rule, with how often it was since.
 */
import { LRUCache } from 'lru-cache'
import type { HarakaLogger } from '../haraka/types.js'
import type { DecidedBy } from '../rules/requirement.js'
import { listed, numbered } from '../text/list.js'

const HOUR = 3_600_000
/** Rules that are remembered; of more, the one not seen for longest is noted anew. */
const RULES_MAX = 10_000

/** The notes of one process. */
export class UncoveredNotes {
  readonly #log: Pick<HarakaLogger, 'lognotice'>
  readonly #now: () => number
  readonly #rules = new LRUCache<string, { since: number; unsaid: number }>({ max: RULES_MAX })

  /** @param now in milliseconds, of a clock that nobody sets */
  constructor(log: Pick<HarakaLogger, 'lognotice'>, now = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /**
   * A message was handed on that the rule would have covered.
   *
   * @param senders the plugins that may have it
   * @param why the setting
   */
  note({ owner, id, name }: DecidedBy, senders: readonly string[], why: string): void {
    const key = JSON.stringify([owner, id])
    const noted = this.#rules.get(key)
    if (noted && this.#now() - noted.since < HOUR) {
      noted.unsaid++
      return
    }
    const before = noted?.unsaid ? ` (${numbered(noted.unsaid, 'more message')} since the last note)` : ''
    this.#rules.set(key, { since: this.#now(), unsaid: 0 })
    this.#log.lognotice(
      `not covered: a message that ${listed(senders)} may forward matches rule ${id} of ${owner} (${JSON.stringify(name)}), which does not apply to it because of ${why}${before}`,
    )
  }
}

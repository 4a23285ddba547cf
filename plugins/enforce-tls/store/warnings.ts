/** What the log says of a store: each thing that is wrong once, and once more when it is over. Total. */
import { SaidOnce, type StateLog } from '../haraka/said-once.js'
import type { KeyExpiry, StoreHealth } from './rule-store.js'
import type { Standing } from './standing.js'

/** The warnings about one store. */
export class StoreWarnings {
  /** Its description. */
  readonly #store: string
  readonly #said: SaidOnce

  constructor(store: string, log: StateLog) {
    this.#store = store
    this.#said = new SaidOnce(log)
  }

  /** Whether its rules are lost. */
  get isGone(): boolean {
    return this.#said.has('standing')
  }

  /** Whether it may remove any key. */
  get evicts(): boolean {
    return this.#said.has('eviction')
  }

  /** The rules are lost. */
  gone(problem: string): void {
    this.#said.say('standing', problem, {
      level: 'logerror',
      before: 'rules are unknown, so mail waits unless its rules are in memory: ',
      over: 'the rules are known again',
    })
  }

  /** A key vanishes by itself, or does no more. */
  expiry({ key, after }: KeyExpiry): void {
    if (after === 'gone') return
    const expires = typeof after === 'number'
    const problem = `${this.#store}: key ${key} expires, and its rules with it; keep it with PERSIST`
    this.#said.say(`expiry of ${key}`, expires ? problem : null, {
      level: 'logwarn',
      before: 'rules may vanish: ',
      over: `key ${key} no longer expires`,
    })
  }

  /** All that a look has found. */
  all(standing: Standing, { evicts, behind, unknown }: StoreHealth): void {
    if (standing.state === 'gone') this.gone(standing.problem)
    else this.#said.say('standing', null, { level: 'logerror', over: 'the rules are known again' })
    const remark = standing.state === 'gone' ? null : standing.remark
    this.#said.say('remark', remark, { level: 'logwarn' })
    this.#said.say('unknown', unknown, { level: 'logwarn' })
    this.#said.say('eviction', evicts, {
      level: 'logwarn',
      before: 'rules may vanish: ',
      over: `${this.#store} no longer removes keys`,
    })
    this.#said.say('link', behind, {
      level: 'logerror',
      before:
        'rules may be out of date; those last known stay in force, mail of owners that were never read waits: ',
      over: `${this.#store} is connected to its master again`,
    })
  }
}

/** Says what is wrong once, and once more when it is over. Total. */
import type { HarakaLogger } from './types.js'

/** Where it is said. */
export type StateLog = Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>

/** How a thing is said. */
export interface Saying {
  readonly level: 'logerror' | 'logwarn'
  /** What comes before the sentence. @default nothing */
  readonly before?: string
  /** What is said when it is over. @default nothing */
  readonly over?: string
}

/** What is wrong now, by kind. */
export class SaidOnce {
  readonly #log: StateLog
  readonly #said = new Map<string, string>()

  constructor(log: StateLog) {
    this.#log = log
  }

  /** Whether anything of this kind is wrong. */
  has(kind: string): boolean {
    return this.#said.has(kind)
  }

  /** Takes what is wrong now; a sentence that was said last is not said again. @param sentence `null`: nothing is */
  say(kind: string, sentence: string | null, { level, before = '', over }: Saying): void {
    if (sentence === null) {
      if (this.#said.delete(kind) && over !== undefined) this.#log.lognotice(over)
      return
    }
    if (this.#said.get(kind) === sentence) return
    this.#said.set(kind, sentence)
    this.#log[level](before + sentence)
  }
}

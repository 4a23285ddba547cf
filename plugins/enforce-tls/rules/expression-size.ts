/**
 * How much a regular expression may cost, estimated from its text, before anything is made of it. Pure. Never
 * less than the size of the program that RE2 makes of it, in its instructions, plus what its character classes
 * cost to be made ready.
 */

/** What RE2 makes besides the expression: a beginning and an end. */
const FRAME = 3
/** A Unicode class such as `\p{L}` has hundreds of ranges. */
const UNICODE_CLASS = 25
/** So many characters of a range are looked up one by one where case does not matter, for one step. */
const FOLDED_CHARACTERS = 250
/** The last character that has another case. */
const LAST_FOLDED = 0x1e943
/** No more is counted. */
const ENDLESS = 1_000_000

const FLAGS = /^\(\?[a-z-]*\)/i
const REPETITION = /^\{(\d+)(,?)(\d*)\}/
const ESCAPE = /^\\(?:x\{([0-9a-f]+)\}|x([0-9a-f]{2})|(0?[0-7]{1,3})|[pP](?:\{[^}]*\}|.)|[^])/iu

/** An expression's size in steps. */
export function expressionSize(source: string, ignoresCase: boolean): number {
  const counted = new Counter(source, ignoresCase || /\(\?[a-z]*i/i.test(source)).alternatives()
  return Math.min(ENDLESS, FRAME + Math.ceil(counted))
}

/** Reads an expression from left to right. What RE2 refuses is counted in some way. */
class Counter {
  #rest: string
  readonly #folds: boolean
  /** What is made once, however often it is repeated. */
  #classes = 0

  constructor(source: string, folds: boolean) {
    this.#rest = source
    this.#folds = folds
  }

  alternatives(): number {
    /** Sums of the groups that are open, each with its last item, which a repetition may multiply. */
    const open: { sum: number; last: number }[] = [{ sum: 0, last: 0 }]
    while (this.#rest !== '') {
      const group = open.at(-1) as { sum: number; last: number }
      const [character = ''] = this.#rest
      if (FLAGS.test(this.#rest)) {
        // A repetition behind it is one of what stands before it.
        this.#take(FLAGS)
        group.sum++
      } else if (character === '(') {
        this.#take(/^\((?:\?P?<[^>]*>|\?[a-z-]*:?)?/i)
        open.push({ sum: 0, last: 0 })
      } else if (character === ')' && open.length > 1) {
        this.#take(/^\)/)
        open.pop()
        const outer = open.at(-1) as { sum: number; last: number }
        outer.sum += outer.last
        // A capture is two steps.
        outer.last = Math.max(1, group.sum + group.last) + 2
      } else if (/[*+?]/.test(character)) {
        this.#take(/^./)
        // `*` is `(…+)?` where what it repeats may be empty.
        group.last += character === '*' ? 2 : 1
      } else if (REPETITION.test(this.#rest)) group.last = this.#repeated(group.last)
      else {
        // An empty alternative is a step too.
        if (character === '|' && group.last === 0) group.sum++
        if (/^\|(?:[|)]|$)/.test(this.#rest)) group.sum++
        group.sum += group.last
        group.last = this.#item(character)
      }
      if (group.sum > ENDLESS || group.last > ENDLESS) return ENDLESS
    }
    return open.reduce((sum, group) => sum + group.sum + group.last, this.#classes)
  }

  #repeated(last: number): number {
    const [, least = '', comma = '', most = ''] = this.#take(REPETITION)
    if (comma === '') return last * Math.max(1, Number(least))
    if (most === '') return last * Math.max(1, Number(least)) + 2
    // Each that may be missing is a choice, a step of its own.
    return Math.max(1, last * Number(most) + Math.max(0, Number(most) - Number(least)))
  }

  /** One item that matches a character, or a place; its size. */
  #item(character: string): number {
    if (character === '[') {
      this.#class()
      return 1
    }
    if (character !== '\\') {
      this.#take(/^[^]/u)
      return 1
    }
    const quoted = /^\\Q([^]*?)(?:\\E|$)/.exec(this.#rest)
    if (quoted) {
      this.#take(/^\\Q[^]*?(?:\\E|$)/)
      return quoted[1]?.length ?? 0
    }
    const [escape] = this.#take(ESCAPE)
    if (/^\\p/i.test(escape)) this.#classes += UNICODE_CLASS
    return 1
  }

  #class(): void {
    this.#take(/^\[\^?\]?/)
    let low: number | null = null
    let isRange = false
    while (this.#rest !== '' && !this.#rest.startsWith(']')) {
      if (low !== null && !isRange && this.#rest.startsWith('-')) {
        this.#take(/^-/)
        isRange = true
        continue
      }
      const high = this.#member()
      if (isRange && this.#folds)
        this.#classes +=
          Math.max(0, Math.min(high ?? LAST_FOLDED, LAST_FOLDED) - (low ?? 0)) / FOLDED_CHARACTERS
      low = isRange ? null : high
      isRange = false
    }
    this.#take(/^\]?/)
  }

  /** One member of a class: its character, or 0 where it is a class itself. */
  #member(): number | null {
    const named = /^\[:\^?[a-z]+:\]/i.exec(this.#rest)
    if (named) {
      this.#take(/^\[[^\]]*\]/)
      return 0
    }
    if (!this.#rest.startsWith('\\')) return this.#take(/^[^]/u)[0].codePointAt(0) ?? 0
    const [escape, long, short, octal] = this.#take(ESCAPE)
    if (/^\\p/i.test(escape)) this.#classes += UNICODE_CLASS
    const hex = long ?? short
    if (hex !== undefined) return parseInt(hex, 16)
    if (octal !== undefined) return parseInt(octal, 8)
    return escape.codePointAt(1) ?? 0
  }

  #take(pattern: RegExp): RegExpExecArray {
    const taken = pattern.exec(this.#rest)
    this.#rest = this.#rest.slice(taken?.[0].length ?? 1)
    return taken ?? ([''] as unknown as RegExpExecArray)
  }
}

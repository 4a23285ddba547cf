/** What the sources of a fuzz did lately, so that what goes wrong can be laid to what was sent just before. */

/** One thing that was sent. */
export interface Input {
  readonly source: string
  readonly at: number
  readonly what: string
}

/** What went wrong. */
export interface Violation {
  readonly at: number
  readonly what: string
  readonly inputs: readonly Input[]
}

const KEPT = 200
const TOLD_CHARACTERS = 400
const TOLD_INPUTS = 8
/** Of what has the same cause, so many are told in full. */
const TOLD_OF_A_KIND = 2

export class Ledger {
  readonly counts = new Map<string, number>()
  readonly violations: Violation[] = []
  /** Violations of each kind. */
  readonly byKind = new Map<string, number>()
  readonly #inputs: Input[] = []
  readonly #say: (line: string) => void

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** Notes an input before it is sent. */
  note(source: string, input: unknown): void {
    this.#inputs.push({ source, at: Date.now(), what: shown(input) })
    if (this.#inputs.length > KEPT) this.#inputs.shift()
    this.counts.set(source, (this.counts.get(source) ?? 0) + 1)
  }

  /** Notes what went wrong; `kind` is the same for what has the same cause. */
  violated(what: string, { kind = what, at = Date.now() }: { kind?: string; at?: number } = {}): void {
    const seen = (this.byKind.get(kind) ?? 0) + 1
    this.byKind.set(kind, seen)
    const inputs = this.before(at)
    this.violations.push({ at, what, inputs })
    if (seen > TOLD_OF_A_KIND) return
    this.#say(`VIOLATION: ${what}`)
    for (const input of inputs) this.#say(`  ${at - input.at} ms before, ${input.source}: ${input.what}`)
  }

  /** The inputs of the seconds before. */
  before(at: number): readonly Input[] {
    return this.#inputs.filter((input) => input.at <= at && at - input.at < 5000).slice(-TOLD_INPUTS)
  }
}

function shown(input: unknown): string {
  if (typeof input === 'string') return cut(JSON.stringify(input.slice(0, TOLD_CHARACTERS)), input.length)
  if (Buffer.isBuffer(input)) return cut(input.subarray(0, TOLD_CHARACTERS / 2).toString('hex'), input.length)
  const text = JSON.stringify(input, (_key, value: unknown) =>
    typeof value === 'string' && value.length > 200
      ? `${value.slice(0, 200)}… (${value.length} characters)`
      : value,
  )
  return cut(text, text.length)
}

function cut(text: string, size: number): string {
  return text.length > TOLD_CHARACTERS ? `${text.slice(0, TOLD_CHARACTERS)}… (${size})` : text
}

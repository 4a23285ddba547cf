/**
 * The header block of a message as rules look at it: fields by name, and how surely they are known. Pure;
 * whatever a message holds there gives some fields, never an error. What was not read, or could be read in
 * another way by whoever gets the message, is unknown, which is not "no".
 */
import { readValue, type HeaderValue } from './header-value.js'

/** As much of a message as is looked at for its header block, in bytes. */
export const HEADER_BYTES_MAX = 256 * 1024
/** As many fields as are looked at: Haraka takes 1000 lines unless `[headers] max_lines` says otherwise. */
const FIELDS_MAX = 2000
/** As many fields of one name as are looked at. */
const REPEATED_MAX = 100
/** What rules may cost for one message, in steps of about 20 ns; see `HeaderBlock.spend`. */
const STEPS_MAX = 10_000_000

/** Obsolete syntax (RFC 5322 section 4.5) has white space before the colon. */
const FIELD = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/
const END = /(?:^|\n)\r?\n/

/** Whether a text is there; `why`: unknown, and the reason as a clause. */
export type Found = boolean | { readonly why: string }

/** Header fields of one message, and what is left of the work that its rules may make. */
export class HeaderBlock {
  readonly #raw = new Map<string, string[]>()
  readonly #values = new Map<string, readonly HeaderValue[]>()
  readonly #found = new Map<string, Found>()
  /** Why fields may be missing. */
  #rest: string | null = null
  /** Why no field is sure. */
  #broken: string | null = null
  #steps = STEPS_MAX

  /**
   * @param message a message, or its beginning: more than `HEADER_BYTES_MAX` unless the header block ends before.
   *   `null`: it can't be read
   * @param cut why fields may be missing, where that is known
   */
  constructor(message: Buffer | string | null, cut: string | null = null) {
    this.#rest = cut
    if (message === null) this.#broken = "the message's header could not be read"
    else this.#read(Buffer.from(message))
  }

  /**
   * The values of all fields of a name, whatever its case, as far as they are known; a value without a
   * reading stands for those that are not.
   */
  *values(name: string): Generator<HeaderValue, undefined, undefined> {
    if (this.#broken !== null) return yield { raw: '', readings: [], flaw: this.#broken }
    const key = name.toLowerCase()
    const raw = this.#raw.get(key) ?? []
    // Decoded when first asked for, one by one: that takes longer than looking at most of them.
    const known = this.#values.get(key) ?? raw.slice(0, REPEATED_MAX).map(lazily)
    this.#values.set(key, known)
    yield* known
    if (raw.length > REPEATED_MAX)
      yield {
        raw: '',
        readings: [],
        flaw: `it occurs more often than the ${REPEATED_MAX} times that are read`,
      }
    else if (this.#rest !== null) yield { raw: '', readings: [], flaw: this.#rest }
  }

  /** Takes steps off what rules may cost for this message; `false` where too few are left. */
  spend(steps: number): boolean {
    if (steps > this.#steps) this.#steps = 0
    else this.#steps -= steps
    return this.#steps > 0
  }

  /** What was found for a text in the fields of a name; looked for once, for all recipients and rules. */
  found(name: string, text: string): Found | undefined {
    return this.#found.get(`${name}\n${text}`)
  }

  /** Remembers what was found. */
  remember(name: string, text: string, found: Found): void {
    this.#found.set(`${name}\n${text}`, found)
  }

  #read(message: Buffer): void {
    const text = message.toString('latin1', 0, HEADER_BYTES_MAX)
    const end = END.exec(text)
    let block = end ? text.slice(0, end.index) : text
    if (!end && message.length > HEADER_BYTES_MAX) {
      this.#rest = `it may stand behind the first ${HEADER_BYTES_MAX / 1024} KiB of the header, which are read`
      // The last line is not whole, nor is the field that it belongs to.
      block = block.slice(0, Math.max(0, block.search(/\r?\n[^ \t][^\n]*(?:\n[ \t][^\n]*)*$/)))
    }
    if (/\r(?!\n|$)/.test(block)) this.#broken = 'the header has lines that end in CR alone'
    const lines = block
      .replace(/\r?\n$/, '')
      .replace(/\r?\n(?=[ \t])/g, '')
      .split('\n', FIELDS_MAX + 1)
    if (lines.length > FIELDS_MAX)
      this.#rest ??= `it may stand behind the first ${FIELDS_MAX} header fields, which are read`
    for (const line of lines.slice(0, FIELDS_MAX)) {
      const [start, name] = FIELD.exec(line) ?? []
      if (name !== undefined) this.#add(name.toLowerCase(), line.slice(start?.length))
      else if (block !== '') this.#broken = 'the header has lines that are not header fields'
    }
  }

  #add(key: string, raw: string): void {
    const values = this.#raw.get(key)
    if (values) values.push(raw)
    else this.#raw.set(key, [raw])
  }
}

function lazily(raw: string): HeaderValue {
  let value: HeaderValue | undefined
  const read = () => (value ??= readValue(raw))
  return {
    raw,
    get readings() {
      return read().readings
    },
    get flaw() {
      return read().flaw
    },
  }
}

/**
 * A message as Haraka puts it into its queue: a line end of its own in place of each CR alone, which begins a folded
 * line there, and a field of its own before all others.
 */
export function asQueued(message: Buffer | string): Buffer {
  const text = Buffer.from(message).toString('latin1')
  return Buffer.from(`Received: by Haraka\r\n${text.replace(/\r(?!\n)/g, '\r\n ')}`, 'latin1')
}

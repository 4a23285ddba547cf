/** Random values: words, hostile texts and JSON, entries of the store from harmless to the largest that are legal. */
import { seededRandom } from '../support/seeded-random.js'

const ODD = [
  '',
  ' ',
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\u2028',
  '\ufeff',
  '\ud800',
  'é',
  '😀',
  'ﬃ',
  'İ',
  'ß',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '*',
  '@',
  '.',
  '..',
  '<>',
  'a@b@c',
  'xn--a',
  'xn--nxasmq6b',
  '[127.0.0.1]',
  '%00',
  '%2A',
  '../..',
  '"',
  '\\',
  '=?utf-8?B?!!!?=',
  '=?utf-8?Q?=ZZ?=',
  '\x1b[31m',
  'group:',
  'group:fuzz0',
  '/(/',
  '/a{1000}/',
  '/(a+)+$/',
  '/\\p{L}+/i',
  '.'.repeat(300),
  'a'.repeat(64) + '@' + 'b.'.repeat(120) + 'example',
]

export class Hostile {
  readonly seed: number
  readonly #random

  constructor(seed: number) {
    this.seed = seed
    this.#random = seededRandom(seed)
  }

  /** From `from` up to and without `to`. */
  between(from: number, to: number): number {
    return this.#random.between(from, to)
  }

  /** True once in so many times. */
  once(inSoMany: number): boolean {
    return this.between(0, inSoMany) === 0
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    return list[this.between(0, list.length)] as T
  }

  /** Does one of these. */
  one<T>(...ways: readonly (() => T)[]): T {
    return this.pick(ways)()
  }

  list<T>(length: number, make: (index: number) => T): T[] {
    return Array.from({ length }, (_, index) => make(index))
  }

  bytes(length: number): Buffer {
    return Buffer.from(this.list(length, () => this.between(0, 256)))
  }

  word(length = this.between(1, 12)): string {
    return this.list(length, () => String.fromCharCode(97 + this.between(0, 26))).join('')
  }

  /** A text that somebody with bad intent would send. */
  text(): string {
    return this.one(
      () => this.pick(ODD),
      () => this.word(),
      () => this.pick(ODD) + this.word() + this.pick(ODD),
      () => this.bytes(this.between(0, 60)).toString('latin1'),
      () => String.fromCodePoint(...this.list(this.between(1, 30), () => this.between(1, 0x10ffff))),
      () => this.pick(ODD).repeat(this.between(1, 200)),
    )
  }

  domain(): string {
    return this.one(
      () => `${this.word()}.example`,
      () => `${this.list(this.between(1, 30), () => this.word(4)).join('.')}.example`,
      () => `.${this.word()}.example`,
      () => `${this.word()}@${this.word()}.example`,
      () => `fuzz${this.between(0, 5)}.example`,
      () => '*',
    )
  }

  /** Any value that JSON has. */
  json(depth = 4): unknown {
    if (depth === 0) return this.text()
    return this.one<unknown>(
      () => this.text(),
      () => null,
      () => this.once(2),
      () => this.pick([0, -0, -1, 1e308, 5e-324, 2 ** 53, 1.5]),
      () => this.list(this.between(0, 6), () => this.json(depth - 1)),
      () =>
        Object.fromEntries(this.list(this.between(0, 6), () => [this.text(), this.json(depth - 1)] as const)),
    )
  }

  /** JSON that nests deeply. */
  deepJson(depth = this.between(100, 50_000)): string {
    return this.one(
      () => '['.repeat(depth) + ']'.repeat(depth),
      () => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
      () => '['.repeat(depth),
    )
  }

  /** A text of a subject or header criterion. */
  expression(): string {
    return this.one(
      () => this.word(),
      () => `/${this.word()}/i`,
      () =>
        `/${this.pick(['(a|b)*c', '.*'.repeat(40), '(a?){30}a{30}', '\\p{L}{1,100}', '(x+x+)+y', '^(.*?,){30}P'])}/`,
      () => `/${'(a|b|ab)*?'.repeat(28)}c/i`,
      () => `/[^\\x00-\\x7f]{${this.between(1, 400)}}/`,
      () =>
        `/${this.list(280, () => this.pick(['a', 'b', '.', '?', '*', '|', '(', ')', '\\b', '[', ']']))
          .join('')
          .slice(0, 298)}/`,
      () => this.text(),
      () => `/${'.'.repeat(290)}/i`,
    )
  }

  /** Sets somewhere inside a value something else. */
  mutate(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.once(8)) return this.json()
    if (Array.isArray(value)) {
      const copy: unknown[] = [...(value as unknown[])]
      copy[this.between(0, copy.length + 1)] = this.mutate(copy[0])
      return copy
    }
    const entries: [string, unknown][] = Object.entries(value)
    const [key, inner] = entries[this.between(0, entries.length)] ?? [this.text(), null]
    return { ...value, [this.once(8) ? this.text() : key]: this.mutate(inner) }
  }
}

/**
 * What Haraka says and hears before it believes in TLS: it does STARTTLS itself, over a session that is encrypted
 * already, so its greeting, EHLO and STARTTLS are answered here and go to nobody. Pure.
 */
const STEPS = {
  hello: { lines: ['250-TLS is established', '250 STARTTLS'], next: 'starttls' },
  starttls: { lines: ['220 TLS is established'], next: 'upgrade' },
  upgrade: { lines: [], next: 'upgrade' },
} as const

/** The greeting that begins it. */
export const GREETING = '220 TLS is established'

/** The prelude of one session. */
export class Prelude {
  #step: keyof typeof STEPS = 'hello'

  /** The lines that answer Haraka's next command. */
  answer(): readonly string[] {
    const { lines, next } = STEPS[this.#step]
    this.#step = next
    return lines
  }
}

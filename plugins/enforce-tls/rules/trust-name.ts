/** How a named trust (`[trust:<name>]` of the settings) may be called, for rules and settings alike. Pure. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What is expected in the place of another name. */
export const TRUST_NAME_EXPECTED =
  'a letter or digit, followed by up to 63 letters, digits, dots, hyphens and underscores'

/** Whether a trust may have this name. Names are compared exactly, case included. */
export function isTrustName(text: string): boolean {
  return NAME.test(text)
}

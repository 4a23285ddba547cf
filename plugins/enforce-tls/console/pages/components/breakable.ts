/** A fingerprint that may take a new line between its bytes, and never within one. Other text stays as it is. */
import { html, type Child } from '../preact.js'

const FINGERPRINT = /^(?:[\da-f]{2}:?){20,64}$/i

/** What is copied has no more characters than what is given. */
export function breakable(text: string): Child {
  if (!FINGERPRINT.test(text)) return text
  return (text.match(/[\da-f]{2}:?/gi) ?? []).map((byte) => html`${byte}<wbr />`)
}

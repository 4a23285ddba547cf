/** Text that people or peers wrote, fit to be shown: nothing in it can turn the words around it. Pure. */

/** Controls, line separators, and what sets the direction of text; joiners, which scripts need, stay. */
const TURNING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu

/** The text in one line, with a space for what is not to be shown. */
export function plain(text: string): string {
  return text.replace(TURNING, ' ')
}

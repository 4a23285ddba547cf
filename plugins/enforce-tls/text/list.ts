/** Small words that all who speak to people use. Pure. */

/** A list in a sentence, cut where it gets long. */
export function listed(values: readonly string[], most = 5): string {
  const rest = values.length - most
  return values.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** Such as `1 message` and `2 messages`. */
export function numbered(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

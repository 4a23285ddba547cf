/** The demo's transcript on standard output. */

/** Prints lines. */
export function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(line)
}

/** Prints the heading of a step. */
export function step(number: string, title: string): void {
  say('', `${number}. ${title}`, '')
}

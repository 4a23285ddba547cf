/** Prose in lines of a terminal. Pure. */

/**
 * Where a line may end: not inside a time such as `2026-11-23 18:00 UTC`, nor between a section and its setting, or this
 * program and its command.
 */
const GAP = /(?<!\[[\w:-]+\]|enforce-tls) (?!\d\d:\d\d\b|UTC\b)/

/** The parts of a text that stay whole. */
export function words(text: string): string[] {
  return text.split(GAP)
}

/**
 * Lines of whole words. A word that is longer than a line has a line of its own and is not cut, so that an address or id
 * can be copied.
 *
 * @param width of the lines in columns, their margin included
 * @param margin of all lines but the first
 */
export function wrap(text: string, width: number, margin = 0): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words(text)) {
    const room = lines.length === 0 ? width : width - margin
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each, index) => (index === 0 ? each : ' '.repeat(margin) + each))
}

/** Columns that a text takes at most: a character beyond the alphabets of Europe may take two. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += character < '\u1100' ? 1 : 2
  return columns
}

/**
 * Keys of an ini file that are given as `key=` and as `key[]=` in one section. Haraka's reader keeps one of the two and
 * drops the other without a word, so neither counts: whoever wrote both meant both. Pure.
 */

/** The first such key as a sentence about its section, such as `[alert] has both to= and to[]=; …`; `null` for none. */
export function mixedList(lines: readonly string[]): string | null {
  const seen = new Map<string, boolean>()
  let section = 'main'
  for (const line of lines) {
    section = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]?.trim() ?? section
    const [, key, brackets] = /^\s*([\w.-]+)(\[\])?\s*=\s*\S/.exec(line) ?? []
    if (key === undefined) continue
    const isList = brackets !== undefined
    const name = `${section} ${key}`
    if ((seen.get(name) ?? isList) !== isList)
      return `[${section}] has both ${key}= and ${key}[]=, of which only one would count; write ${key}[]= for each`
    seen.set(name, isList)
  }
  return null
}

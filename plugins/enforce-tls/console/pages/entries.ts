/**
 * How a text that was typed or pasted is divided into entries. Of `First Bank <cfo@bank.example>` the address is the
 * entry, and no word of the name; what is not clear stays whole, so that the server says what is wrong with it. Pure.
 */

/** What a list takes; `null` for what the server does not look at one by one. */
export type EntryField = 'to' | 'from' | 'subject' | 'header' | null

const PIECE = /(?:"(?:[^"\\\r\n]|\\.)*"|\([^()\r\n]*\)|[^,;\r\n])+/g
const WORD = /(?:"(?:[^"\\\r\n]|\\.)*"|\S)+/g
const IN_BRACKETS = /<([^<>]*)>/g
/** Quoted names, and comments. */
const NAME_PARTS = /"(?:[^"\\\r\n]|\\.)*"|\([^()]*\)/g

/** Divides addresses at anything that no address holds, texts at line ends. */
export function entriesOf(text: string, field: EntryField): string[] {
  const parts = isText(field) ? text.split(/[\r\n]+/) : wholeWords((text.match(PIECE) ?? []).flatMap(inPiece))
  return [...new Set(parts.map((each) => each.trim()).filter((each) => each !== ''))]
}

/** Whether a key ends the entry that is being typed. */
export function endsEntry(key: string, typed: string, field: EntryField): boolean {
  if (key === 'Enter') return true
  if (isText(field) || ![',', ';', ' '].includes(key)) return false
  if ((typed.replace(/\\./g, '').match(/"/g) ?? []).length % 2 === 1) return false
  // A word that can't be an entry may begin a name, whose address is still to come.
  return key !== ' ' || (/\.\w|[@:*]/.test(typed) && typed.lastIndexOf('<') <= typed.lastIndexOf('>'))
}

function isText(field: EntryField): boolean {
  return field === 'subject' || field === 'header'
}

/** The entries between two separators. */
function inPiece(piece: string): readonly string[] {
  const addresses = [...piece.matchAll(IN_BRACKETS)].map(([, inside = '']) => inside.trim())
  if (addresses.length === 0) return piece.match(WORD) ?? []
  const known = new Set(addresses.map((each) => each.toLowerCase()))
  const name = piece.replace(NAME_PARTS, ' ').replace(IN_BRACKETS, ' ')
  // A name that holds another address or domain may be a list that only lacks its separators.
  const isUnclear = name
    .split(/\s+/)
    .some((word) => /[@*:]|\.\w/.test(word) && !known.has(word.toLowerCase()))
  return isUnclear ? [piece] : addresses
}

/** Among others, a word with a dot behind it ends a sentence or is an initial; alone it may be a whole domain. */
function wholeWords(entries: readonly string[]): readonly string[] {
  return entries.length < 2 ? entries : entries.map((each) => each.replace(/(?<=[^.\s])\.+$/, ''))
}

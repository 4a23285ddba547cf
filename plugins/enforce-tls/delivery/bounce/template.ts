/**
 * Fills bounce templates. A template uses Haraka's `{name}` placeholders; no value can add a header or a
 * line, and in HTML none can add markup. Pure.
 */

/** The words of a text, to stay on one line of it, so that people and programs find them. */
export function together(text: string): string {
  return text.replaceAll(' ', NO_BREAK)
}

/** What placeholders stand for. */
export interface TemplateValues {
  /** One line each. */
  readonly single: Readonly<Record<string, string>>
  /** A line with such a placeholder is repeated for each value. */
  readonly lists: Readonly<Record<string, readonly string[]>>
  /** What stands above a part, by placeholder; the line of one that is missing here is left out. In a text it is in capitals. */
  readonly headings?: Readonly<Record<string, string>>
}

const PLACEHOLDER = /\{(\w+)\}/g
/** How the names of headings end. */
const HEADING = '_heading'
/** Lines of a text are at most this long where they can be broken: below what quoted-printable would cut. */
const WIDTH = 72
/** What screen readers announce as a list, and that is none. */
const EMPTY_LIST = /<ul\b[^>]*>\s*<\/ul>\s*/g
/** Between words that stay on one line. */
const NO_BREAK = '\u00a0'

/** Whether a template is for any language: who has written one of their own has words in it, and of one language. */
export function takesLanguages(template: readonly string[]): boolean {
  return template.some((line) => /\{languages?\}/.test(line))
}

/** The header fields of a text template: everything before its first empty line. */
export function fillHeaders(
  template: readonly string[],
  values: TemplateValues,
): { name: string; value: string }[] {
  return template
    .slice(0, endOfHeaders(template))
    .map((line) => /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', value = '']) => ({ name, value: fill(value, values.single).trim() }))
}

/** The text behind the header fields of a text template, filled and wrapped, without two empty lines in a row. */
export function fillText(template: readonly string[], values: TemplateValues): string {
  const body = expand(template.slice(endOfHeaders(template) + 1), withCapitals(values), (value) => value)
  const lines = body
    .flatMap((line) => wrap(line))
    .filter((line, at, all) => line !== '' || all[at - 1] !== '')
  return `${lines.join('\r\n').replaceAll(NO_BREAK, ' ')}\r\n`
}

/** An HTML template, filled, without a list that has no entries; empty for an empty template. */
export function fillHtml(template: readonly string[], values: TemplateValues): string {
  if (template.every((line) => line.trim() === '')) return ''
  const html = expand(template, values, escapeHtml).join('\r\n').replaceAll(NO_BREAK, ' ')
  return `${html.replaceAll(EMPTY_LIST, '')}\r\n`
}

/** A text has no other way to set off what stands above its parts. */
function withCapitals(values: TemplateValues): TemplateValues {
  const headings = Object.entries(values.headings ?? {}).map(([name, text]) => [
    name,
    text.toLocaleUpperCase(values.single['language'] ?? 'en'),
  ])
  return { ...values, headings: Object.fromEntries(headings) as Record<string, string> }
}

function endOfHeaders(template: readonly string[]): number {
  const empty = template.indexOf('')
  return empty < 0 ? template.length : empty
}

function expand(
  lines: readonly string[],
  values: TemplateValues,
  encode: (value: string) => string,
): string[] {
  const { single, lists, headings = {} } = values
  return lines.flatMap((line) => {
    const names = [...line.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')
    const name = names.find((word) => Object.hasOwn(lists, word))
    if (name !== undefined)
      return (lists[name] ?? []).map((value) => fill(line, { ...single, [name]: value }, encode))
    const heading = names.find((word) => word.endsWith(HEADING))
    if (heading === undefined) return [fill(line, single, encode)]
    const text = headings[heading]
    return text === undefined ? [] : [fill(line, { ...single, [heading]: text }, encode)]
  })
}

function fill(
  line: string,
  single: TemplateValues['single'],
  encode: (value: string) => string = (value) => value,
): string {
  return line.replace(PLACEHOLDER, (_all, name: string) =>
    Object.hasOwn(single, name) ? encode(single[name] ?? '') : '?',
  )
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Breaks a line at spaces; a longer word stays whole, and the next lines keep the first one's indent. */
function wrap(line: string): string[] {
  const indent = /^\s*(?:[-*] )?/.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = indent
  for (const word of line.slice(indent.length).split(' ')) {
    // The mark of a list alone on its line would say nothing.
    if (current.length > indent.length && current.length + 1 + word.length > WIDTH) {
      lines.push(current)
      current = ' '.repeat(indent.length)
    }
    current += current.length === indent.length ? word : ` ${word}`
  }
  return [...lines, current]
}

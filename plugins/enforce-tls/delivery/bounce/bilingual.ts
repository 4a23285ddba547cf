/**
 * Puts one notice in two languages into one mail: that of the sender, and below it English, which the administrators on
 * the other side can be expected to read. Pure.
 */
import { englishBelow } from './texts/en.js'

const LINE = '-'.repeat(60)
const QUIET = 'margin:0 0 16px;font-size:13px;color:#57606a'
const RULE = 'max-width:640px;margin:32px 0 24px;border:0;border-top:1px solid #8c959f'

/** Both texts, lines ending in CRLF. */
export function bothTexts(first: string, english: string): string {
  return `${englishBelow}\r\n\r\n${first.trimEnd()}\r\n\r\n${LINE}\r\n\r\n${english}`
}

/** Both as one document: the content of the second one's body at the end of the first one's. */
export function bothHtml(first: string, english: string): string {
  const { before, body, after } = divided(first)
  return [
    before,
    `<p class="quiet" lang="en" style="${QUIET}">${englishBelow}</p>`,
    body,
    `<hr style="${RULE}">`,
    `<div lang="en">${divided(english).body}</div>`,
    after,
  ].join('')
}

/** All of it is content where a template has no body; what placeholders stand for can have none. */
function divided(html: string): { readonly before: string; readonly body: string; readonly after: string } {
  const start = /<body\b[^>]*>/i.exec(html)
  const from = start ? start.index + start[0].length : 0
  const end = html.search(/<\/body\s*>/i)
  const to = end < from ? html.length : end
  return { before: html.slice(0, from), body: html.slice(from, to), after: html.slice(to) }
}

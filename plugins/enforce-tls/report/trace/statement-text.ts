/** The statement on a message as text, and as one HTML page for the printer. Pure. */
import { html } from '../escape-html.js'
import { pageStyle } from '../page-style.js'
import { oneLine } from '../../text/one-line.js'
import { formatUtc } from '../../text/utc.js'
import type { Statement } from './statement.js'

const WIDTH = 78

/** As text, 78 columns wide. */
export function toText(statement: Statement, made: Date): string {
  const { question, sentence, facts, verified, notVerified } = statement
  const margin = Math.max(...facts.map(([name]) => name.length)) + 2
  return [
    wrapped(question),
    wrapped(sentence),
    facts.map(([name, value]) => `${name.padEnd(margin)}${wrapped(oneLine(value, 2000), margin)}`).join('\n'),
    ...listText('Verified:', verified),
    ...listText('Not verified:', notVerified),
    wrapped(footer(made)),
  ]
    .map((part) => `${part}\n`)
    .join('\n')
}

function listText(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [[title, ...items.map((item) => `- ${wrapped(item, 2)}`)].join('\n')]
}

/** Lines of words; those behind the first begin with a margin. */
function wrapped(text: string, margin = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((each) => broken(each, WIDTH - margin))) {
    if (line !== '' && line.length + 1 + word.length > WIDTH - margin) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(margin)}`)
}

/** A word as long as a line at most. */
function broken(word: string, width: number): readonly string[] {
  return word.length <= width ? [word] : (word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])
}

function footer(made: Date): string {
  return `Made by enforce-tls on ${formatUtc(made.toISOString())} from the delivery log of this mail server.`
}

/** As a page that needs nothing else. */
export function toStatementPage(statement: Statement, made: Date): string {
  const { question, sentence, facts, verified, notVerified } = statement
  const rows = facts
    .map(
      ([name, value]) => `<tr><th scope="row">${html(name)}</th><td>${html(oneLine(value, 2000))}</td></tr>`,
    )
    .join('\n')
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0
      ? ''
      : `<section><h2>${title}</h2><ul>${items.map((item) => `<li>${html(item)}</li>`).join('')}</ul></section>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${html(question)}</title>
<style>${pageStyle()}</style>
</head>
<body>
<header><h1>${html(question)}</h1></header>
<main>
<section class="statement"><p><strong>${html(sentence)}</strong></p><table><caption>The message</caption><tbody>
${rows}
</tbody></table></section>
${list('Verified', verified)}
${list('Not verified', notVerified)}
</main>
<footer>${html(footer(made))}</footer>
</body>
</html>
`
}

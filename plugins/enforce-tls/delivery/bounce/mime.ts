/** Puts a mail of ours together: its text for people in plain and in HTML, and the whole as it is queued. */
import MimeNode from 'nodemailer/lib/mime-node'

/** Quoted-printable at most, never base64: filters look for words in the source. */
const READABLE = { textEncoding: 'Q' } as const

/** The root of a mail with several parts. */
export function multipart(type: string): MimeNode {
  return new MimeNode(`multipart/${type}`, { newline: '\r\n' })
}

/** Adds the same text twice to choose from; `html` may be empty. */
export function addAlternatives(parent: MimeNode, text: string, html: string): void {
  parent.createChild('text/plain; charset=utf-8', READABLE).setContent(text)
  if (html !== '') parent.createChild('text/html; charset=utf-8', READABLE).setContent(html)
}

/** The whole mail, lines ending in CRLF, the last one too. */
export async function written(root: MimeNode): Promise<string> {
  const contents = (await root.build()).toString('utf8')
  return contents.endsWith('\r\n') ? contents : `${contents}\r\n`
}

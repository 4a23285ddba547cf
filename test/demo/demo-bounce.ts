/** Reads the demo's bounce as a mail program would show it, and checks what has to be in it. */
import { parseBounce } from '../support/mail.js'

/** The bounce for the transcript, and whether it says what it has to. */
export function explainBounce(message: Buffer): { readonly ok: boolean; readonly lines: string[] } {
  const { headers, text, message: perMessage, recipients } = parseBounce(message.toString('utf8'))
  const shown = ['from', 'to', 'subject', 'date'].map((name) => `${name}: ${headers[name] ?? ''}`)
  const fields = [perMessage, ...recipients].flatMap((group) =>
    Object.entries(group).map(([name, value]) => `${name}: ${value}`),
  )
  return {
    ok: /could not establish a TLS connection/.test(text) && recipients[0]?.['status'] === '5.7.4',
    lines: [...shown, '', ...text.trimEnd().split(/\r?\n/), '', '--- and for programs', ...fields],
  }
}

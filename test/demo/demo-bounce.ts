/** Reads the demo's bounce as a mail program would show it, and checks what has to be in it. */
import { simpleParser } from 'mailparser'

/** The bounce for the transcript, and whether it says what it has to. */
export async function explainBounce(
  message: Buffer,
): Promise<{ readonly ok: boolean; readonly lines: string[] }> {
  const mail = await simpleParser(message)
  const status = mail.attachments.find(({ contentType }) => contentType === 'message/delivery-status')
  const fields = status?.content.toString('utf8') ?? ''
  const text = (mail.text ?? '').trimEnd()
  return {
    ok: /could not establish a TLS connection/.test(text) && /^Status: 5\.7\.4\r?$/m.test(fields),
    lines: [
      `From:    ${mail.from?.text ?? ''}`,
      `To:      ${mail.headers.has('to') ? (mail.headerLines.find(({ key }) => key === 'to')?.line.slice(4) ?? '') : ''}`,
      `Subject: ${mail.subject ?? ''}`,
      '',
      ...text.split('\n'),
      '',
      '(and for programs)',
      ...fields.trim().split(/\r?\n/),
    ],
  }
}

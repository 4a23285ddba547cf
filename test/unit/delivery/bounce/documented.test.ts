/** The bounce that the documents show is the one that senders get. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { bounceTexts, composeBounce } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { tlsFailure, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import { repositoryRoot } from '../../../support/repository.js'

const read = (...path: string[]) => readFileSync(join(repositoryRoot(), ...path), 'utf8')
/** The code block of a document that begins with a text. */
function blockIn(document: string, begin: string): string {
  const blocks = [...document.matchAll(/^```\n([^]*?)^```$/gm)].map(([, block = '']) => block)
  const found = blocks.find((block) => block.startsWith(begin))
  if (found === undefined) throw new Error(`no code block begins with ${begin}`)
  return found
}

const DELIVERY = read('plugins/enforce-tls/delivery/README.md')
const SHOWN = blockIn(DELIVERY, 'From: Mail Delivery System')
const [, SHOWN_TEXT = ''] = /\n\n([^]*)/.exec(SHOWN) ?? []

const address = (user: string, host: string) => ({ user, host, address: `${user}@${host}` })
const messageId = /^- Message-ID: (.*)$/m.exec(SHOWN)?.[1] ?? 'none'
const message = `Date: Thu, 26 Nov 2026 15:03:11 +0100\r\nMessage-ID: ${messageId}\r\n\r\n`
const attempt: Attempt = {
  host: 'mx.clinic.example',
  to: '192.0.2.25:25',
  secured: false,
  session: null,
  failure: tlsFailure('starttls-not-supported', 'does not offer STARTTLS'),
}
const request = {
  item: {
    todo: {
      domain: 'clinic.example',
      queue_time: 1_764_000_000_000,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [address('lab', 'clinic.example')],
    },
    data_stream: () => Readable.from([Buffer.from(message)]),
  } as unknown as HarakaMailItem,
  requirement: requirementOf({ level: 'encrypt' }, 'clinic.example', {
    owner: 'acme.example',
    id: 'r1',
    name: 'Patient and payment data',
  }),
  attempts: [attempt],
  tlsToBlame: true,
  reason: '',
  mayQuote: false,
}
const template = read('config/enforce-tls.bounce_message').split('\n')
const options = {
  me: 'mail.acme.example',
  content: 'minimal',
  minVersion: 'TLSv1.2',
  templates: { text: template, html: [] },
  now: new Date(1_764_000_000_000),
  help: { contact: 'helpdesk@acme.example', link: 'https://acme.example/encrypted-mail', language: null },
} as const

describe('the bounce in the documents', () => {
  it('is what a person gets', async () => {
    const { subject, text } = await bounceTexts(request, options)
    assert.match(SHOWN, new RegExp(`^Subject: ${subject}$`, 'm'))
    assert.equal(text.replaceAll('\r\n', '\n').trim(), SHOWN_TEXT.trim())
  })

  it('is what a program gets', async () => {
    const { contents } = await composeBounce(request, options)
    const lines = contents.split('\r\n')
    const shown = blockIn(DELIVERY, 'Final-Recipient:').trim().split('\n')
    assert.deepEqual(
      shown.filter((line) => !lines.includes(line)),
      [],
    )
  })

  it('begins in the README as it does there', () =>
    assert.ok(SHOWN.startsWith(blockIn(read('README.md'), 'From: Mail Delivery System').trim())))
})

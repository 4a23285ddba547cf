import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { composeBounce, type BounceOptions } from '../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { tlsFailure } from '../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaAddress, HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import { parseBounce } from '../../support/mail.js'
import { repositoryRoot } from '../../support/repository.js'

const TEMPLATES = {
  text: template('enforce-tls.bounce_message'),
  html: template('enforce-tls.bounce_message_html'),
}
const NOW = new Date('2026-03-01T12:00:00Z')

/** What others than the operator had a hand in. */
interface Strangers {
  readonly rule?: string
  readonly owner?: string
  readonly host?: string
  readonly detail?: string
  readonly reply?: string
  readonly reason?: string
  readonly user?: string
  readonly headers?: string
}

const HEADERS =
  'Received: from a by b\r\nSubject: Secret\r\nMessage-ID: <m@acme.example>\r\nDate: Sun, 1 Mar 2026 11:59:00 +0000\r\n'

async function bounce(
  strangers: Strangers,
  content: BounceOptions['content'] = 'minimal',
  tlsToBlame = true,
): Promise<string> {
  const { rule = 'R', owner = 'acme.example', host = 'mx.bank.example', detail = 'no TLS' } = strangers
  const failure = tlsFailure('starttls-refused', detail, {
    ...(strangers.reply === undefined ? {} : { reply: { code: 554, text: strangers.reply } }),
  })
  const item = {
    todo: {
      domain: 'bank.example',
      queue_time: NOW.getTime(),
      uuid: 'U',
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [address(strangers.user ?? 'cfo', 'bank.example')],
      notes: {},
    },
    data_stream: () => Readable.from([Buffer.from(`${strangers.headers ?? HEADERS}\r\nThe text\r\n`)]),
  } as unknown as HarakaMailItem
  const { contents } = await composeBounce(
    {
      item,
      requirement: requirementOf({ level: 'encrypt' }, 'bank.example', { owner, id: 'r', name: rule }),
      attempts: [{ host, to: '192.0.2.1:25', secured: false, session: null, failure }],
      tlsToBlame,
      reason: strangers.reason ?? 'no such user',
      mayQuote: false,
    },
    { me: 'mta.test.example', content, templates: TEMPLATES, now: NOW, minVersion: 'TLSv1.2' },
  )
  return contents
}

function address(user: string, host: string): HarakaAddress {
  return { user, host, address: `${user}@${host}` }
}

function template(name: string): string[] {
  return readFileSync(join(repositoryRoot(), 'config', name), 'utf8').split('\n')
}

/** Everything about a bounce that its readers build on, and nobody else may change. */
function shapeOf(raw: string): unknown {
  const { headers, message, recipients, partTypes, returned, html } = parseBounce(raw)
  return {
    headers: Object.keys(headers).sort(),
    to: headers['to'],
    from: headers['from'],
    message: Object.keys(message),
    recipients: recipients.map((fields) => Object.keys(fields)),
    partTypes,
    returned: returned?.type,
    html: html !== undefined,
    // The structure as a reader sees it who knows nothing of this parser.
    delimiters: raw.match(/^----_NmP-[^\s]+$/gm)?.length,
  }
}

function assertMailable(raw: string): void {
  assert.doesNotMatch(raw, /[^\t\r\n\x20-\x7e]/, 'all is printable ASCII')
  assert.doesNotMatch(raw, /(?<!\r)\n|\r(?!\n)/, 'every line ends in CRLF')
  for (const line of raw.split('\r\n')) assert.ok(line.length <= 998, `a line of ${line.length} bytes`)
}

/** Texts that have broken mail software before. */
const NASTY: readonly (readonly [what: string, text: string])[] = [
  ['CR and LF', 'x\r\nBcc: all@acme.example\r\n\r\n<html>body'],
  ['a lone CR', 'x\rBcc: all@acme.example'],
  ['a lone LF', 'x\nBcc: all@acme.example\n\nbody'],
  ['a line that ends the message', 'x\r\n.\r\nMAIL FROM:<a@b>'],
  ['NUL and other controls', 'x\0y\x07z\x1b[31mred\x7f'],
  ['line separators of Unicode', 'x\u2028Bcc: a\u2029b\u0085c\u000bd\u000ce'],
  ['8-bit text', 'Größe 中文 😀'],
  ['half a surrogate pair', 'x\ud83dy\udc00z'],
  ['text that runs backwards', 'x\u202egpj.exe\u202c\u2066y\u2069\u200f'],
  ['10 kB in one word', 'x'.repeat(10_000)],
  ['10 kB in many words', 'xy '.repeat(3333)],
  ['10 kB of 8-bit text', 'ü'.repeat(5000)],
  ['HTML', '<script>alert(1)</script><a href="http://evil.example">\'x\'</a>&amp;'],
  ['placeholders', '{to} {subject} {attempts} {rule} {__proto__} {constructor}'],
  ['replacement patterns', "$& $1 $` $' $$"],
  ['an encoded word', '=?utf-8?B?DQpCY2M6IGE=?= =?utf-8?Q?=0D=0ABcc:_a?='],
  ['a boundary', '--x\r\n--=_x--\r\nContent-Type: text/html\r\n\r\n'],
  ['quoted-printable', 'x=0D=0ABcc: a=\r\n'],
  ['nothing', ''],
  ['blanks', '  \t '],
]

describe('a bounce with text of strangers in it', () => {
  for (const [what, text] of NASTY) {
    it(`${what}: no header, no line, no part more, and nothing that mail can't carry`, async () => {
      const plain = { rule: 'R', owner: 'o.example', host: 'h.example', detail: 'd', reply: 'r', user: 'u' }
      for (const content of ['minimal', 'full'] as const) {
        const shape = shapeOf(await bounce(plain, content))
        for (const place of ['rule', 'owner', 'host', 'detail', 'reply', 'user'] as const) {
          const raw = await bounce({ ...plain, [place]: text }, content)
          assertMailable(raw)
          assert.deepEqual(shapeOf(raw), shape, place)
        }
      }
    })

    it(`${what} as the reason of a failure that has nothing to do with TLS`, async () => {
      const shape = shapeOf(await bounce({ reason: 'r' }, 'minimal', false))
      const raw = await bounce({ reason: text }, 'minimal', false)
      assertMailable(raw)
      assert.deepEqual(shapeOf(raw), shape)
    })
  }

  it('markup of a stranger is text in the HTML part', async () => {
    const { html } = parseBounce(await bounce({ rule: '<script>alert("x")</script>', detail: '<img src=x>' }))
    assert.ok(html)
    assert.doesNotMatch(html, /<script|<img/)
    assert.match(html, /&#60;script&#62;/)
  })

  it('a placeholder inside of a value stays what it is', async () => {
    const { text } = parseBounce(await bounce({ rule: '{me} {to}', detail: '{me}' }))
    assert.match(text, /The rule\s+"\{me\}\s+\{to\}"\s+of/)
    assert.match(text, /192\.0\.2\.1:25\): \{me\}/)
  })

  it('whatever strangers write, the bounce keeps its shape', async () => {
    const shapes = {
      minimal: shapeOf(await bounce({ reply: 'r' }, 'minimal')),
      full: shapeOf(await bounce({ reply: 'r' }, 'full')),
    }
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('\r', '\n', '\0', ' ', ':', '-', '=', '{', '}', '<', '.', 'ü', 'a'),
        maxLength: 2000,
      }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.record({ rule: text, owner: text, host: text, detail: text, reply: text, user: text }),
        fc.constantFrom('minimal' as const, 'full' as const),
        async (strangers, content) => {
          const raw = await bounce(strangers, content)
          assertMailable(raw)
          assert.deepEqual(shapeOf(raw), shapes[content])
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('what a bounce tells of the message', () => {
  it('minimal: Message-ID and Date, nothing else', async () => {
    const raw = await bounce({}, 'minimal')
    assert.deepEqual(parseBounce(raw).returned?.content.trim().split('\r\n'), [
      'Message-ID: <m@acme.example>',
      'Date: Sun, 1 Mar 2026 11:59:00 +0000',
    ])
    assert.doesNotMatch(raw, /Secret|The text/)
  })

  it('full: the whole header block, and no line of the text', async () => {
    const raw = await bounce({}, 'full')
    assert.equal(parseBounce(raw).returned?.content.trim(), HEADERS.trim())
    assert.doesNotMatch(raw, /The text/)
  })

  const senders: readonly (readonly [what: string, headers: string])[] = [
    ['a subject of 8-bit bytes', 'Subject: Gr\u00fc\u00dfe\r\n'],
    ['a subject of 10 kB', `Subject: ${'x'.repeat(10_000)}\r\n`],
    ['a subject that is folded', 'Subject: a\r\n b\r\n\tc\r\n'],
    ['a subject with a lone CR', 'Subject: a\rBcc: x@acme.example\r\n'],
    ['a date that is none', `Date: ${'{to} '.repeat(500)}\r\n`],
    ['a Message-ID that would add a header', 'Message-ID: <a@b>\r\n <c@d>\r\n'],
    ['a thousand header fields', Array.from({ length: 1000 }, (_, n) => `X-${n}: y\r\n`).join('')],
    ['lines that end in LF alone', 'Subject: a\nDate: b\nX-Y: z\n'],
    ['no header at all', ''],
    ['lines that are no header fields', 'hello\r\nSubject : a\r\n: b\r\n'],
    ['a boundary', 'Subject: --x\r\nX: y\r\n'],
  ]
  for (const [what, headers] of senders) {
    it(`a message with ${what} makes a bounce that mail can carry`, async () => {
      for (const content of ['minimal', 'full'] as const) {
        const raw = await bounce({ headers }, content)
        assertMailable(raw)
        const { partTypes, headers: own } = parseBounce(raw)
        assert.deepEqual(partTypes.slice(1), ['message/delivery-status', 'text/rfc822-headers'])
        assert.equal(own['to'], 'ann@acme.example')
        assert.equal(own['bcc'], undefined)
      }
    })
  }
})

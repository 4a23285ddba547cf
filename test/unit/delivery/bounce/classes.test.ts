/**
 * What a bounce says for each class of failure and for several: result and side first, then what to do, then what the
 * recipient's administrators are asked for, then why.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { bounceTexts, type BounceOptions } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import {
  definitionOf,
  FAILURE_CLASS_NAMES,
  type FailureClass,
} from '../../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { BounceRequest } from '../../../../plugins/enforce-tls/delivery/guard-context.js'
import { tlsFailure, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../../plugins/enforce-tls/rules/rule.js'
import { repositoryRoot } from '../../../support/repository.js'

const DOMAIN = 'clinic.example'
const SECRETS = ['Patient data of Mr Smith', 'r-secret', 'Results', 'ann@', 'lab@', 'intern.example', 'AB:CD']
const template = (name: string) =>
  readFileSync(join(repositoryRoot(), 'config', `enforce-tls.${name}`), 'utf8').split('\n')
const OPTIONS: BounceOptions = {
  me: 'mail.acme.example',
  content: 'minimal',
  minVersion: 'TLSv1.2',
  templates: { text: template('bounce_message'), html: template('bounce_message_html') },
  now: new Date(1_764_000_000_000),
}

interface Case {
  readonly failed: readonly FailureClass[]
  readonly gateway?: FailureClass
  readonly action?: RelayWithTls
  readonly recipients?: readonly string[]
  readonly host?: string
  readonly more?: Partial<BounceRequest>
  readonly options?: Partial<BounceOptions>
}

const address = (user: string, host: string) => ({ user, host, address: `${user}@${host}` })

async function bounceOf(row: Case) {
  const {
    failed,
    gateway,
    action = { level: 'secure', names: ['intern.example'] },
    recipients = ['lab'],
  } = row
  const decidedBy = { owner: 'acme.example', id: 'r-secret', name: 'Patient data of Mr Smith' }
  const requirement = requirementOf(action, DOMAIN, decidedBy)
  const tried = { to: '192.0.2.25:25', secured: false, session: null, requirement }
  const attempts: Attempt[] = failed.map((name, index) => ({
    ...tried,
    host: row.host ?? `mx${index + 1}.${DOMAIN}`,
    failure: tlsFailure(name, 'has the fingerprint AB:CD of r-secret'),
  }))
  if (gateway)
    attempts.push({ ...tried, host: 'gw.example', gateway: 'relay', failure: tlsFailure(gateway, 'x') })
  const message = 'Date: Thu, 26 Nov 2026 15:03:11 +0100\r\nSubject: Results\r\n\r\n'
  const item = {
    todo: {
      domain: DOMAIN,
      queue_time: 1_764_000_000_000,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: recipients.map((user) => address(user, DOMAIN)),
    },
    data_stream: () => Readable.from([Buffer.from(message)]),
  } as unknown as HarakaMailItem
  const request = {
    item,
    requirement,
    attempts,
    tlsToBlame: true,
    reason: 'no',
    mayQuote: false,
    ...row.more,
  }
  const { subject, text, html } = await bounceTexts(request, { ...OPTIONS, ...row.options })
  const part = (heading: string) =>
    new RegExp(`\\r\\n\\r\\n${heading}\\r\\n([^]*?)\\r\\n\\r\\n`).exec(text)?.[1]?.replace(/\s+/g, ' ') ?? ''
  return {
    subject,
    html,
    lines: text.split('\r\n'),
    text: text.replace(/\s+/g, ' '),
    opening: text.split('\r\n\r\n')[0]?.replace(/\s+/g, ' ') ?? '',
    advice: part('WHAT TO DO NEXT'),
    ask: part('WHAT YOU CAN PASS ON TO THEM'),
    reason: part('WHY'),
  }
}

const SENT = /^Your message to lab@clinic\.example was not sent, because [^.]*(?:\.[^ .]+)*\. /
const SIDES = {
  theirs: 'The mail team of clinic.example has to fix this.',
  ours: 'Your own mail team has to fix this.',
  either: 'Your own mail team has to find out on which side the fault is.',
} as const

/** What their administrators are asked for, as far as it is theirs. */
const ASKED: Readonly<Record<FailureClass, RegExp | null>> = {
  'starttls-not-supported': /mx1\.clinic\.example does not offer STARTTLS\. .* TLS 1\.2 or later\.$/,
  'starttls-deferred': /mx1\.clinic\.example answers STARTTLS with a temporary error \(4yz\)/,
  'starttls-refused': /mx1\.clinic\.example offers STARTTLS, but rejects the command/,
  'handshake-failure': /The TLS handshake with mx1\.clinic\.example fails\. .*TLS 1\.2 or later/,
  'certificate-not-trusted': /mx1\.clinic\.example presents no certificate .* publicly trusted authority/,
  'certificate-expired': /mx1\.clinic\.example presents a certificate outside its period of validity/,
  'certificate-host-mismatch': /for another name\. .* clinic\.example or a subdomain of it\.$/,
  'fingerprint-mismatch': null,
  'starttls-injection': null,
  'tlsa-invalid': /TLSA records .* do not confirm the certificate that mx1\.clinic\.example presents/,
  'dnssec-invalid': null,
  'resolver-unavailable': null,
  'dane-required': /No TLSA records .* for mx1\.clinic\.example/,
  'sts-policy-fetch-error': /cannot be fetched from https:\/\/mta-sts\.clinic\.example\/\.well-known/,
  'sts-policy-invalid': /_mta-sts\.clinic\.example, is not valid/,
  'sts-webpki-invalid': /web server mta-sts\.clinic\.example .* no valid certificate/,
  'mx-not-listed': /does not list mx1\.clinic\.example/,
  'nothing-published': /Nothing is published for clinic\.example/,
  'requiretls-not-supported': /mx1\.clinic\.example does not offer REQUIRETLS inside TLS/,
  'requiretls-refused': /mx1\.clinic\.example offers REQUIRETLS inside TLS, but rejects MAIL/,
  'trust-unusable': null,
  'gateway-unavailable': null,
  'gateway-misconfigured': null,
  'gateway-loop': null,
}

describe('a bounce', () => {
  for (const name of FAILURE_CLASS_NAMES)
    it(`about ${name} opens with result and side, and asks only for what is theirs`, async () => {
      const { side, isCertificate, isGateway } = definitionOf(name)
      const row = isGateway ? { failed: [], gateway: name } : { failed: [name] }
      const { opening, text, ask, advice, lines, subject, html } = await bounceOf(row)
      assert.match(opening, SENT)
      assert.ok(opening.endsWith(SIDES[side]), opening)
      assert.match(subject, /^Not sent: [^{}]+$/)
      assert.match(advice, side === 'theirs' ? /^Tell the recipient/ : /^(?:Tell|Ask) your own mail admin/)
      const expected = ASKED[name]
      if (expected === null) assert.equal(ask, '')
      else {
        assert.match(
          ask,
          /^Please tell your mail team: our mail server mail\.acme\.example .* clinic\.example/,
        )
        assert.match(ask, expected)
      }
      for (const secret of SECRETS) assert.ok(!ask.includes(secret), `${secret}: ${ask}`)
      // A certificate that fails is called that.
      if (isCertificate) {
        assert.match(opening, /because the certificate of their mail server could not be verified\./)
        assert.doesNotMatch(text, /could not establish/)
      }
      assert.match(text, new RegExp(`- Code: 5\\.\\d\\.\\d+ ${name} `))
      assert.doesNotMatch(`${text}${html}`, /undefined|null|\{\w+\}|\.\. | \?/)
      assert.ok(
        lines.every((line) => line.length <= 72 || !line.trim().includes(' ', 3)),
        lines.join('\n'),
      )
      for (const sentence of [opening, advice, ask]) assert.ok(wordsOf(html).includes(sentence), sentence)
    })

  for (const [what, failed, opening, sentences] of [
    [
      'two bad certificates',
      ['certificate-expired', 'certificate-host-mismatch'],
      /because the certificates of their mail servers could not be verified\. The mail team of clinic/,
      [/mx1\.clinic\.example presents .*validity\..* mx2\.clinic\.example presents .* another name/],
    ],
    [
      'a bad certificate and no TLS',
      ['certificate-expired', 'starttls-not-supported'],
      /because none of their mail servers could be used as securely as required\. The mail team of clinic/,
      [/mx1\.clinic\.example presents a certificate .* mx2\.clinic\.example does not offer STARTTLS/],
    ],
    [
      'a fault of theirs and one of ours',
      ['certificate-expired', 'trust-unusable'],
      /as required\. Your own mail team and that of clinic\.example each have something to fix\.$/,
      [/mx1\.clinic\.example presents/],
    ],
    [
      'the same at two servers',
      ['starttls-not-supported', 'starttls-not-supported'],
      /because their mail servers cannot receive it encrypted\. The mail team/,
      [/Your mail servers mx1\.clinic\.example and mx2\.clinic\.example do not offer STARTTLS/],
    ],
    [
      'a fault of theirs and one that may be on either side',
      ['certificate-expired', 'fingerprint-mismatch'],
      /Your own mail team has to find out on which side the fault is\.$/,
      [],
    ],
  ] as const satisfies readonly (readonly [string, readonly FailureClass[], RegExp, readonly RegExp[]])[])
    it(`about ${what} says of all only what is true of all`, async () => {
      const bounce = await bounceOf({ failed })
      assert.match(bounce.opening, opening)
      for (const sentence of sentences) assert.match(bounce.ask, sentence)
      if (new Set(failed).size > 1) assert.doesNotMatch(bounce.text, /could not establish/)
      for (const name of failed) assert.match(bounce.text, new RegExp(`- Code: 5\\.\\d\\.\\d+ ${name}`))
    })

  it('asks for the TLS version that the rule needs, and for the name that the level needs', async () => {
    const strict = await bounceOf({
      failed: ['handshake-failure'],
      action: { level: 'encrypt', minVersion: 'TLSv1.3' },
    })
    assert.match(strict.ask, /TLS 1\.3 or later/)
    const host = await bounceOf({ failed: ['certificate-host-mismatch'], action: { level: 'verify' } })
    assert.match(host.ask, /include the name of the mail server, as in your MX record\.$/)
  })

  it('names three of many recipients first, and all of them below', async () => {
    const recipients = Array.from({ length: 30 }, (_, n) => `r${n}`)
    const { opening, text } = await bounceOf({ failed: ['starttls-refused'], recipients })
    assert.match(
      opening,
      /^Your message to r0@clinic\.example, r1@\S+, r2@\S+ and 27 more was not sent, because/,
    )
    assert.match(text, /- To: r0@clinic\.example, .* r29@clinic\.example - Subject/)
  })

  it('says that a gateway did not help, and whose that is', async () => {
    const row = { failed: ['starttls-not-supported'], gateway: 'gateway-unavailable' } as const
    const { opening, ask, advice, text } = await bounceOf(row)
    assert.match(
      opening,
      /encrypted\. It could not go through a gateway instead\. Your own mail team has to fix this\.$/,
    )
    assert.match(advice, /^Tell your own mail administrator: the gateway/)
    assert.equal(ask, '')
    assert.match(text, /- Code: 5\.7\.4 starttls-not-supported - Code: 5\.4\.1 gateway-unavailable/)
  })

  it('about a rejection says that, with a code for each recipient where they differ', async () => {
    const todo = {
      domain: DOMAIN,
      queue_time: 0,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [
        { ...address('a', DOMAIN), dsn_smtp_code: '550', dsn_smtp_extc: '5.1.1' },
        { ...address('b', DOMAIN), dsn_smtp_code: '552', dsn_status: '5.2.2' },
        // Haraka leaves a code with two digits in the text.
        { ...address('c', DOMAIN), dsn_smtp_code: '550', dsn_smtp_response: '5.1.10 RESOLVER.ADR' },
      ],
    }
    const item = { todo, data_stream: () => Readable.from([]) } as unknown as HarakaMailItem
    const more = { item, tlsToBlame: false, mayQuote: true, reason: 'quotes Results' }
    const { opening, text, subject } = await bounceOf({ failed: [], more })
    assert.equal(subject, 'Not delivered: your message to clinic.example')
    assert.equal(
      opening,
      'Your message to a@clinic.example, b@clinic.example and c@clinic.example was not delivered, because their mail server rejected it. The next step is yours.',
    )
    assert.match(
      text,
      /the receiving server answered 550 5\.1\.1, 552 and 550 5\.1\.10; its text is left out/,
    )
    assert.match(
      text,
      /- Code: a@clinic\.example: 550 5\.1\.1 - Code: b@clinic\.example: 552 5\.2\.2 - Code: c@clinic\.example: 550 5\.1\.10/,
    )
    assert.doesNotMatch(text, /Results|Please tell your mail team/)
  })

  it('says whom to ask and where to read more, and nothing of it where that is not set', async () => {
    const help = { contact: '<b>Help</b> & desk', link: 'https://acme.example/tls?a=1&b=2', language: null }
    const { text, html } = await bounceOf({ failed: ['starttls-refused'], options: { help } })
    assert.match(
      text,
      /Who to ask: <b>Help<\/b> & desk More about encrypted mail: https:\/\/acme\.example\/tls\?a=1&b=2 WHY/,
    )
    assert.match(html, /Who to ask: <strong>&#60;b&#62;Help&#60;\/b&#62; &#38; desk<\/strong>/)
    assert.match(html, /<a href="https:\/\/acme\.example\/tls\?a=1&#38;b=2"/)
    const none = await bounceOf({ failed: ['starttls-refused'] })
    assert.doesNotMatch(`${none.text}${none.html}`, /Who to ask|More about|<a /)
  })

  it('of a delay says when it is given up, by the clock of the sender, and what may be passed on', async () => {
    const until = new Date('2026-11-30T00:53:00Z')
    const recipients = [address('lab', DOMAIN)]
    const templates = { text: template('delay_message'), html: template('delay_message_html') }
    const { subject, opening, advice, ask, text } = await bounceOf({
      failed: ['starttls-deferred'],
      more: { delayed: { until, recipients } },
      options: { templates },
    })
    assert.equal(subject, 'Delayed: clinic.example cannot receive your message encrypted yet')
    assert.match(
      opening,
      /If it does not pass by itself, the mail team of clinic\.example has to fix this\.$/,
    )
    assert.match(advice, /tried again until 30 Nov 2026, 00:53 UTC \(01:53 \+0100\);/)
    assert.match(ask, /^Please tell your mail team/)
    assert.match(text, /- Code: 4\.7\.4 starttls-deferred/)
  })

  it('keeps what a hostile name server says of a host on its line, out of markup and short', async () => {
    const host = `evil\r\nX-Evil: yes\u202e<script>alert(1)</script>${'x'.repeat(5000)}`
    const { lines, html, ask } = await bounceOf({ failed: ['starttls-not-supported'], host })
    assert.ok(!lines.some((line) => line.startsWith('X-Evil')))
    assert.doesNotMatch(html, /<script|\u202e/)
    assert.doesNotMatch(ask, /[\r\n\u202e]/)
    assert.ok(ask.length < 1000)
  })

  it('of a template that somebody wrote before says the same by the placeholders of then', async () => {
    const text = [
      'Subject: {subject_line}',
      '',
      '{summary}',
      '',
      '{explanation}',
      '',
      '{advice}',
      '',
      '- {attempts}',
      '',
      '{rule} of {owner}, {mx}, {domain}, {recipients}, {message_date}',
    ]
    const { text: filled } = await bounceOf({
      failed: ['certificate-expired'],
      options: { templates: { text, html: [] } },
    })
    assert.match(
      filled,
      /^Your message to lab@clinic\.example was not sent, because the certificate of their mail server could not be verified\. The receiving server mx1\.clinic\.example of clinic\.example has a certificate that could not be verified\. The rule "Patient data of Mr Smith" of acme\.example requires a verified one\. TLS is .* has expired\. Tell the recipient, .* - mx1\.clinic\.example \(192\.0\.2\.25:25\): has the fingerprint .* Patient data of Mr Smith of acme\.example, mx1\.clinic\.example, clinic\.example, lab@clinic\.example, 26 Nov 2026, 14:03 UTC \(15:03 \+0100\) $/,
    )
  })
})

/** What a person reads of HTML. */
function wordsOf(html: string): string {
  return html
    .replace(/<style>[^]*?<\/style>|<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}

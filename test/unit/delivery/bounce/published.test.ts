/** What a sender reads where what the recipient's domain publishes is what the message failed for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { bounceTexts, composeBounce } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { tlsFailure, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import {
  definitionOf,
  FAILURE_CLASS_NAMES,
  type FailureClass,
} from '../../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import type { HostRequirement } from '../../../../plugins/enforce-tls/published/host-requirement.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../../plugins/enforce-tls/rules/rule.js'
import { en } from '../../../../plugins/enforce-tls/delivery/bounce/texts/en.js'
import { atHost, daneDemand, stsPolicy } from '../../../support/held.js'
import { parseBounce } from '../../../support/mail.js'
import { repositoryRoot } from '../../../support/repository.js'

const DOMAIN = 'bank.example'
const DANE: RelayWithTls = { level: 'dane' }
const STS: RelayWithTls = { level: 'mta-sts' }
const BY_DANE = { dane: daneDemand() }
const BY_POLICY = { sts: stsPolicy('enforce', ['mx1.bank.example']) }

interface Failed {
  /** `null` for the domain itself, whose hosts are unknown. */
  readonly host?: string | null
  readonly name: FailureClass
  readonly detail?: string
  readonly requirement?: HostRequirement
}

function requestFor(action: RelayWithTls, failed: readonly Failed[]) {
  const address = (user: string, host: string) => ({ user, host, address: `${user}@${host}` })
  const item = {
    // Tried before.
    num_failures: 5,
    todo: {
      domain: DOMAIN,
      queue_time: 1_764_000_000_000,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [address('cfo', DOMAIN)],
    },
    data_stream: () => Readable.from([Buffer.from('Subject: Test\r\n\r\n')]),
  } as unknown as HarakaMailItem
  const attempts = failed.map(({ host = 'mx1.bank.example', name, detail = 'x', requirement }): Attempt => ({
    host: host ?? DOMAIN,
    to: host ?? DOMAIN,
    secured: false,
    session: null,
    ...(requirement ? { requirement } : {}),
    failure: { ...tlsFailure(name, detail), temporary: true },
  }))
  const decidedBy = { owner: 'acme.example', id: 'r1', name: 'Banks' }
  const requirement = requirementOf(action, DOMAIN, decidedBy)
  return { item, requirement, attempts, tlsToBlame: true, reason: '', mayQuote: false }
}

const template = (name: string) =>
  readFileSync(join(repositoryRoot(), 'config', `enforce-tls.${name}`), 'utf8').split('\n')
const OPTIONS = {
  me: 'mail.acme.example',
  content: 'minimal',
  minVersion: 'TLSv1.2',
  templates: { text: template('bounce_message'), html: template('bounce_message_html') },
  now: new Date(1_764_000_000_000),
} as const

/** Subject, summary, explanation and advice, each on one line. */
async function read(action: RelayWithTls, failed: readonly Failed[]) {
  const text = ['Subject: {subject_line}', '', '{summary}', '', '{explanation}', '', '{advice}']
  const own = { ...OPTIONS, templates: { ...OPTIONS.templates, text } }
  const { subject, text: filled, html } = await bounceTexts(requestFor(action, failed), own)
  const [summary = '', explanation = '', advice = ''] = filled
    .split('\r\n\r\n')
    .map((part) => part.replace(/\s+/g, ' ').trim())
  return { subject, summary, explanation, advice, html }
}

const NOT_VERIFIED = 'Not sent: the mail server of bank.example could not be verified'
const CERTIFICATE = 'Not sent: the certificate of the mail server of bank.example could not be verified'
const TRIED = 'It was tried several times.'

describe('a bounce about what is published', () => {
  for (const [what, action, failed, summary] of [
    [
      'a certificate that TLSA records do not confirm',
      DANE,
      { name: 'tlsa-invalid', requirement: atHost(DANE, BY_DANE) },
      'the certificate of their mail server could not be verified. The receiving server mx1.bank.example of bank.example has a certificate that could not be verified. The rule "Banks" of acme.example requires one that its DANE records confirm.',
    ],
    [
      'a certificate at a host that a policy lists',
      STS,
      { name: 'certificate-expired', requirement: atHost(STS, BY_POLICY) },
      'the certificate of their mail server could not be verified. The receiving server mx1.bank.example of bank.example has a certificate that could not be verified. The rule "Banks" of acme.example requires one that fits the MTA-STS policy of its domain.',
    ],
    [
      'MX records that cannot be looked up',
      DANE,
      { name: 'dnssec-invalid', host: null },
      'their mail server could not be looked up securely. The receiving server of bank.example could not be looked up securely in DNS. The rule "Banks" of acme.example requires a server that is confirmed by DANE records in DNS.',
    ],
    [
      'TLSA records that cannot be looked up',
      { ...DANE, otherwise: 'encrypt' },
      { name: 'dnssec-invalid' },
      'their mail server could not be looked up securely. The receiving server mx1.bank.example of bank.example could not be looked up securely in DNS. The rule "Banks" of acme.example requires a server that is confirmed by DANE records in DNS, where there are any.',
    ],
    [
      'a host that the policy does not list',
      STS,
      { name: 'mx-not-listed' },
      'their mail server could not be verified. The receiving server mx1.bank.example of bank.example is not among those that the MTA-STS policy of its domain lists. The rule "Banks" of acme.example requires a server that is confirmed by an MTA-STS policy.',
    ],
    [
      'nothing',
      { level: 'published' },
      { name: 'nothing-published' },
      'their mail server could not be verified. The receiving server mx1.bank.example of bank.example could not be verified, because its domain does not publish what is required. The rule "Banks" of acme.example requires a server that is confirmed by DANE records in DNS or an MTA-STS policy.',
    ],
  ] as const satisfies readonly (readonly [string, RelayWithTls, Failed, string])[])
    it(`begins with the result, then says why: ${what}`, async () => {
      const bounce = await read(action, [failed])
      const isCertificate = summary.startsWith('the certificate')
      assert.equal(bounce.subject, isCertificate ? CERTIFICATE : NOT_VERIFIED)
      assert.equal(
        bounce.summary,
        `Your message to cfo@bank.example was not sent, because ${summary} ${TRIED}`,
      )
      for (const sentence of escaped(summary).split(/(?<=\.) (?=The)/))
        assert.ok(bounce.html.replace(/\s+/g, ' ').includes(sentence), bounce.html)
    })

  it('about several servers says of all only what is true of all', async () => {
    const both = await read({ level: 'published' }, [
      { name: 'tlsa-invalid', requirement: atHost(DANE, BY_DANE) },
      { host: 'mx2.bank.example', name: 'dnssec-invalid' },
    ])
    assert.equal(both.subject, NOT_VERIFIED)
    assert.match(
      both.summary,
      /The receiving servers mx1\.bank\.example and mx2\.bank\.example of bank\.example could not be verified\. The rule/,
    )
    assert.match(
      both.explanation,
      /mx1\.bank\.example has a certificate that its DANE records .* mx2\.bank\.example could not be looked up securely in DNS\.$/,
    )
    const mixed = await read({ level: 'published' }, [
      { name: 'starttls-not-supported' },
      { host: 'mx2.bank.example', name: 'mx-not-listed' },
    ])
    assert.equal(mixed.subject, 'Not sent: bank.example could not be reached as securely as required')
    assert.match(mixed.summary, /could not be used as securely as required\./)
  })

  it('does not send for a trusted authority where DANE needs none', async () => {
    const failed = { name: 'certificate-not-trusted', requirement: atHost(DANE, BY_DANE) } as const
    const { explanation, advice } = await read(DANE, [failed])
    assert.doesNotMatch(`${explanation} ${advice}`, /trusted/)
    assert.match(advice, /TLSA records \(DANE\)/)
  })

  it('that DNS is to blame for says so, and does not blame the recipient alone', async () => {
    const { explanation, advice } = await read(DANE, [{ name: 'dnssec-invalid' }])
    assert.match(explanation, /\(DNS\) says, and it gave no answer that can be trusted\.$/)
    assert.match(advice, /^Tell your own mail administrator: the fault can be in the DNS here/)
  })

  it('has what was asked and what came back for administrators', async () => {
    const detail =
      'cannot be looked up: the DNS look-up of MX bank.example failed: 127.0.0.1:53 answers SERVFAIL'
    const request = requestFor(DANE, [{ name: 'dnssec-invalid', host: null, detail }])
    const source = (await composeBounce(request, OPTIONS)).contents
    assert.match(source, /^Status: 5\.7\.5\r$/m)
    assert.match(
      source,
      /^X-Enforce-TLS-Result: dnssec-invalid \(the receiving server could not be looked up/m,
    )
    assert.ok(source.includes(`Diagnostic-Code: x-enforce-tls; dnssec-invalid: bank.example ${detail}`))
    assert.match(
      parseBounce(source).text.replace(/\s+/g, ' '),
      /- bank\.example: cannot be looked up: the DNS/,
    )
  })

  for (const [action, demanded] of [
    [{ ...DANE, otherwise: 'none' }, 'DANE records in DNS or an MTA-STS policy.'],
    [{ ...STS, otherwise: 'encrypt' }, 'DANE records in DNS or an MTA-STS policy.'],
    [DANE, 'DANE records in DNS.'],
  ] as const)
    it(`demands what REQUIRETLS does of ${action.level} where that leaves something open`, async () => {
      const request = requestFor({ ...action, requireOnward: 'must' }, [{ name: 'nothing-published' }])
      const text = (await bounceTexts(request, OPTIONS)).text.replace(/\s+/g, ' ')
      assert.ok(
        text.includes(`The rule "Banks" of acme.example requires a server that is confirmed by ${demanded}`),
        text,
      )
    })

  it('has words for every class: an advice, and the end of a sentence about the server', () => {
    for (const name of FAILURE_CLASS_NAMES) {
      const { says } = definitionOf(name)
      const { advice } = en.failures[name]
      assert.match(says, /^(?:has|is|could|cannot|does|asked|offered|failed|sent) .*[^.]$/, name)
      assert.match(advice, /^(?:Tell|Ask) .*\.$/, name)
    }
  })
})

function escaped(text: string): string {
  return text.replaceAll('"', '&#34;')
}

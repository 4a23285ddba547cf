/** The TXT record that asks for reports, and the near-misses that do not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lookUpTlsRpt } from '../../../../plugins/enforce-tls/published/tls-rpt/look-up.js'
import { readTlsRptRecords } from '../../../../plugins/enforce-tls/published/tls-rpt/record.js'
import { TableDns } from '../../../support/policy-server.js'

/** Where reports go, or what is wrong. */
function read(...texts: string[]): unknown {
  const record = readTlsRptRecords(texts)
  if (record.kind === 'none') return 'none'
  if (record.kind === 'invalid') return record.why
  return record.destinations.map((each) => (each.way === 'mail' ? each.address : each.url.href))
}

describe('a TLSRPT record', () => {
  const https = 'https://tlsrpt.bank.example/v1'
  for (const [what, texts, expected] of [
    ['with an address', ['v=TLSRPTv1; rua=mailto:tls@bank.example'], ['tls@bank.example']],
    ['without a blank', ['v=TLSRPTv1;rua=mailto:tls@bank.example;'], ['tls@bank.example']],
    ['with several', [`v=TLSRPTv1; rua=mailto:a@bank.example , ${https}`], ['a@bank.example', https]],
    ['beside others', ['v=spf1 -all', 'v=TLSRPTv2; rua=x', `v=TLSRPTv1; rua=${https}`], [https]],
    ['with a field of later', [`v=TLSRPTv1; x=y; rua=${https}`], [https]],
    [
      'with an escaped address',
      ['v=TLSRPTv1; rua=mailto:a%2Bb@bank.example?subject=x'],
      ['a+b@bank.example'],
    ],
    ['with a U-label', ['v=TLSRPTv1; rua=mailto:a@b%C3%BCcher.example'], ['a@xn--bcher-kva.example']],
    ['with one that can be used', [`v=TLSRPTv1; rua=ftp://x.example,${https}`], [https]],
    ['that is missing', [], 'none'],
    ['about something else', ['v=STSv1; id=1'], 'none'],
  ] as const)
    it(what, () => assert.deepEqual(read(...texts), expected))

  for (const [what, texts, expected] of [
    ['twice', [`v=TLSRPTv1; rua=${https}`, `v=TLSRPTv1; rua=${https}`], /has 2 TXT records/],
    ['in other letters', ['v=tlsrptv1; rua=mailto:a@bank.example'], /does not begin with "v=TLSRPTv1;"/],
    ['with a blank in front', [' v=TLSRPTv1; rua=mailto:a@bank.example'], /does not begin with/],
    ['without rua', ['v=TLSRPTv1; ruf=mailto:a@bank.example'], /without a rua/],
    ['over HTTP', ['v=TLSRPTv1; rua=http://bank.example/'], /neither mailto: nor https:/],
    ['with a password', ['v=TLSRPTv1; rua=https://a:b@bank.example/'], /is not a URL that can be used/],
    [
      'with two addresses in one URI',
      ['v=TLSRPTv1; rua=mailto:a@bank.example%2Cb@bank.example'],
      /is not one/,
    ],
    ['with a header in it', ['v=TLSRPTv1; rua=mailto:a%0D%0ABcc:b@bank.example'], /is not one mail address/],
    ['with an angle bracket in it', ['v=TLSRPTv1; rua=mailto:%3Ca@bank.example'], /is not one mail address/],
    ['with a broken escape', ['v=TLSRPTv1; rua=mailto:%zz@bank.example'], /is not one mail address/],
    ['that is too long', [`v=TLSRPTv1; rua=https://bank.example/${'x'.repeat(500)}`], /is too long/],
  ] as const)
    it(`does not count ${what}`, () => assert.match(String(read(...texts)), expected))

  it('has five destinations at most', () => {
    const record = readTlsRptRecords([`v=TLSRPTv1; rua=${Array(9).fill(https).join(',')}`])
    assert.equal(record.kind, 'record')
    assert.equal(record.destinations.length, 5)
    assert.deepEqual(record.ignored, ['only the first 5 destinations count, and there are 9'])
  })

  it('is looked up below the domain; a look-up that fails is not "none"', async () => {
    const records = {
      'TXT _smtp._tls.bank.example': [`v=TLSRPTv1; rua=${https}`],
      'TXT _smtp._tls.x.example': 'fails',
    }
    const dns = new TableDns(records as Record<string, readonly string[] | 'fails'>)
    const kinds = ['bank.example', 'x.example', 'y.example'].map(
      async (domain) => (await lookUpTlsRpt(dns, domain)).kind,
    )
    assert.deepEqual(await Promise.all(kinds), ['record', 'failed', 'none'])
  })
})

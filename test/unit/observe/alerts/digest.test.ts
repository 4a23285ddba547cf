import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { composeDigest } from '../../../../plugins/enforce-tls/observe/alerts/digest.js'
import type { PartnerState, Trouble } from '../../../../plugins/enforce-tls/observe/alerts/partner-state.js'
import { parseMime } from '../../../support/mime.js'

const NOW = Date.parse('2026-11-23T22:17:00Z')

function partner(domain: string, trouble: Partial<Trouble> = {}, requires = 'encrypt'): PartnerState {
  return {
    domain,
    requires,
    lastPass: NOW - 300_000,
    trouble: {
      since: NOW - 240_000,
      lastAt: NOW - 1000,
      until: null,
      failures: 5,
      bounced: 4,
      told: false,
      facts: {
        class: 'starttls-not-supported',
        host: `mx.${domain}`,
        detail: 'does not offer STARTTLS',
        rules: [{ owner: 'acme.example', id: 'r1', name: 'Bank' }],
      },
      ...trouble,
    },
  }
}

async function digest(...partners: readonly PartnerState[]) {
  const raw = await composeDigest(partners, {
    me: 'mta.acme.example',
    from: 'tls@acme.example',
    to: ['a@acme.example', 'b@acme.example'],
    interval: 3_600_000,
    now: new Date(NOW),
  })
  const { headers, parts } = parseMime(raw)
  return { raw, headers, text: parts[0]?.content ?? '', html: parts[1]?.content ?? '' }
}

describe('the mail that tells of partners', () => {
  it('has what RFC 5322 and RFC 3834 want, and ends no line with LF alone', async () => {
    const { raw, headers } = await digest(partner('bank.example'))
    assert.deepEqual(
      ['from', 'to', 'date', 'auto-submitted'].map((name) => headers[name]),
      [
        'tls@acme.example',
        'a@acme.example, b@acme.example',
        'Mon, 23 Nov 2026 22:17:00 +0000',
        'auto-generated',
      ],
    )
    assert.doesNotMatch(raw, /[^\r]\n/)
    assert.ok(raw.split('\r\n').every((line) => line.length <= 998))
  })

  it('says of a gateway that it is one, and gives no command that would check a domain', async () => {
    const { headers, text } = await digest(
      partner('gateway relay', {
        facts: {
          class: 'gateway-unavailable',
          host: 'gw.example',
          detail: 'could not be reached',
          rules: [{ owner: '*', id: 'r1', name: 'Banks' }],
        },
      }),
    )
    assert.equal(headers['subject'], 'TLS fails: gateway relay')
    const line = text.replace(/\s+/g, ' ')
    assert.match(line, /The gateway relay, gw\.example could not be reached \(gateway-unavailable\)/)
    assert.match(line, /Mail of these rules that has to go through it waits until it works/)
    assert.doesNotMatch(line, /enforce-tls check|receiving server/)
  })

  it('names in its subject what each group of partners does, the first three of them', async () => {
    const { headers } = await digest(
      ...['a', 'b', 'c', 'd', 'e'].map((name) => partner(`${name}.example`)),
      partner('back.example', { told: true, until: NOW }),
      partner('blip.example', { until: NOW }),
    )
    assert.equal(
      headers['subject'],
      'TLS fails: a.example, b.example, c.example and 2 more; TLS works again: back.example; TLS failed for a while: blip.example',
    )
  })

  it('names the command with all that is required', async () => {
    for (const [requires, command] of [
      ['encrypt', 'enforce-tls check bank.example --level encrypt'],
      ['verify, TLSv1.3 or later', 'enforce-tls check bank.example --level verify --min-version TLSv1.3'],
      ['dane', 'enforce-tls check bank.example --level dane'],
      [
        'published, TLSv1.3 or later, otherwise encrypt',
        'enforce-tls check bank.example --level published --min-version TLSv1.3 --otherwise encrypt',
      ],
      [
        'verify, trust partner-a, only with REQUIRETLS',
        'enforce-tls check bank.example --level verify --trust partner-a --require-onward must',
      ],
      ['fingerprint', 'enforce-tls check bank.example --owner acme.example --rule r1'],
      ['secure, TLSv1.3 or later', 'enforce-tls check bank.example --owner acme.example --rule r1'],
    ] as const) {
      const { text } = await digest(partner('bank.example', {}, requires))
      assert.ok(text.replace(/\s+/g, ' ').includes(`- To check: ${command} Sent by`), text)
    }
  })

  it('takes no line, header or markup from a server or a rule', async () => {
    const evil = '\r\nBcc: x@evil.example\r\n\r\n<script>alert(1)</script>\u202e'
    const { raw, text, html } = await digest(
      partner(`bank.example${evil}`, {
        facts: {
          class: null,
          host: `mx${evil}`,
          detail: `said${evil}`,
          rules: [{ owner: `acme.example${evil}`, id: 'r1', name: `Bank${evil}` }],
        },
      }),
    )
    assert.doesNotMatch(raw, /^Bcc:/im)
    assert.doesNotMatch(html, /<script/)
    assert.match(html, /&#60;script&#62;/)
    assert.doesNotMatch(text, /^Bcc:/im)
    assert.doesNotMatch(raw, /\u202e/)
  })

  it('describes fifty partners, and counts the others', async () => {
    const many = Array.from({ length: 53 }, (_, n) => partner(`p${n}.example`))
    const { text, html } = await digest(...many)
    assert.equal(text.match(/To check: /g)?.length, 50)
    for (const part of [text, html]) assert.match(part, /and 3 more; enforce-tls report lists them all\./)
  })
})

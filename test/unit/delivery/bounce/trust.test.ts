/** What a sender reads where a named trust of this mail system cannot be used: the fault is here, not with the recipient. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { composeBounce } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import type { FailureClass } from '../../../../plugins/enforce-tls/delivery/failure-classes.js'
import { tlsFailure, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import { parseBounce } from '../../../support/mail.js'
import { repositoryRoot } from '../../../support/repository.js'

const DETAIL =
  'was not contacted, because trust "bank" of rule "Banks" of acme.example cannot be used: ca=bank.pem does not exist; put it there'

async function bounceFor(classes: readonly FailureClass[], delayed: boolean) {
  const address = (user: string, host: string) => ({ user, host, address: `${user}@${host}` })
  const item = {
    num_failures: 5,
    todo: {
      domain: 'bank.example',
      queue_time: 1_764_000_000_000,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [address('cfo', 'bank.example')],
    },
    data_stream: () => Readable.from([Buffer.from('Subject: Test\r\n\r\n')]),
  } as unknown as HarakaMailItem
  const attempts = classes.map((name, index): Attempt => ({
    host: `mx${index + 1}.bank.example`,
    to: `192.0.2.${index + 1}:25`,
    secured: false,
    session: null,
    failure: tlsFailure(name, DETAIL),
  }))
  const requirement = requirementOf({ level: 'verify', trust: 'bank' }, 'bank.example', {
    owner: 'acme.example',
    id: 'r1',
    name: 'Banks',
  })
  const template = (name: string) =>
    readFileSync(join(repositoryRoot(), 'config', `enforce-tls.${name}`), 'utf8').split('\n')
  const kind = delayed ? 'delay_message' : 'bounce_message'
  const { contents } = await composeBounce(
    {
      item,
      requirement,
      attempts,
      tlsToBlame: true,
      reason: '',
      mayQuote: false,
      ...(delayed ? { delayed: { until: new Date(1_765_000_000_000), recipients: item.todo.rcpt_to } } : {}),
    },
    {
      me: 'mta.acme.example',
      content: 'minimal',
      minVersion: 'TLSv1.2',
      templates: { text: template(kind), html: template(`${kind}_html`) },
      now: new Date(),
    },
  )
  const { headers, text, recipients } = parseBounce(contents)
  return { subject: headers['subject'], text: text.replace(/\s+/g, ' '), status: recipients[0]?.['status'] }
}

describe('a notice about a trust that cannot be used', () => {
  it('says that the fault is here, and whom to tell', async () => {
    const { subject, text, status } = await bounceFor(['trust-unusable', 'trust-unusable'], false)
    assert.equal(subject, 'Not sent: this mail system cannot send to bank.example as required')
    assert.match(
      text,
      /^Your message to cfo@bank\.example was not sent, because this mail system cannot send it as securely as required\. Your own mail team has to fix this\. .* WHY The receiving servers mx1\.bank\.example and mx2\.bank\.example of bank\.example were not contacted, because the TLS settings here cannot be used\. The rule "Banks" of acme\.example requires those settings\./,
    )
    assert.match(
      text,
      /WHAT TO DO NEXT Tell your own mail administrator: the TLS settings here for this partner/,
    )
    assert.match(text, /mx1\.bank\.example \(192\.0\.2\.1:25\): was not contacted, because trust "bank"/)
    assert.doesNotMatch(text, /Tell the recipient/)
    assert.equal(status, '5.3.5')
  })

  it('says the same of a delay', async () => {
    const { subject, text, status } = await bounceFor(['trust-unusable'], true)
    assert.equal(subject, 'Delayed: this mail system cannot send to bank.example as required yet')
    assert.match(
      text,
      /^Your message to cfo@bank\.example is delayed, because this mail system cannot send it as securely as required at the moment\. If it does not pass by itself, your own mail team has to fix this\. .* WHY The receiving server mx1\.bank\.example of bank\.example was not contacted,/,
    )
    assert.equal(status, '4.3.5')
  })

  it('claims it of no other server', async () => {
    const { text } = await bounceFor(['certificate-expired', 'trust-unusable'], false)
    assert.match(
      text,
      /because none of their mail servers could be used as securely as required\. Your own mail team and that of bank\.example each have something to fix\./,
    )
  })
})

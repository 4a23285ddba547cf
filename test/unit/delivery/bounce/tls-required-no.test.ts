/** Bounces and delay notices of messages that say `TLS-Required: No`: they say it, too, but for what a rule protects. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { composeBounce, type BounceOptions } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import type { Bounce, BounceRequest } from '../../../../plugins/enforce-tls/delivery/guard-context.js'
import { tlsFailure } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import { noteRequireTls } from '../../../../plugins/enforce-tls/requiretls/note.js'
import { fakeAddress } from '../../../support/fake-haraka.js'
import { required } from '../../../support/guarded-delivery.js'
import { parseBounce } from '../../../support/mail.js'

const NO = 'TLS-Required: No\r\n'

async function bounceOf(
  header: string,
  options: Partial<BounceOptions> = {},
  { asks = false, ...request }: Partial<BounceRequest> & { readonly asks?: boolean } = {},
): Promise<Bounce> {
  const notes = {}
  if (asks) noteRequireTls(notes)
  const todo = {
    domain: 'bank.example',
    queue_time: 1_764_000_000_000,
    mail_from: fakeAddress('ann@acme.example'),
    rcpt_to: [fakeAddress('cfo@bank.example')],
    notes,
  }
  const item = { todo, data_stream: () => Readable.from([Buffer.from(`${header}\r\nHello\r\n`)]) } as unknown
  const failure = tlsFailure('starttls-not-supported', 'does not offer STARTTLS')
  return composeBounce(
    {
      item: item as HarakaMailItem,
      requirement: required(),
      attempts: [{ host: 'mx.bank.example', to: '192.0.2.25:25', secured: false, session: null, failure }],
      tlsToBlame: true,
      reason: failure.detail,
      mayQuote: false,
      ...request,
    },
    {
      me: 'mta.acme.example',
      content: 'minimal',
      minVersion: 'TLSv1.2',
      templates: { text: ['From: <{from}>', 'Subject: {subject_line}', '', '{summary}'], html: [] },
      now: new Date(1_764_000_000_000),
      honourNo: true,
      ...options,
    },
  )
}

/** What a bounce itself says of it; nothing for no bounce. */
const saidBy = (contents: string | null): string | undefined =>
  contents === null ? undefined : parseBounce(contents).headers['tls-required']

describe('the bounce of a message', () => {
  const delayed = { until: new Date(1_764_100_000_000), recipients: [fakeAddress('cfo@bank.example')] }
  for (const [what, header, options, request, expected] of [
    ['that says No', NO, {}, {}, 'No'],
    ['that says No and is delayed', NO, {}, { delayed }, 'No'],
    ['that says nothing', 'Subject: x\r\n', {}, {}, undefined],
    ['that says something else', 'TLS-Required: Yes\r\n', {}, {}, undefined],
    ['that says it twice', `${NO}${NO}`, {}, {}, undefined],
    ['whose No does not count here', NO, { honourNo: false }, {}, undefined],
    ['that asks for REQUIRETLS beside', NO, {}, { asks: true }, undefined],
    ['that no rule protects, quoted in full', NO, { content: 'full' }, { requirement: null }, 'No'],
  ] as const)
    it(`${what} ${expected ? 'says No' : 'does not'}`, async () => {
      const { contents, redacted } = await bounceOf(header, options, request)
      assert.equal(saidBy(contents), expected)
      assert.equal(saidBy(redacted), undefined)
    })

  it('that a rule protects does not, quoted in full; what goes instead says No', async () => {
    const { contents, instead } = await bounceOf(NO, { content: 'full' })
    assert.equal(saidBy(contents), undefined)
    assert.equal(saidBy(instead), 'No')
  })
})

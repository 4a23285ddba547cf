/** Whom a sender can ask is looked up where the sender's domain is, and no bounce is missing because of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { helpFor } from '../../../../plugins/enforce-tls/delivery/in-haraka.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'

const NONE = { contact: null, link: null, language: null }

function itemFrom(host: string | null): Pick<HarakaMailItem, 'todo'> {
  return { todo: { mail_from: { user: 'ann', host } } } as unknown as Pick<HarakaMailItem, 'todo'>
}

describe('whom a sender can ask', () => {
  it('stands with the domain of the sender, however that is written', async () => {
    for (const host of ['acme.example', 'ACME.example'])
      assert.deepEqual(
        await helpFor(itemFrom(host), (domain) =>
          Promise.resolve(domain === 'acme.example' ? '{"enabled":false,"contact":"IT"}' : null),
        ),
        { contact: 'IT', link: null, language: null },
      )
  })

  it('is nobody where the store does not answer, has nothing, or holds something else', async () => {
    for (const read of [
      () => Promise.reject(new Error('away')),
      () => Promise.resolve(null),
      () => Promise.resolve('{"enabled":true,"contact":["IT"],"link":"http://acme.example"}'),
    ])
      assert.deepEqual(await helpFor(itemFrom('acme.example'), read), NONE)
  })

  it('is not looked for where there is no domain', async () => {
    for (const host of [null, '', '[192.0.2.1]', 'a b'])
      assert.deepEqual(await helpFor(itemFrom(host), () => assert.fail('asked')), NONE)
  })
})

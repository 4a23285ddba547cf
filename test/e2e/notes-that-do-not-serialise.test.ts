import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[main]\ndefer_seconds=1\n')

describe('with notes that hold', () => {
  for (const [what, note] of [
    ['a cycle', 'notes'],
    ['a BigInt', '1n'],
  ] as const) {
    it(`${what} when it is queued, a message is refused, and the next one passes`, async () => {
      await using bank = await startPeer()
      await using haraka = await startHaraka({
        config,
        extraPlugins: {
          odd: `let first = true
exports.hook_data_post = (next, { transaction: { notes } }) => {
  if (first) notes.odd = ${note}
  first = false
  next()
}`,
        },
        routes: { 'bank.example': [bank.route()] },
      })
      const { code } = await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
      assert.ok(code >= 400)
      await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
      await bank.waitForMessages(1)
      await haraka.waitForEmptyQueue()
      assert.ok(bank.messages.every(({ tls }) => tls))
      assert.equal(bank.messages.length, 1)
    })

    it(`${what} when it is delivered, one recipient gets it and the refused one is told of`, async () => {
      await using bank = await startPeer({ rcptReplies: { 'gone@bank.example': '550 5.1.1 gone' } })
      await using acme = await startPeer()
      await using haraka = await startHaraka({
        config,
        extraPlugins: {
          odd: `exports.hook_get_mx = (next, { todo: { notes } }) => { notes.odd = ${note}; next() }`,
        },
        plugins: ['test-relay', 'odd', 'test-routes', 'enforce-tls'],
        routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
      })
      await haraka.send({ from: 'ann@acme.example', to: ['cfo@bank.example', 'gone@bank.example'] })
      const [bounce] = await acme.waitForMessages(1)
      await haraka.waitForEmptyQueue()
      assert.deepEqual(
        parseBounce(bounce?.data ?? '').recipients.map((fields) => fields['final-recipient']),
        ['rfc822; gone@bank.example'],
      )
      assert.deepEqual(
        bank.messages.map(({ acceptedFor }) => acceptedFor.join()),
        ['cfo@bank.example'],
      )
    })
  }
})

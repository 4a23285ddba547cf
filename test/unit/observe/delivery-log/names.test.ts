import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newKey } from '../../../../plugins/enforce-tls/store/shared-key.js'
import {
  comparableMessageId,
  comparableText,
  hashOf,
  isHash,
  naming,
  NAMED_MAX,
  withoutAddresses,
} from '../../../../plugins/enforce-tls/observe/delivery-log/names.js'
import { atOnce } from '../../../../plugins/enforce-tls/work/pieces.js'

const envelope = {
  sender: 'Ann@ACME.example',
  recipients: ['cfo@bank.example', 'x@bücher.example'],
  messageId: ' <Id.1@acme.example> ',
}

describe('names in the delivery log', () => {
  it('as text are in the form in which they are compared', () =>
    assert.deepEqual(atOnce(naming(envelope, null)), {
      sender: 'ann@acme.example',
      to: ['cfo@bank.example', 'x@xn--bcher-kva.example'],
      messageId: 'Id.1@acme.example',
    }))

  it('as hashes are found again by the address in any spelling, with the same key only', () => {
    const { sender, to, messageId } = atOnce(naming(envelope, 'key'))
    assert.equal(sender, hashOf('key', 'sender', comparableText('ANN@acme.EXAMPLE')))
    assert.equal(to?.[1], hashOf('key', 'to', comparableText('x@xn--bcher-kva.example')))
    assert.equal(messageId, hashOf('key', 'messageId', comparableMessageId('Id.1@acme.example')))
    for (const hash of [sender, ...to, messageId]) {
      assert.ok(isHash(hash))
      assert.match(hash, /^hmac:[\w-]{16}$/)
    }
    assert.notEqual(sender, hashOf('another', 'sender', 'ann@acme.example'))
  })

  it('do not show that a sender is a recipient elsewhere', () =>
    assert.notEqual(hashOf('key', 'sender', 'a@b.example'), hashOf('key', 'to', 'a@b.example')))

  it('of the null sender, and without a Message-ID', () =>
    assert.deepEqual(atOnce(naming({ sender: '', recipients: [], messageId: null }, null)), {
      sender: '<>',
      to: [],
    }))

  it('are those of so many recipients at most', () => {
    const recipients = Array.from({ length: NAMED_MAX + 5 }, (_, n) => `u${n}@bank.example`)
    assert.equal(atOnce(naming({ ...envelope, recipients }, 'key')).to?.length, NAMED_MAX)
  })

  it('hold no line end or control character, whatever a message brings', () => {
    const odd = { sender: '"a\r\nb"@x.example', recipients: ['\u0007@x.example'], messageId: '<a\nb>' }
    for (const name of Object.values(atOnce(naming(odd, null))).flat()) assert.doesNotMatch(name, /\p{Cc}/u)
  })

  for (const [text, expected] of [
    ['answered RCPT with 550 5.1.1 <cfo@bank.example>: no', 'answered RCPT with 550 5.1.1 <address>: no'],
    ['550 <"q x"@bank.example> from ann@acme.example, no', '550 <address> from <address> no'],
    ['450 4.2.0 try <cfo@bank.exa', '450 4.2.0 try <address>'],
    ['450 4.2.0 try again, cfo…', '450 4.2.0 try again, <address>'],
    ['is for <unknown>, not for mx.bank.example', 'is for <unknown>, not for mx.bank.example'],
  ] as const)
    it(`are taken out of what a server answers: ${text}`, () =>
      assert.equal(withoutAddresses(text), expected))

  it('have a key that nobody guesses', () => {
    assert.ok(Buffer.from(newKey(), 'base64url').length >= 32)
    assert.notEqual(newKey(), newKey())
  })
})

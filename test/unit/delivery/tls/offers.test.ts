/** What counts as an offer in a reply to EHLO: the same for a check, a delivery, and who looks on at one. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { hideStartTls } from '../../../../plugins/enforce-tls/delivery/tls/hide-starttls.js'
import { OfferLines, offers } from '../../../../plugins/enforce-tls/delivery/tls/offers.js'
import { OnwardMail } from '../../../../plugins/enforce-tls/delivery/tls/onward-mail.js'

const ROWS: readonly (readonly [lines: readonly string[], offered: boolean])[] = [
  [['mx.example', 'SIZE 1', 'REQUIRETLS'], true],
  [['mx.example', 'requiretls', '8BITMIME'], true],
  [['mx.example', 'RequireTLS '], true],
  [['mx.example', 'REQUIRETLS foo'], true],
  [['mx.example', 'XREQUIRETLS'], false],
  [['mx.example', 'REQUIRETLSX'], false],
  [['mx.example', 'REQUIRETLS=foo'], false],
  [['mx.example', 'AUTH REQUIRETLS'], false],
  [['mx.example', ''], false],
  [['REQUIRETLS', 'SIZE 1'], false],
  [['REQUIRETLS'], false],
]

const asSent = (lines: readonly string[], code = 250): string[] =>
  lines.map((line, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${line}`)

describe('a reply to EHLO', () => {
  for (const [lines, offered] of ROWS)
    it(`${offered ? 'offers' : 'does not offer'} it by ${JSON.stringify(lines)}`, () => {
      const read = new OfferLines()
      read.take('220 mx.example', 'REQUIRETLS')
      const taken = asSent(lines).map((line) => read.take(line, 'REQUIRETLS'))
      const mail = new OnwardMail('must')
      mail.command('EHLO me.example\r\n')
      for (const line of asSent(lines)) mail.reply(line)
      assert.equal(offers({ code: 250, lines }, 'REQUIRETLS'), offered)
      assert.equal(taken.includes(true), offered)
      assert.equal(mail.offered, offered)
    })

  it('offers nothing with another code, nor does a reply to something else', () => {
    const lines = ['mx.example', 'REQUIRETLS']
    assert.ok(!offers({ code: 251, lines }, 'REQUIRETLS'))
    assert.ok(!asSent(lines, 251).some((line) => new OfferLines().take(line, 'REQUIRETLS')))
    const mail = new OnwardMail('must')
    mail.command('RSET\r\n')
    for (const line of asSent(lines)) mail.reply(line)
    assert.ok(!mail.offered)
  })
})

describe('an offer of STARTTLS', () => {
  for (const line of ['250-STARTTLS', '250 starttls', '250-#STARTTLS', '250-2.0.0 STARTTLS'])
    it(`is hidden in all forms that Haraka takes for one: ${line}`, () => {
      const socket = new EventEmitter()
      hideStartTls(socket)
      let seen = ''
      socket.on('line', (text: string) => (seen = text))
      socket.emit('line', `${line}\r\n`)
      assert.match(seen, /^250[ -]X-NO-TLS\r\n$/)
    })
})

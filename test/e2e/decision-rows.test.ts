import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { ADDRESS_ROWS } from '../unit/rules/rows/addresses.js'
import { ORDER_ROWS } from '../unit/rules/rows/order.js'
import { setUp, type Row } from '../unit/rules/rows/row.js'
import { TEXT_ROWS } from '../unit/rules/rows/texts.js'

/** Rows whose message can be sent, and shows at a partner without TLS what was decided. */
function canBeSent({ to = 'a@b', from = 'a@b', header, is, rules }: Row): boolean {
  const texts = [to, from, ...(header ?? [])].join('')
  const asksForHeader = JSON.stringify(rules).match(/"subject"|"header"/) !== null
  return (
    /^[\x20-\x7e]{3,900}$/.test(texts) &&
    [to, from].every((address) => /^[\w.]+@[\w.]+$/.test(address)) &&
    (header !== undefined || !asksForHeader) &&
    /^nothing|^encrypt/.test(is)
  )
}

const ROWS = [...ADDRESS_ROWS, ...TEXT_ROWS, ...ORDER_ROWS].filter(canBeSent).filter((_, n) => n % 3 === 0)

describe('rows of the decision table through a real delivery', () => {
  let partner: SmtpPeer
  let mailbox: SmtpPeer
  let haraka: Haraka
  before(async () => {
    partner = await startPeer({ starttls: false })
    mailbox = await startPeer()
    haraka = await startHaraka({
      config: { 'enforce-tls.ini': '[store]\ntype=file\n', 'enforce-tls.rules.json': {} },
    })
  })
  after(async () => {
    await haraka.close()
    await partner.close()
    await mailbox.close()
  })

  it('are at least twenty', () => assert.ok(ROWS.length >= 20, String(ROWS.length)))

  for (const row of ROWS) {
    it(`${row.what}: ${row.is}`, async () => {
      haraka.writeConfig({ 'enforce-tls.rules.json': documentOf(row) })
      const { from = 'ann@acme.example', to = 'cfo@bank.example', header = [] } = row
      const seen = [partner.messages.length, mailbox.messages.length] as const
      const data = [...header, '', 'Hello', ''].join('\r\n')
      haraka.setRoutes({ '*': [partner.route()], [from.split('@')[1] ?? '']: [mailbox.route()] })
      await haraka.send({ from, to, data })
      await haraka.until(
        () => partner.messages.length > seen[0] || mailbox.messages.length > seen[1],
        `an outcome of ${row.what}`,
      )
      await haraka.waitForEmptyQueue()
      assert.equal(partner.messages.length - seen[0], row.is === 'nothing' ? 1 : 0)
      assert.equal(mailbox.messages.length - seen[1], row.is === 'nothing' ? 0 : 1)
    })
  }
})

function documentOf(row: Row): object {
  const { entries, groups } = setUp(row)
  const parsed = (stored: ReadonlyMap<string, string>) =>
    Object.fromEntries([...stored].map(([name, json]) => [name, JSON.parse(json) as unknown]))
  return {
    domains: Object.fromEntries(
      entries
        .filter(({ owner }) => owner !== '*' && !owner.includes('@'))
        .map(({ owner, service }) => [owner, JSON.parse(service ?? '{}') as unknown]),
    ),
    groups: parsed(groups),
    rules: Object.fromEntries(entries.map(({ owner, rules }) => [owner, parsed(rules)])),
  }
}

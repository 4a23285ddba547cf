/** Mail that waits for a connection to one partner holds up no mail for others. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const rules = { 'acme.example': [{ to: ['bank.example', 'clinic.example'] }] }
const BACKLOG = 40

const silent = () => startPeer({ on: { connect: () => undefined } })

/** What a stuck queue would take far longer for, also on a busy machine, in milliseconds. */
const SOON = 20_000

describe('while a partner hangs', () => {
  for (const { name, turns, isFirstDown } of [
    { name: 'and Haraka has few turns', turns: 6, isFirstDown: false },
    { name: 'and Haraka has more turns than connections', turns: 25, isFirstDown: false },
    { name: 'as its second host, and the first is down', turns: 6, isFirstDown: true },
  ])
    it(`${name}, mail for others goes on`, async () => {
      await using bank = await silent()
      await using down = await startPeer()
      await down.goDown()
      await using clinic = await startPeer()
      const route = bank.route({ priority: 10 })
      await using haraka = await startHaraka({
        config: fileStoreConfig(rules),
        routes: {
          'bank.example': isFirstDown ? [down.route({ name: 'down.bank.example' }), route] : [route],
          '*': [clinic.route()],
        },
        outbound: { concurrency_max: turns },
      })
      for (let sent = 0; sent < BACKLOG; sent++)
        await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
      await bank.waitForConnections(1)
      await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
      await haraka.send({ from: 'ann@acme.example', to: 'joe@elsewhere.example' })
      await clinic.waitForMessages(2, SOON)
      assert.ok(bank.connections.length <= Math.min(20, Math.floor(turns / 2)), 'connections to the partner')
      await haraka.until(() => haraka.queueFiles().length === BACKLOG, 'only the backlog to be left')
    })
})

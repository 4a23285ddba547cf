/** After QUIT a server has nothing to say that anybody needs: however it talks on, the connection ends soon. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import type { Step } from '../support/peer-behaviour.js'
import { dripForever, silence } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

/** Far more than the connection may last, far less than Haraka's own limit. */
const SOON = 15_000

/** Sends what is no reply, over and over, as fast as it is taken. */
const flood =
  (text: string): Step =>
  async (session) => {
    while (!session.closed) {
      session.raw(text)
      await session.pause(5)
    }
  }

const rows: readonly (readonly [how: string, quit: Step])[] = [
  ['says nothing', silence],
  ['drips a reply that never ends', dripForever('221-wait', 500)],
  ['drips farewells', dripForever('221 bye', 500)],
  ['drips refusals', dripForever('421 bye', 500)],
  ['drips empty lines', dripForever('', 500)],
  [
    'drips bytes without a line end',
    async (session) => {
      while (!session.closed) {
        session.raw('2')
        await session.pause(300)
      }
    },
  ],
  ['floods it with line ends', flood('\r\n'.repeat(5000))],
  ['floods it with farewells', flood('221 bye\r\n'.repeat(2000))],
]

describe('a server that after QUIT', { concurrency: 4 }, () => {
  for (const [how, quit] of rows)
    it(`${how} does not hold the connection`, async () => {
      await using peer = await startPeer({ onSecure: { QUIT: quit } })
      await using haraka = await startHaraka({
        config: fileStoreConfig({ 'acme.example': [{ to: ['.example'] }] }),
        routes: { 'peer.example': [peer.route()] },
        outbound: { temp_fail_intervals: 'none', connect_timeout: 60 },
      })
      await haraka.send({ from: 'ann@acme.example', to: 'x@peer.example' })
      await peer.waitForMessages(1)
      await peer.waitForCommand('QUIT')
      await peer.waitForSilence(SOON)
      await haraka.waitForEmptyQueue()
      assert.equal(peer.messages.length, 1)
      assert.equal(peer.connections.length, 1)
    })
})

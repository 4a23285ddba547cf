import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

it('the way over a unix socket is held to TLS like any other, unless the operator trusts it', async () => {
  await using folder = new TemporaryFolder('sockets')
  const socket = (name: string) => path.join(folder.path, name)
  await using plain = await startPeer({ path: socket('plain'), starttls: false })
  await using secure = await startPeer({ path: socket('secure') })
  await using trusted = await startPeer({ path: socket('trusted'), starttls: false, lmtp: true })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig(
      { 'acme.example': [{ to: ['*'] }] },
      `[main]\ntrusted_next_hops[]=${socket('trusted')}\n`,
    ),
    routes: {
      'plain.example': [plain.route()],
      'secure.example': [secure.route()],
      'trusted.example': [trusted.route()],
      'acme.example': [acme.route()],
    },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'a@plain.example' })
  await haraka.send({ from: 'ann@acme.example', to: 'a@secure.example' })
  await haraka.send({ from: 'ann@acme.example', to: ['a@trusted.example', 'b@trusted.example'] })
  const [bounce] = await acme.waitForMessages(1)
  const [message] = await secure.waitForMessages(1)
  await trusted.waitForMessages(2)
  await haraka.waitForEmptyQueue()
  const [fields = {}] = parseBounce(bounce?.data ?? '').recipients
  assert.equal(fields['status'], '5.7.4')
  assert.equal(fields['remote-mta'], `x-unix; ${socket('plain')}`)
  assert.deepEqual(plain.cleartextAfterEhlo(), [])
  assert.ok(message?.tls)
  assert.deepEqual(trusted.messages.flatMap(({ acceptedFor }) => acceptedFor).sort(), [
    'a@trusted.example',
    'b@trusted.example',
  ])
})

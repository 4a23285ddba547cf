import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { installedPackage } from '../support/installed-package.js'
import { startRedis } from '../support/redis-server.js'
import { startPeer } from '../support/smtp-peer.js'
import { runToEnd } from '../support/watched-process.js'

it('a rule that the command switches on in Redis while Haraka runs decides from the next message on', async () => {
  await using redis = await startRedis()
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: { '*': [clinic.route()], 'acme.example': [acme.route()] },
  })
  const { bin } = await installedPackage()
  const command = (...words: string[]) => runToEnd(process.execPath, [bin, ...words, '--redis', redis.url])
  const send = () => haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })

  await send()
  await clinic.waitForMessages(1)

  await command('domain', 'enable', 'acme.example')
  const { id } = JSON.parse(
    await command('rule', 'create', 'acme.example', 'Patient data', '--to', 'clinic.example', '--json'),
  ) as { id: string }
  await send()
  await clinic.waitForMessages(2)

  await command('rule', 'enable', 'acme.example', id, '--no-check')
  await send()
  await acme.waitForMessages(1)
  assert.equal(clinic.messages.length, 2)

  await command('rule', 'disable', 'acme.example', id)
  await send()
  await clinic.waitForMessages(3)
  await haraka.waitForEmptyQueue()
  assert.equal(acme.messages.length, 1)
})

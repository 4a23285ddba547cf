import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { enforceTls } from '../cli/enforce-tls.js'
import { parseBounce } from '../support/mail.js'
import { until } from '../support/until.js'
import { startWaitingScene } from '../support/waiting-scene.js'

it('what waits is listed with its reason, tried on order, and gone from the list once it is delivered', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  const { nodes, messages } = await scene.waitForListed(1)
  const [message] = messages
  assert.ok(message)
  assert.deepEqual(
    nodes.map(({ name, down }) => ({ name, down })),
    [{ name: 'mta.test.example', down: false }],
  )
  assert.equal(message.sender, 'ann@acme.example')
  assert.deepEqual(message.recipients, ['cfo@bank.example'])
  assert.equal(message.class, 'starttls-deferred')
  assert.deepEqual(
    message.rules.map(({ owner, id }) => `${owner} ${id}`),
    ['acme.example payments'],
  )
  assert.equal((await scene.list('--partner', 'clinic.example')).total, 0)
  assert.equal((await scene.list('--partner', 'bank.example', '--rule', 'payments')).total, 1)
  assert.equal((await scene.list('--owner', 'other.example')).total, 0)
  const shown = await scene.queue('show', message.id)
  assert.match(shown.stdout, /why +mx\.bank\.example answered STARTTLS with 454/)

  const inVain = await scene.queue('retry', message.id)
  assert.equal(inVain.code, 0, inVain.stderr)
  assert.match(inVain.stdout, /it is tried now\./)
  await scene.bank.behave({})
  const again = await scene.waitForListed(1)
  assert.equal(again.messages[0]?.id, message.id, 'the same message under the same name')
  const ran = await scene.queue('retry', '--partner', 'bank.example', '--all')
  assert.equal(ran.code, 0, ran.stderr)
  const [received] = await scene.bank.waitForMessages(1)
  assert.ok(received?.tls)
  await scene.haraka.waitForEmptyQueue()
  await scene.waitForListed(0)
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
})

it('an order to give up bounces the message at once, asks first, and does nothing for one that does not wait', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  await scene.send('lab@clinic.example')
  const { messages } = await scene.waitForListed(2)
  const toBank = messages.find(({ domain }) => domain === 'bank.example')
  assert.ok(toBank)
  const asked = await scene.queue('fail', toBank.id)
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /nothing was done, because there is no terminal to ask on/)
  assert.equal((await scene.queue('fail', '1-abc', '--yes')).code, 1)
  assert.equal((await scene.queue('fail', '--yes')).code, 2)

  const ran = await scene.queue('fail', toBank.id, '--yes')
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /it was given up, and its sender gets a bounce\./)
  const [raw] = await scene.acme.waitForMessages(1)
  const { recipients, text } = parseBounce(raw?.data ?? '')
  assert.equal(recipients[0]?.['action'], 'failed')
  assert.equal(recipients[0]['final-recipient'], 'rfc822; cfo@bank.example')
  assert.match(text.replace(/\s+/g, ' '), /because their mail server cannot receive it encrypted/)
  assert.match(text.replace(/\s+/g, ' '), /A mail administrator then ended the tries/)
  assert.doesNotMatch(raw?.data ?? '', /Last-Attempt-Date/, 'no server was asked')
  const traced = await until(
    async () => {
      const { stdout } = await enforceTls([
        ...['trace', '--partner', 'bank.example', '--json', '--config', scene.haraka.folder],
      ])
      const steps = (JSON.parse(stdout) as { steps: { kind: string; says: string }[] }[])[0]?.steps ?? []
      return steps.some(({ says }) => says.startsWith('Given up by ')) && steps
    },
    { what: 'the end in the delivery log' },
  )
  assert.equal(traced.filter(({ kind }) => kind === 'attempt').length, 1, 'the one at the server')
  const left = await scene.waitForListed(1)
  assert.equal(left.messages[0]?.domain, 'clinic.example')
  assert.equal(scene.acme.messages.length, 1)
})

it('after a kill -9 what waits is known again, can be tried, and a file that a person removes goes from the list', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  await scene.send('lab@clinic.example')
  await scene.waitForListed(2)
  await scene.haraka.kill9()
  await scene.haraka.start()
  await scene.haraka.waitForLog(/files in my temp fail queue/)
  await scene.bank.behave({})
  const { messages } = await scene.waitForListed(2)
  const toBank = messages.find(({ domain }) => domain === 'bank.example')
  assert.ok(toBank)
  let ran = await scene.queue('retry', toBank.id)
  // It takes a moment until the process knows its own.
  for (let tries = 0; ran.code !== 0 && tries < 5; tries++) ran = await scene.queue('retry', toBank.id)
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  await scene.bank.waitForMessages(1)
  // Mail to a partner that works again does not wake mail for another one.
  const left = await scene.waitForListed(1)
  assert.equal(left.messages[0]?.domain, 'clinic.example')
  for (const name of scene.haraka.queueFiles()) rmSync(join(scene.haraka.folder, 'queue', name))
  await scene.waitForListed(0, 90_000)
})

it('what has no record after a restart is not said not to wait, until it is tried', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  const { messages } = await scene.waitForListed(1)
  await scene.haraka.kill9()
  const keys = (await scene.redis.cli('KEYS', 'enforce-tls:waiting:*')).split('\n').filter(Boolean)
  await scene.redis.cli('DEL', ...keys)
  await scene.haraka.start()
  const told = await until(
    async () => {
      const { stdout } = await scene.queue('list')
      return !stdout.startsWith('Unknown') && stdout
    },
    { what: () => scene.haraka.log.slice(-2000), timeout: 20_000 },
  )
  assert.equal(
    told.replaceAll(/\s+/g, ' ').trim(),
    'No message is known to wait for TLS. Mail that waits for another reason, such as a server that is down, is not listed. 1 message in the queue of mta.test.example has not been tried since it was started; whether it waits for TLS is not known yet.',
  )
  for (const words of [
    ['retry', '--all'],
    ['show', messages[0]?.id ?? ''],
  ]) {
    const { code, stderr } = await scene.queue(...words)
    assert.equal(code, 1)
    assert.match(stderr.replaceAll(/\s+/g, ' '), /waiting.* has not been tried since it was started/)
  }
})

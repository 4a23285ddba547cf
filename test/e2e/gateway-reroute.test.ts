/** What no server of a partner can take as required goes through a gateway, and only there, and only once. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { inProcess } from '../cli/enforce-tls.js'
import { logPairs } from '../support/evidence.js'
import { parseBounce } from '../support/mail.js'
import { PASSWORD_FORMS, startRerouteScene } from '../support/reroute-scene.js'
import { until } from '../support/until.js'

it('what the partner cannot take over TLS leaves through the gateway, after AUTH inside verified TLS', async () => {
  await using scene = await startRerouteScene({ logLevel: 'protocol' })
  await scene.send()
  const [message] = await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  assert.ok(message?.tls)
  assert.deepEqual(message.to, ['cfo@bank.example'])
  assert.match(message.data, /^X-Enforce-TLS-Loop: [\w-]{22}\r\n/)
  assert.equal(scene.bank.connections.length, 1)
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
  assert.deepEqual(scene.gateway.cleartextAfterEhlo(), [])
  assert.deepEqual(scene.verbs('clear'), ['EHLO', 'STARTTLS'])
  assert.ok(scene.verbs('tls').includes('AUTH'))
  await scene.haraka.waitForLog(/\[enforce-tls\] outcome .*result=rerouted/)
  const pairs = logPairs(scene.haraka.log)
  const [outcome] = pairs.filter(({ kind }) => kind === 'outcome')
  assert.equal(outcome?.['result'], 'rerouted')
  assert.equal(outcome['via'], 'relay')
  assert.equal(outcome['verified'], 'chain,host-name')
  assert.equal(outcome['level'], 'encrypt')
  assert.equal(outcome['viaLevel'], 'verify')
  assert.equal(outcome['class'], 'starttls-not-supported')
  assert.match(outcome['detail'] ?? '', /^mx\.bank\.example does not offer STARTTLS/)
  assert.ok(pairs.every(({ kind, result }) => kind !== 'outcome' || result !== 'delivered'))
  for (const form of PASSWORD_FORMS) assert.ok(!scene.haraka.log.includes(form), `the log has ${form}`)
  assert.equal(scene.acme.connections.length, 0)
})

it('a partner that has TLS gets its mail itself; one that only fails for the moment waits', async () => {
  await using scene = await startRerouteScene({ bank: {}, ini: 'connection_reuse=false' })
  await scene.send()
  await scene.bank.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  await scene.bank.behave({ on: { STARTTLS: '454 4.7.0 later' } })
  await scene.send()
  await scene.haraka.waitForLog(/outcome .*result=deferred .*class=starttls-deferred/)
  await scene.haraka.waitForQueue(1)
  assert.equal(scene.gateway.connections.length, 0)
})

it('the next message goes over the same session with the gateway, without another AUTH', async () => {
  await using scene = await startRerouteScene({ ini: 'connection_idle=30s' })
  await scene.send()
  await scene.gateway.waitForMessages(1)
  await scene.haraka.waitForEmptyQueue()
  await scene.send()
  const messages = await scene.gateway.waitForMessages(2)
  assert.equal(scene.gateway.connections.length, 1)
  assert.equal(scene.verbs('tls').filter((verb) => verb === 'AUTH').length, 1)
  assert.ok(messages.every(({ data }) => /^X-Enforce-TLS-Loop: /.test(data)))
})

it('only the recipients whose rule says so go through the gateway', async () => {
  const action = { level: 'encrypt', onFailure: 'reroute', via: 'relay' }
  await using scene = await startRerouteScene({
    rules: {
      'acme.example': [
        { to: ['cfo@bank.example'], action },
        { to: ['bank.example'], action: { level: 'encrypt' } },
      ],
    },
  })
  await scene.send({ to: ['cfo@bank.example', 'desk@bank.example'] })
  const [message] = await scene.gateway.waitForMessages()
  const text = await scene.bounceText()
  await scene.haraka.waitForEmptyQueue()
  assert.deepEqual(message?.to, ['cfo@bank.example'])
  assert.match(text, /^Your message to desk@bank\.example was not sent/)
  assert.equal(scene.gateway.messages.length, 1)
  assert.equal(scene.acme.messages.length, 1)
})

it('what the gateway says of a recipient is the answer to the message, and names the gateway', async () => {
  await using scene = await startRerouteScene({
    gateway: { rcptReplies: { 'cfo@bank.example': '550 5.1.1 no such user' } },
  })
  await scene.send({ to: ['cfo@bank.example', 'desk@bank.example'] })
  const text = await scene.bounceText()
  const [message] = await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  assert.deepEqual(message?.acceptedFor, ['desk@bank.example'])
  assert.match(
    text,
    /^Your message to cfo@bank\.example was not delivered, because the gateway that it was sent through rejected it\. .*550 5\.1\.1/,
  )
  assert.match(text, /given by 127\.0\.0\.1, the gateway "relay" that it was sent through/)
  assert.doesNotMatch(text, /TLS connection/)
  assert.equal(scene.acme.messages.length, 1)
})

it('a message that comes back from the gateway bounces, and does not go round', async () => {
  await using scene = await startRerouteScene()
  await scene.send()
  const [message] = await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  // The gateway hands it to this server again.
  await scene.send({ data: `Received: from gw.relay.example\r\n${message?.data ?? ''}` })
  const text = await scene.bounceText()
  await scene.haraka.waitForEmptyQueue()
  assert.equal(scene.gateway.messages.length, 1)
  assert.doesNotMatch(text, /\(\)/)
  assert.match(
    text,
    /^Your message to cfo@bank\.example was not sent, because their mail server cannot receive it encrypted\. It could not go through a gateway instead\. Your own mail team/,
  )
  assert.match(
    text,
    /through the gateway "relay" \(127\.0\.0\.1\) instead, which is not given a message that goes round in circles: 127\.0\.0\.1 has had the message for the same recipients before/,
  )
})

it('report, trace and statement say that a gateway has it, and no more; the bounce and the notice of what waits say why', async () => {
  await using scene = await startRerouteScene({
    ini: '[failure]\ndelay_warning=1s\n[evidence]\naddresses=full\n',
    intervals: '5s,5s,1h',
  })
  const { folder } = scene.haraka
  const run = async (...args: readonly string[]): Promise<string> => {
    const ran = await inProcess([...args, '--config', folder])
    assert.equal(ran.code, 0, ran.stderr)
    return ran.stdout
  }
  await scene.send({ messageId: 'one@acme.example' })
  await scene.gateway.waitForMessages()
  await scene.haraka.waitForEmptyQueue()
  await scene.haraka.waitForLog(/outcome .*result=rerouted/)
  await until(async () => /"rerouted": ?1/.test(await run('report', '--json')), { what: 'the log entry' })
  const report = JSON.parse(await run('report', '--json')) as DeliveryReport
  const { delivered, rerouted, messages } = report.enforced
  assert.deepEqual({ delivered, rerouted, messages }, { delivered: 0, rerouted: 1, messages: 1 })
  assert.deepEqual(report.versions, [])
  assert.match(await run('report'), /1 handed to a gateway over a verified connection/)
  const trace = await run('trace', '--to', 'cfo@bank.example')
  assert.match(trace, /Handed to a gateway/)
  assert.match(
    await run('trace', '--to', 'cfo@bank.example', '--json'),
    /Handed to the gateway relay, because/,
  )
  const statement = await run('trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(
    statement.replace(/\s+/g, ' '),
    /Unknown\. It was handed to the gateway relay \(127\.0\.0\.1\)/,
  )
  assert.doesNotMatch(statement, /Yes\./)

  await scene.gateway.goDown()
  await scene.send()
  const [notice] = await scene.acme.waitForMessages(1, 40_000)
  const text = parseBounce(notice?.data ?? '').text.replace(/\s+/g, ' ')
  assert.match(
    text,
    /^Your message to cfo@bank\.example is delayed, because their mail server cannot receive it encrypted/,
  )
  assert.match(text, /through the gateway "relay" \(127\.0\.0\.1\) instead, which could not take the message/)
  const waiting = await run('queue', 'list', '--json')
  assert.match(waiting, /gateway-unavailable/)
})

/**
 * What is said afterwards of a message that was released: that it went without what its rules require, once it has,
 * however it went on from there; and how it went, by whose leave, and why.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { deliveries } from '../support/evidence.js'
import { startWaitingScene, type WaitingScene } from '../support/waiting-scene.js'

const FULL = '[evidence]\naddresses=full\n'
const ALLOWED = `[failure]\nallow_release=true\naction=defer\n${FULL}`

/** What a command prints, as one line. */
async function told(scene: WaitingScene, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await inProcess([...words, '--config', scene.haraka.folder])
  assert.equal(code, 0, stderr)
  return stdout.replace(/\s+/g, ' ')
}

async function release(scene: WaitingScene): Promise<string> {
  const [message] = (await scene.waitForListed(1)).messages
  assert.ok(message)
  const words = ['release', message.id, '--reason', 'due today', '--yes', '--as', 'ann']
  const ran = await scene.queue(...words)
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  return message.uuid
}

async function waitForResult(scene: WaitingScene, ...results: readonly string[]): Promise<void> {
  await scene.haraka.until(
    async () => {
      const found = (await deliveries(scene.redis)).map(({ result }) => result)
      return results.every((result) => found.includes(result))
    },
    `entries ${results.join(' and ')}`,
  )
}

it('what went in the clear and was cut off before the answer is told for ever, though it is delivered over TLS later', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  await scene.send()
  await scene.waitForListed(1)
  await scene.bank.behave({ starttls: false, on: { message: (peer) => peer.cut() } })
  await release(scene)
  await scene.haraka.waitForLog(/release uuid=\S+ .* result=begun .* encrypted=false by=ann/)
  await scene.haraka.waitForLog(
    /attempt uuid=\S+ .* result=failed .* detail="was sent the whole message, and the session/,
  )
  await scene.haraka.waitForLog(/outcome uuid=(?:[^]*result=deferred){2}/)
  assert.doesNotMatch(scene.haraka.log, /could not be reached/)
  const meanwhile = await told(scene, 'trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(
    meanwhile,
    /\? No\. An attempt to mx\.bank\.example .* in the clear: ann had released .*“due today”/,
  )

  const settings = `[redis]\nhost=127.0.0.1\nport=${scene.redis.port}\n${ALLOWED.replace('true', 'false')}`
  scene.haraka.writeConfig({ 'enforce-tls.ini': settings })
  await scene.haraka.waitForLog(/enforce-tls\.ini was read again/)
  await scene.bank.behave({})
  await scene.haraka.until(async () => {
    await scene.queue('retry', '--all', '--partner', 'bank.example')
    return scene.bank.messages.length > 0
  }, 'the message over TLS')
  assert.ok(scene.bank.messages[0]?.tls)
  await waitForResult(scene, 'delivered')
  const statement = await told(scene, 'trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(
    statement,
    /\? No\. An attempt to mx\.bank\.example \(127\.0\.0\.1:\d+\) on .* went in the clear: ann had/,
  )
  assert.match(statement, /It was handed to mx\.bank\.example .* over an encrypted connection \(TLS 1\.3\)\./)
  assert.match(statement, /Released by +ann Reason +due today/)
  const trace = await told(scene, 'trace', '--to', 'cfo@bank.example')
  assert.match(trace, /Note: An attempt to /)
  const steps = await told(scene, 'trace', '--to', 'cfo@bank.example', '--json')
  assert.match(
    steps,
    /"says": "Released: an attempt began in the clear", "reason": "released by ann: due today"/,
  )
  const report = await told(scene, 'report')
  assert.match(report, /Apart from 1 message of which an attempt went without what the rules require/)
  const csv = await told(scene, 'report', '--format', 'csv')
  assert.match(csv, /,ann,due today,\d{4}\S+Z,\d{4}\S+Z,,in the clear,/)
})

it('a recipient that gets it over TLS later is told that the message went in the clear to another one', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  await scene.haraka.send({ from: 'ann@acme.example', to: ['a@bank.example', 'b@bank.example'] })
  await scene.waitForListed(1)
  await scene.bank.behave({ starttls: false, rcptReplies: { 'b@bank.example': '450 4.2.0 greylisted' } })
  const uuid = await release(scene)
  await scene.bank.waitForMessages(1)
  await scene.bank.behave({})
  await scene.haraka.flushUntil(() => scene.bank.messages.length > 1, 'the message for the other one')
  const [, received] = scene.bank.messages
  assert.deepEqual([received?.acceptedFor, Boolean(received?.tls)], [['b@bank.example'], true])
  await waitForResult(scene, 'sent', 'delivered')
  const statement = await told(scene, 'trace', '--to', 'b@bank.example', '--statement')
  assert.match(statement, /\? No\. It was sent to mx\.bank\.example .* in the clear: ann had released it/)

  // What is left of a log that was cut says so itself.
  const last = (await scene.redis.cli('XREVRANGE', 'enforce-tls:deliveries', '+', '-', 'COUNT', '1')).split(
    '\n',
  )[0]
  await scene.redis.cli('XTRIM', 'enforce-tls:deliveries', 'MINID', last ?? '')
  const rest = await told(scene, 'trace', '--uuid', uuid, '--statement')
  assert.match(
    rest,
    /\? Unknown\. ann released it on .* It was handed to .* over an encrypted connection .* Earlier attempts may be missing from the delivery log, which begins on \d{4}/,
  )
})

it('what went under a release while the log was off is unknown, with who released it, though it is delivered over TLS later', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  const set = async (ini: string): Promise<void> => {
    const from = scene.haraka.log.length
    scene.haraka.writeConfig({
      'enforce-tls.ini': `[redis]\nhost=127.0.0.1\nport=${scene.redis.port}\n${ini}`,
    })
    await scene.haraka.until(
      () => scene.haraka.log.slice(from).includes('enforce-tls.ini was read again'),
      'the settings',
    )
  }
  await scene.send()
  await scene.waitForListed(1)
  await waitForResult(scene, 'deferred')
  await set(`${ALLOWED}stream=false\n`)
  await scene.bank.behave({ starttls: false, messageReplies: { 'cfo@bank.example': '451 4.3.0 later' } })
  await release(scene)
  await scene.haraka.waitForLog(/release uuid=\S+ .* result=begun .* encrypted=false by=ann/)
  await scene.haraka.waitForLog(/outcome uuid=(?:[^]*result=deferred){2}/)
  await set(ALLOWED.replace('true', 'false'))
  await scene.bank.behave({})
  await scene.haraka.until(async () => {
    await scene.queue('retry', '--all', '--partner', 'bank.example')
    return scene.bank.messages.some(({ tls }) => tls)
  }, 'the message over TLS')
  await waitForResult(scene, 'delivered')
  const statement = await told(scene, 'trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(statement, /\? Unknown\. ann released it on \d{4}.*due today/)
  assert.match(statement, /Not recorded: from .* was switched off\./)
  assert.match(await told(scene, 'report'), /released by ann on \S+ \(its outcome is not recorded\)/)
})

it('what was released because of its certificate goes over TLS, and is not called sent in the clear', async () => {
  await using scene = await startWaitingScene({
    ini: ALLOWED,
    bank: {},
    rules: {
      'acme.example': [
        { to: ['bank.example'], id: 'payments', name: 'Payments', action: { level: 'verify' } },
      ],
    },
  })
  await scene.send()
  await release(scene)
  const [received] = await scene.bank.waitForMessages(1)
  assert.ok(received?.tls)
  await waitForResult(scene, 'sent')
  const sent = (await deliveries(scene.redis)).find(({ result }) => result === 'sent')
  assert.equal(sent?.['encrypted'], 'true')
  assert.match(sent['protocol'] ?? '', /^TLSv1\.[23]$/)
  assert.match(sent['fingerprint'] ?? '', /^[A-F\d]{2}:/)
  const statement = await told(scene, 'trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(
    statement,
    /\? Encrypted, but not as its rules require\. It was sent to .* over an encrypted connection \(TLS 1\.\d\), with a certificate that was not checked as required: ann had/,
  )
  assert.match(statement, /TLS version +TLS 1\.\d Cipher +\S+ Certificate/)
  assert.match(statement, /any certificate was accepted/)
  const trace = await told(scene, 'trace', '--to', 'cfo@bank.example')
  assert.match(trace, /^Released from what its rules require: message/)
  assert.doesNotMatch(trace, /in the clear|without TLS/)
  assert.match(
    await told(scene, 'report', '--format', 'csv'),
    /"?over TLS, with a certificate that was not checked/,
  )
})

/** A message that waits and then needs no TLS any more: what the log says of it ends with that, and claims nothing. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { deliveries } from '../support/evidence.js'
import { storedRule } from '../support/rules.js'
import { startWaitingScene } from '../support/waiting-scene.js'

it('a rule is switched off while its mail waits: that mail is not called waiting for ever', async () => {
  await using scene = await startWaitingScene({ ini: '[evidence]\naddresses=full\n' })
  const told = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await inProcess([...words, '--config', scene.haraka.folder])
    assert.equal(code, 0, stderr)
    return stdout.replace(/\s+/g, ' ')
  }
  await scene.send()
  await scene.waitForListed(1)
  await scene.haraka.until(
    async () => (await deliveries(scene.redis)).some(({ result }) => result === 'deferred'),
    'an entry of the deferral',
  )
  const waits = await told('trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(waits, /\? When last heard of, on \d{4}-.* UTC, it waited in the queue of the mail server: /)
  assert.doesNotMatch(waits, /not been delivered/)

  const off = { ...storedRule({ to: ['bank.example'] }), name: 'Payments', enabled: false }
  await scene.bank.behave({ starttls: false })
  await scene.redis.cli('HSET', 'enforce-tls:rules:acme.example', 'payments', JSON.stringify(off))
  await scene.haraka.until(async () => {
    await scene.queue('retry', '--all', '--partner', 'bank.example')
    return scene.bank.messages.length > 0
  }, 'the message in the clear')
  assert.ok(!scene.bank.messages[0]?.tls)
  await scene.haraka.waitForLog(/outcome uuid=\S+ rule=payments .* result=freed/)
  await scene.haraka.until(
    async () => (await deliveries(scene.redis)).some(({ result }) => result === 'freed'),
    'an entry that nothing is required any more',
  )
  assert.match(await told('trace', '--to', 'cfo@bank.example'), /^TLS not required any more: message /)
  const statement = await told('trace', '--to', 'cfo@bank.example', '--statement')
  assert.match(statement, /\? Unknown\. From \d{4}.* UTC on TLS was not required of it/)
  assert.match(await told('trace', '--result', 'freed'), /^TLS not required any more: message /)
  const none = await inProcess(['trace', '--result', 'waiting', '--config', scene.haraka.folder])
  assert.deepEqual([none.code, /no such message/.test(none.stdout)], [1, true])
  const { enforced } = JSON.parse(await told('report', '--json')) as { enforced: Record<string, number> }
  assert.deepEqual([enforced['waiting'], enforced['freed'], enforced['messages']], [0, 1, 0])

  // A sender who waives what the partner publishes: in the clear, and over TLS.
  const wanted = { to: ['bank.example'], action: { level: 'dane', otherwise: 'none' } }
  const published = JSON.stringify({ ...storedRule(wanted), name: 'Published' })
  await scene.redis.cli('HSET', 'enforce-tls:rules:acme.example', 'published', published)
  for (const [to, starttls] of [
    ['clear@bank.example', false],
    ['tls@bank.example', true],
  ] as const) {
    await scene.bank.behave({ starttls })
    const before = scene.bank.messages.length
    await scene.haraka.send({ from: 'ann@acme.example', to, headers: { 'TLS-Required': 'No' } })
    await scene.bank.waitForMessages(before + 1)
    assert.equal(Boolean(scene.bank.messages.at(-1)?.tls), starttls)
  }
  const waivers = async () => (await deliveries(scene.redis)).filter(({ kind }) => kind === 'waiver')
  await scene.haraka.until(async () => (await waivers()).length >= 6, 'entries of both')
  assert.deepEqual(
    (await waivers()).map(({ result, encrypted = '-', rules = '' }) => [
      ...[result, encrypted],
      (JSON.parse(rules) as { id: string }[]).map(({ id }) => id).join(),
    ]),
    ['false', 'true'].flatMap((encrypted) => [
      ['waived', '-', 'published'],
      ['waived-begun', encrypted, 'published'],
      ['waived-sent', encrypted, 'published'],
    ]),
  )
  assert.match(
    await told('trace', '--to', 'clear@bank.example', '--statement'),
    /\? No\. It was sent to .* in the clear: its rules require only what .* its sender had waived that with TLS-Required: No in its header\./,
  )
  assert.match(
    await told('trace', '--to', 'tls@bank.example', '--statement'),
    /\? Yes\. It was sent to \S+ .* with a certificate that was not checked: its rules require only what /,
  )
  const shown = await told('report')
  assert.match(shown, /2 more waived by their senders, TLS-Required: No \(1 went in the clear, 1 over TLS\)/)
  assert.doesNotMatch(shown, /none of them left/i)
  await scene.haraka.waitForLog(/waiver uuid=\S+ rule=published .* result=waived-sent .*encrypted=false/)
})

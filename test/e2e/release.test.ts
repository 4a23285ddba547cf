import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { silence } from '../support/peer-steps.js'
import { until } from '../support/until.js'
import { writeRules } from '../support/rules.js'
import { LATER, RULES, startWaitingScene, type WaitingScene } from '../support/waiting-scene.js'

const ALLOWED = '[failure]\nallow_release=true\n'

async function deliveries(scene: WaitingScene): Promise<string> {
  return await scene.redis.cli('XRANGE', 'enforce-tls:deliveries', '-', '+')
}

it('one message goes without TLS once an administrator says why; the others wait, and it never counts as enforced', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  await scene.send()
  await scene.waitForListed(1)
  await scene.send('other@bank.example')
  const { messages } = await scene.waitForListed(2)
  const first = messages.find(({ recipients }) => recipients[0] === 'cfo@bank.example')
  assert.ok(first)
  assert.equal((await scene.queue('release', first.id, '--yes')).code, 2, 'a reason is required')
  const asked = await scene.queue('release', first.id, '--reason', 'due today')
  assert.match(asked.stderr, /nothing was done, because there is no terminal/)

  const both = await Promise.all(
    ['ann@helpdesk', 'bob@helpdesk'].map((who) =>
      scene.queue('release', first.id, '--reason', 'the contract is due today', '--yes', '--as', who),
    ),
  )
  assert.equal(both.filter(({ code }) => code === 0).length, 1, JSON.stringify(both))
  const [received] = await scene.bank.waitForMessages(1)
  assert.ok(received && !received.tls)
  assert.deepEqual(received.acceptedFor, ['cfo@bank.example'])
  const left = await scene.waitForListed(1)
  assert.deepEqual(left.messages[0]?.recipients, ['other@bank.example'])
  assert.equal(left.messages[0].releasedBy, '')

  const retried = await scene.queue('retry', '--all')
  assert.equal(retried.code, 0, retried.stderr)
  await scene.haraka.waitForLog(/(?:result=deferred[^]*){3}/)
  assert.equal(scene.bank.messages.length, 1, 'the other one waits on')

  const history = await inProcess(['history', 'acme.example', '--json', '--config', scene.haraka.folder])
  const [latest] = JSON.parse(history.stdout) as {
    by: string
    key: string
    field: string
    to: { order?: string }
  }[]
  assert.equal(latest?.key, 'releases')
  assert.equal(latest.field, first.id)
  assert.match(latest.by, /^(?:ann|bob)@helpdesk$/)
  const { order, ...told } = latest.to
  assert.match(order ?? '', /^[\w-]{12}$/)
  assert.deepEqual(told, {
    message: first.uuid,
    from: 'ann@acme.example',
    to: 'cfo@bank.example',
    rules: 'Payments (acme.example)',
    reason: 'the contract is due today',
  })
  await scene.haraka.waitForLog(
    /release uuid=\S+ rule=payments .* result=sent .* by=\S+ reason="the contract/,
  )
  const log = await deliveries(scene)
  assert.match(log, /release/)
  assert.doesNotMatch(log, /delivered|secured/)
  const report = await inProcess(['report', '--json', '--config', scene.haraka.folder])
  assert.doesNotMatch(report.stdout, /"delivered": [1-9]/)
})

it('where allow_release is off nothing is released, whoever orders it', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  const { messages } = await scene.waitForListed(1)
  const id = messages[0]?.id ?? ''
  const refused = await scene.queue('release', id, '--reason', 'due today', '--yes')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /set \[failure\] allow_release=true/)
  const words = ['queue', 'release', id, '--reason', 'due today', '--yes', '--redis', scene.redis.url]
  const ran = await inProcess(words)
  assert.equal(ran.code, 1)
  assert.match(ran.stdout, /releasing is switched off here/)
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
})

it('a release outlives a kill -9, and is for that one message', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  await scene.send()
  await scene.send('other@bank.example')
  const { messages } = await scene.waitForListed(2)
  const first = messages.find(({ recipients }) => recipients[0] === 'cfo@bank.example')
  assert.ok(first)
  await scene.bank.behave({ on: { connect: silence } })
  const ran = await scene.queue('release', first.id, '--reason', 'due today', '--yes')
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  await scene.haraka.waitForLog(/goes without what rule/)
  await scene.haraka.kill9()
  await scene.bank.behave({ on: { STARTTLS: LATER } })
  await scene.haraka.start()
  const [received] = await scene.bank.waitForMessages(1, 60_000)
  assert.deepEqual(received?.acceptedFor, ['cfo@bank.example'])
  const left = await scene.waitForListed(1)
  assert.deepEqual(left.messages[0]?.recipients, ['other@bank.example'])
  assert.equal(scene.bank.messages.length, 1)
  assert.equal(await scene.redis.cli('KEYS', 'enforce-tls:waiting:grants*'), '')
})

it('a release under other rules than those of now does not count', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED, intervals: '5s*9' })
  await scene.send()
  const { messages } = await scene.waitForListed(1)
  await scene.bank.behave({ on: { connect: '421 4.3.2 not now' } })
  const ran = await scene.queue('release', messages[0]?.id ?? '', '--reason', 'due today', '--yes')
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  await scene.haraka.waitForLog(/goes without what rule/)
  await writeRules(scene.redis, {
    'acme.example': [...RULES['acme.example'].map((rule) => ({ ...rule, action: { level: 'verify' } }))],
  })
  await scene.bank.behave({ on: { STARTTLS: LATER } })
  await scene.haraka.waitForLog(/the message was released under other rules/)
  await scene.haraka.waitForLog(/level=verify .* result=deferred/)
  assert.equal(scene.bank.messages.length, 0)
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
})

it('an order counts for the rules that were shown: others by the time of the try release and give up nothing', async () => {
  await using scene = await startWaitingScene({ ini: ALLOWED })
  await scene.send()
  const order = async (action: string, changed: object): Promise<string> => {
    const { messages } = await scene.waitForListed(1)
    await writeRules(scene.redis, {
      'acme.example': RULES['acme.example'].map((rule) => ({ ...rule, ...changed })),
    })
    const ran = await scene.queue(action, messages[0]?.id ?? '', '--reason', 'due', '--yes')
    return ran.stdout + ran.stderr
  }
  const changed = /its rules or recipients have changed since; look at it again/
  assert.match(await order('fail', { action: { level: 'verify' } }), changed)
  const listedAs = (level: string) =>
    scene.haraka.until(async () => (await scene.list()).messages[0]?.level === level, `it waits for ${level}`)
  await listedAs('verify')
  assert.match(await order('release', { action: { level: 'encrypt' } }), changed)
  await scene.haraka.waitForLog(/release uuid=\S+ .* result=lapsed by=/)
  await listedAs('encrypt')
  assert.deepEqual([scene.bank.messages.length, scene.acme.messages.length], [0, 0])
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
  await scene.bank.behave({})
  const free = await order('release', { enabled: false })
  assert.match(free, /no rule covers it any more, so it is delivered as usual/)
  await scene.haraka.until(() => scene.bank.messages.length === 1, 'the message')
})

it('what the server puts off of a released message requires TLS again, and its bounce quotes nothing', async () => {
  await using scene = await startWaitingScene({
    ini: ALLOWED,
    intervals: '5s*9',
    bank: {
      on: { STARTTLS: LATER },
      rcptReplies: {
        'later@bank.example': '451 4.2.1 not now',
        'gone@bank.example': '550 5.1.1 no such user',
      },
    },
  })
  await scene.haraka.send({
    from: 'ann@acme.example',
    to: ['cfo@bank.example', 'later@bank.example', 'gone@bank.example'],
    subject: 'Merger',
  })
  const { messages } = await scene.waitForListed(1)
  const ran = await scene.queue('release', messages[0]?.id ?? '', '--reason', 'due', '--yes')
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  const [received] = await scene.bank.waitForMessages(1)
  assert.deepEqual(received?.acceptedFor, ['cfo@bank.example'])
  const [bounce] = await scene.acme.waitForMessages(1)
  assert.match(bounce?.data ?? '', /gone@bank\.example/)
  assert.doesNotMatch(bounce?.data ?? '', /Merger/)
  const before = scene.bank.connections.length
  const left = await scene.waitForListed(1)
  assert.deepEqual(left.messages[0]?.recipients, ['later@bank.example'])
  assert.equal(left.messages[0].releasedBy, '')
  assert.notEqual(left.messages[0].id, messages[0]?.id)
  for (const connection of scene.bank.connections.slice(before))
    assert.deepEqual(connection.cleartextAfterEhlo(), [])
  assert.equal(scene.bank.messages.length, 1)
})

it('a release from a certificate alone is none from TLS: without STARTTLS the message waits until it is released again', async () => {
  await using scene = await startWaitingScene({
    ini: `${ALLOWED}action=defer\n`,
    rules: {
      'acme.example': RULES['acme.example'].map((rule) => ({ ...rule, action: { level: 'verify' } })),
    },
    bank: {},
  })
  await scene.send()
  const { messages } = await scene.waitForListed(1)
  const [waits] = messages
  assert.match(waits?.class ?? '', /^certificate-/)
  await scene.bank.behave({ starttls: false })
  const release = () =>
    scene.queue('release', waits?.id ?? '', '--reason', 'due today', '--yes', '--as', 'ann@helpdesk')
  const first = await release()
  assert.equal(first.code, 0, first.stdout + first.stderr)
  await scene.haraka.waitForLog(/would get the message in the clear, and it was released for TLS without/)
  assert.equal(scene.bank.messages.length, 0)
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
  const listed = await until(
    async () => {
      const [message] = (await scene.list()).messages
      return message?.class === 'starttls-not-supported' && message
    },
    { what: () => scene.haraka.log.slice(-2000), timeout: 20_000 },
  )
  assert.match(listed.detail, /release it again to let it go in the clear$/)
  const second = await release()
  assert.equal(second.code, 0, second.stdout + second.stderr)
  const [received] = await scene.bank.waitForMessages(1)
  assert.ok(received && !received.tls)
})

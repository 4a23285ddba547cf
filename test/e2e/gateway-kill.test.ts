import assert from 'node:assert/strict'
import { it } from 'node:test'
import { KilledHaraka } from '../support/killed-haraka.js'
import { parseBounce } from '../support/mail.js'
import { inTurn } from '../support/peer-steps.js'
import { AUTH, startRerouteScene } from '../support/reroute-scene.js'
import { seededRandom } from '../support/seeded-random.js'

const MESSAGES = 40

it('kill -9 while messages go through a gateway loses none, and lets none out', async (t) => {
  const random = seededRandom()
  t.diagnostic(`seed ${random.seed}`)
  await using scene = await startRerouteScene({
    rules: {
      'acme.example': [
        { to: ['cfo@bank.example'], action: { level: 'encrypt', onFailure: 'reroute', via: 'relay' } },
        { to: ['bank.example'], action: { level: 'encrypt', via: 'relay' } },
      ],
    },
    gateway: {
      ...AUTH,
      rcptReplies: { 'gone@bank.example': '550 5.1.1 no such user' },
      on: { STARTTLS: inTurn('454 later', '454 later', (session) => session.proceed()) },
    },
    ini: '\n[main]\ndefer_seconds=1\n',
    intervals: '5s*9',
  })
  const { haraka, gateway, bank, acme } = scene
  const killed = new KilledHaraka(haraka)
  const kinds = ['cfo@bank.example', 'desk@bank.example', 'gone@bank.example']
  const taken = new Map<string, string>()
  let next = 0
  let submitted = 0
  const client = async (): Promise<void> => {
    while (next < MESSAGES) {
      const id = `message-${next}-end`
      const to = kinds[next++ % kinds.length] ?? ''
      if (await killed.submit({ from: 'ann@acme.example', to, text: id, messageId: `${id}@acme.example` }))
        taken.set(id, to)
      submitted++
    }
  }
  const clients = Promise.all([client(), client(), client(), client()])
  for (const [what, count] of [
    ['queued', () => submitted],
    ['taken by the gateway', () => gateway.messages.length],
    ['bounced', () => acme.messages.length],
  ] as const) {
    const moment = count() + random.between(1, 8)
    await haraka.until(
      () => count() >= moment || submitted === MESSAGES,
      `${moment} messages to be ${what}`,
      60_000,
    )
    await killed.kill()
  }
  await clients
  haraka.flushQueue()
  await haraka.waitForEmptyQueue(90_000)

  const outcomes = gateway.messages.flatMap(({ data, acceptedFor }) =>
    acceptedFor.map((to) => `${idOf(data)} ${to}`),
  )
  for (const { data } of acme.messages)
    for (const fields of parseBounce(data).recipients)
      outcomes.push(`${idOf(data)} ${fields['final-recipient']?.replace('rfc822; ', '') ?? ''}`)
  assert.deepEqual(
    [...taken].map(([id, to]) => `${id} ${to}`).filter((outcome) => !outcomes.includes(outcome)),
    [],
    'lost',
  )
  assert.ok(gateway.messages.every(({ tls, data }) => tls && /^X-Enforce-TLS-Loop: /.test(data)))
  assert.deepEqual([...bank.cleartextAfterEhlo(), ...gateway.cleartextAfterEhlo()], [])
  const doubled = outcomes.length - new Set(outcomes).size
  t.diagnostic(`${taken.size} of ${MESSAGES} taken, ${outcomes.length} outcomes, ${doubled} of them doubled`)
})

function idOf(data: string): string {
  return /message-\d+-end/.exec(data)?.[0] ?? 'unknown'
}

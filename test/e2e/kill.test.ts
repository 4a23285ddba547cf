import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { KilledHaraka } from '../support/killed-haraka.js'
import { parseBounce } from '../support/mail.js'
import { inTurn } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { seededRandom } from '../support/seeded-random.js'
import { startPeer } from '../support/smtp-peer.js'

const MESSAGES = 60

/** Recipients of one message each: over TLS, bounced, deferred first, and divided because a rule names one of two. */
const KINDS: readonly (readonly string[])[] = [
  ['cfo@bank.example'],
  ['lab@clinic.example'],
  ['desk@slow.example'],
  ['covered@mixed.example', 'free@mixed.example'],
]

it('kill -9 while messages are queued, delivered, divided and bounced loses none, and lets none out', async (t) => {
  const random = seededRandom()
  t.diagnostic(`seed ${random.seed}`)
  await using bank = await startPeer()
  await using clinic = await startPeer({ starttls: false })
  await using slow = await startPeer({
    on: { STARTTLS: inTurn('454 later', '454 later', '454 later', (session) => session.proceed()) },
  })
  await using mixed = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig(
      {
        'acme.example': [{ to: ['bank.example', 'clinic.example', 'slow.example', 'covered@mixed.example'] }],
      },
      '[main]\ndefer_seconds=1\n',
    ),
    routes: {
      'bank.example': [bank.route()],
      'clinic.example': [clinic.route()],
      'slow.example': [slow.route()],
      'mixed.example': [mixed.route()],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: '5s*5' },
  })
  const killed = new KilledHaraka(haraka)
  const taken = new Map<string, readonly string[]>()
  let next = 0
  let submitted = 0
  const client = async (): Promise<void> => {
    while (next < MESSAGES) {
      const id = `message-${next}-end`
      const to = KINDS[next++ % KINDS.length] ?? []
      if (await killed.submit({ from: 'ann@acme.example', to, text: id, messageId: `${id}@acme.example` }))
        taken.set(id, to)
      submitted++
    }
  }
  const clients = Promise.all([client(), client(), client(), client()])
  const moments: readonly (readonly [what: string, count: () => number, most: number])[] = [
    ['queued', () => submitted, 15],
    ['delivered', () => bank.received.length, 8],
    ['bounced', () => acme.received.length, 8],
    ['divided', () => mixed.received.length, 4],
  ]
  for (const [what, count, most] of moments) {
    const moment = count() + random.between(1, most)
    await haraka.until(() => count() >= moment || submitted === MESSAGES, `${moment} messages to be ${what}`)
    await killed.kill()
  }
  await clients
  haraka.flushQueue()
  await haraka.waitForEmptyQueue(60_000)

  const outcomes = [bank, slow, mixed].flatMap(({ messages }) =>
    messages.flatMap(({ data, acceptedFor }) => acceptedFor.map((to) => `${idOf(data)} ${to}`)),
  )
  for (const { data } of acme.messages)
    for (const fields of parseBounce(data).recipients)
      outcomes.push(`${idOf(data)} ${fields['final-recipient']?.replace('rfc822; ', '') ?? ''}`)
  const wanted = [...taken].flatMap(([id, to]) => to.map((recipient) => `${id} ${recipient}`))
  assert.deepEqual(
    wanted.filter((outcome) => !outcomes.includes(outcome)),
    [],
    'lost',
  )
  assert.ok([...bank.messages, ...slow.messages].every(({ tls }) => tls))
  assert.deepEqual(
    [bank, clinic, slow].flatMap((peer) => peer.cleartextAfterEhlo()),
    [],
  )
  assert.ok(mixed.messages.every(({ to }) => !to.includes('covered@mixed.example')))
  const doubled = outcomes.length - new Set(outcomes).size
  t.diagnostic(`${taken.size} of ${MESSAGES} taken, ${outcomes.length} outcomes, ${doubled} of them doubled`)
})

function idOf(data: string): string {
  return /message-\d+-end/.exec(data)?.[0] ?? 'unknown'
}

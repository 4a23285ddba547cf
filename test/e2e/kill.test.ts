import assert from 'node:assert/strict'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
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
  const authority = await makeAuthority('Test CA')
  const offering = async (name: string) => ({
    requiretls: 'inside TLS' as const,
    tls: await authority.issue({ dnsNames: [name] }),
  })
  const own = await authority.issue({ dnsNames: ['mta.test.example'] })
  await using bank = await startPeer(await offering('mx.bank.example'))
  await using clinic = await startPeer({ starttls: false })
  await using slow = await startPeer({
    ...(await offering('mx.slow.example')),
    on: { STARTTLS: inTurn('454 later', '454 later', '454 later', (session) => session.proceed()) },
  })
  await using mixed = await startPeer({ starttls: false })
  await using acme = await startPeer(await offering('mx.acme.example'))
  await using haraka = await startHaraka({
    plugins: ['tls', 'test-relay', 'test-routes', 'enforce-tls'],
    config: {
      ...fileStoreConfig(
        {
          'acme.example': [
            { to: ['bank.example', 'clinic.example', 'slow.example', 'covered@mixed.example'] },
          ],
        },
        '[main]\ndefer_seconds=1\n[tls]\nca=test-ca.pem\n[requiretls]\nannounce=true\n',
      ),
      'test-ca.pem': authority.cert,
      'tls.ini': '[main]\nkey=own.key\ncert=own.pem\n',
      'own.key': own.key,
      'own.pem': own.cert,
    },
    routes: Object.fromEntries(
      Object.entries({ bank, clinic, slow, mixed, acme }).map(([name, peer]) => [
        `${name}.example`,
        [peer.route({ name: `mx.${name}.example` })],
      ]),
    ),
    outbound: { temp_fail_intervals: '5s*5' },
  })
  const killed = new KilledHaraka(haraka)
  const asking = new Set<string>()
  const taken = new Map<string, readonly string[]>()
  let next = 0
  let submitted = 0
  const client = async (): Promise<void> => {
    while (next < MESSAGES) {
      const id = `message-${next}-end`
      // Every second one of each kind asks for REQUIRETLS.
      const asks = next % (2 * KINDS.length) >= KINDS.length
      const to = KINDS[next++ % KINDS.length] ?? []
      const envelope = { from: 'ann@acme.example', to, starttls: asks, requiretls: asks }
      if (asks) asking.add(id)
      if (await killed.submit({ ...envelope, text: id, messageId: `${id}@acme.example` })) taken.set(id, to)
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
  const ofAsking = [bank, slow, mixed, acme]
    .flatMap(({ received }) => received)
    .filter(({ data }) => asking.has(idOf(data)))
  assert.ok(ofAsking.length > 0)
  assert.ok(ofAsking.every(({ secure, requiretls }) => secure && requiretls))
  const doubled = outcomes.length - new Set(outcomes).size
  t.diagnostic(`${taken.size} of ${MESSAGES} taken, ${outcomes.length} outcomes, ${doubled} of them doubled`)
})

function idOf(data: string): string {
  return /message-\d+-end/.exec(data)?.[0] ?? 'unknown'
}

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { it } from 'node:test'
import { hashPassword } from '../../plugins/enforce-tls/console/auth/password.js'
import { Client } from '../console/client.js'
import { freePort } from '../support/free-port.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { rulesDocument } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TurnWatch } from '../support/turn-watch.js'

const PASSWORD = 'correct horse battery'
const rule = (position: number, criteria: object, level = 'encrypt', more: object = {}) => ({
  name: `Rule ${position}`,
  direction: 'outgoing',
  enabled: true,
  position,
  criteria,
  actions: { relayWithTls: { level } },
  ...more,
})
const config = (rules: Readonly<Record<string, object>>) => ({
  'enforce-tls.ini': '[store]\ntype=file\n',
  'enforce-tls.rules.json': {
    ...rulesDocument({ 'acme.example': [] }),
    rules: { 'acme.example': rules },
  },
})
const BANK = { to: { matchesAny: ['bank.example'] } }
const subject = (...matchesAny: string[]) => ({ ...BANK, subject: { matchesAny } })

it('a header that is not read to its end is unknown: no exemption, and no message in the clear', async () => {
  await using smartHost = await startPeer({ starttls: false })
  await using bank = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/smtp_forward'],
    config: {
      ...config({
        r1: rule(1, subject('newsletter'), 'none'),
        r2: rule(2, subject('confidential')),
        r3: rule(3, { ...BANK, header: [{ name: 'To', matchesAny: ['board'] }] }, 'verify'),
      }),
      'smtp_forward.ini': `host=127.0.0.1\nport=${smartHost.port}\nenable_outbound=true\n`,
    },
    routes: { '*': [bank.route()], 'acme.example': [acme.route()] },
  })
  const send = async (header: string | Buffer) => {
    const end = Buffer.from('\r\n\r\nHello\r\n')
    await haraka.send({
      from: 'ann@acme.example',
      to: 'cfo@bank.example',
      data: Buffer.concat([Buffer.from(header), end]),
    })
  }
  const pad = Array.from({ length: 800 }, (_, i) => `X-Pad-${i}: ${'x'.repeat(380)}`).join('\r\n')
  const recipients = Array.from({ length: 500 }, (_, i) => ` Recipient <recipient-${i}@somewhere.example>`)

  await send('From: ann@acme.example\r\nSubject: nothing of interest')
  await send(`To:${recipients.slice(0, 100).join(',\r\n')}\r\nSubject: nothing of interest`)
  assert.equal(smartHost.messages.length, 2)

  const covered = [
    `${pad}\r\nSubject: confidential`,
    `${pad}\r\nSubject: newsletter`,
    `To:${recipients.join(',\r\n')}\r\nSubject: nothing of interest`,
    Buffer.from('Subject: Vertraulich f\xfcr Sie', 'latin1'),
    'Subject: =?x-nobody-knows?B?Y29uZmlkZW50aWFs?=',
    'Subject: con\u200bfid\u00adential',
  ]
  for (const [index, header] of covered.entries()) {
    await send(header)
    await acme.waitForMessages(index + 1)
  }
  await haraka.waitForEmptyQueue()
  assert.equal(smartHost.messages.length, 2)
  assert.equal(bank.messages.length, 0)
})

it('the largest rules and headers never keep other clients waiting', async () => {
  using watch = new TurnWatch()
  await using bank = await startPeer()
  const expressions = (name: string) => ({
    name,
    matchesAny: [1, 2, 3].map((number) => `/a[ab]{280}[cd]${name.length}${number}/`),
  })
  const rules = Array.from({ length: 200 }, (_, index) => [
    `r${index}`,
    rule(index + 1, { header: [expressions(`X-Data-${index % 20}`)] }),
  ])
  const words = { header: [{ name: 'X-Data-1', matchesAny: ['never found'] }] }
  for (let index = 0; index < 200; index++) rules.push([`w${index}`, rule(300 + index, words, 'verify')])
  await using haraka = await startHaraka({
    config: config(Object.fromEntries(rules) as Record<string, object>),
    routes: { '*': [bank.route()] },
    env: watch.env,
  })
  const data = Array.from({ length: 100 }, (_, index) => `X-Data-${index % 20}: ${'ab'.repeat(860)}`).join(
    '\r\n',
  )
  const to = Array.from({ length: 100 }, (_, index) => `recipient-${index}@bank.example`)
  await haraka.send({ from: 'ann@acme.example', to: 'first@bank.example' })
  await haraka.waitForEmptyQueue()
  watch.reset()
  const sent = haraka.send({ from: 'ann@acme.example', to, data: Buffer.from(`${data}\r\n\r\nHello\r\n`) })
  await Promise.all([sent, ...Array.from({ length: 10 }, () => assertGreets(haraka))])
  await haraka.waitForEmptyQueue(60_000)
  assert.ok(haraka.log.includes('verify is required'), 'what is not looked for any more is unknown')
  assert.ok(watch.longest() < 50, `one turn took ${watch.longest()} ms`)
})

it('values to be checked and messages to be explained never keep mail waiting', async () => {
  using watch = new TurnWatch()
  const port = await freePort()
  const account = { password: await hashPassword(PASSWORD), changedAt: 'now' }
  const users = {
    viewer: { ...account, role: 'viewer', domains: [] },
    admin: { ...account, role: 'admin', domains: [] },
  }
  const stored = Array.from({ length: 100 }, (_, index) => {
    const values = [`/a[ab]{280}[cd]${index}/`, `/\\p{L}\\p{N}\\p{Lu}${index}/i`, `/(x+x+)+${index}/`]
    return [`r${index}`, rule(index + 1, { subject: { matchesAny: values } })]
  })
  const { 'enforce-tls.ini': ini, ...rules } = config(Object.fromEntries(stored) as Record<string, object>)
  await using haraka = await startHaraka({
    config: {
      ...rules,
      'enforce-tls.ini': `${ini}[console]\nenabled=true\n`,
      'http.ini': `listen=127.0.0.1:${port}\n`,
      'enforce-tls.rules.json.users.json': { users },
    },
    env: watch.env,
  })
  await haraka.waitForLog(/the console is at/)
  const client = new Client(`http://127.0.0.1:${port}/enforce-tls/`)
  assert.equal((await client.signIn('viewer', PASSWORD)).status, 200)
  const explain = (header: string) =>
    client.post<{ certain: boolean; requirement: unknown }>('explain', {
      from: 'ann@acme.example',
      to: 'cfo@bank.example',
      header,
    })
  await explain('Subject: warm\r\n')
  await client.post('validate', { field: 'subject', values: ['/warm/'] })
  watch.reset()

  const hostile = [
    (index: number) => `/a[ab]{400}[cd]${index}/`,
    (index: number) => `/a[ab]{280}[cd]${index}/`,
    (index: number) => `/${'\\p{L}'.repeat(10)}${index}/i`,
    (index: number) => `/[\u0100-\uffff]${index}/i`,
    (index: number) => `/((a{100}){100}){100}${index}/`,
    (index: number) => `/${'(?:a|b)?'.repeat(30)}${index}/`,
    (index: number) => `${'\ufdfa'.repeat(290)}${index}`,
    (index: number) => `a${'\u0316\u0300'.repeat(145)}${index}`,
  ]
  const values = Array.from({ length: 496 }, (_, index) => hostile[index % hostile.length]?.(index) ?? '')
  const { body } = await client.post<readonly { problem: string | null }[]>('validate', {
    field: 'subject',
    values,
  })
  assert.equal(body.filter(({ problem }) => problem?.includes('too large')).length, 124)
  const subjects = Array.from({ length: 100 }, () => `Subject: ${'ab'.repeat(1200)}`).join('\r\n')
  const { body: explained } = await explain(`${subjects}\r\n`)
  assert.notEqual(explained.requirement, null)
  await client.signIn('admin', PASSWORD)
  const many = Array.from({ length: 10_000 }, (_, index) => `partner-${index}.example`)
  const to = { matchesAny: many, matchesNone: many.map((domain) => `x.${domain}`) }
  const draft = { name: 'Many', criteria: { to }, actions: { relayWithTls: { level: 'encrypt' } } }
  assert.equal((await client.post('owners/acme.example/rules', { rule: draft })).status, 201)
  assert.ok(watch.longest() < 50, `one turn took ${watch.longest()} ms`)
})

async function assertGreets({ port }: Haraka): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.match(first.toString(), /^220 /)
  socket.destroy()
}

/** What the API says of a change before it is made. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../support/evidence-entries.js'
import type { Client } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

interface Impact {
  readonly asks: boolean
  readonly rules: readonly { readonly name: string; readonly step: string; readonly sentences: string[] }[]
  readonly partners: readonly { readonly target: string; readonly action: { readonly level: string } }[]
  readonly unnamed: readonly string[]
  readonly seen: readonly string[]
}

const RULES = 'owners/acme.example/rules'
const owner = 'acme.example'

describe('what a change would do', () => {
  let server: ConsoleServer
  let admin: Client
  let acme: Client
  before(async () => {
    server = await startConsole()
    await server.store.writeService('acme.example', null, '{"enabled":true}')
    await server.store.writeGroup('banks', null, '["bank.example","cfo@clinic.example",".sub.example"]')
    admin = await server.signedIn('admin')
    acme = await server.signedIn('acme')
  })
  after(() => server[Symbol.asyncDispose]())

  const make = async (name: string, to: string, more: object): Promise<string> => {
    const rule = { name, criteria: { to: { matchesAny: [to] } }, ...more }
    const { status, body } = await admin.post<{ id: string }>(RULES, { rule })
    assert.equal(status, 201, JSON.stringify(body))
    return body.id
  }
  const asked = async (change: object, client = acme) => {
    const was = JSON.stringify([...(await server.store.readOwner(owner)).rules])
    const { status, body } = await client.post<Impact>('impact', change)
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(JSON.stringify([...(await server.store.readOwner(owner)).rules]), was, 'nothing is written')
    return body
  }
  const actions = (level: string) => ({ actions: { relayWithTls: { level } } })

  it('names the partners of a rule that is to be switched on, and what the log has of it', async () => {
    const id = await make('Banks', 'group:banks', actions('verify'))
    const rules = [{ owner, id }]
    await server.deliveries.append(
      [
        toRecord(
          entry({ kind: 'report', result: 'would-bounce', level: 'verify', rules, domain: 'bank.example' }),
        ),
      ],
      1000,
    )
    const { asks, partners, unnamed, rules: told, seen } = await asked({ owner, id, enabled: true })
    assert.equal(asks, true)
    assert.deepEqual(
      partners.map(({ target, action }) => [target, action.level]),
      [
        ['bank.example', 'verify'],
        ['cfo@clinic.example', 'verify'],
      ],
    )
    assert.deepEqual(unnamed, ['.sub.example'])
    assert.match(told[0]?.sentences[0] ?? '', /^It would be on: mail from acme\.example to /)
    assert.match(seen.join('\n'), /would have bounced 1 of 1 message/)
  })

  it('asks for each kind of change, and for a new rule that is off not', async () => {
    const id = await make('Free', 'free.example', { enabled: true, ...actions('none') })
    const rule = { name: 'Free', enabled: true, criteria: { to: { matchesAny: ['free.example'] } } }
    const steps = async (change: object, client?: Client) =>
      (await asked(change, client)).rules.map(({ step }) => step)
    assert.deepEqual(await steps({ owner, id, enabled: false }), ['exempts-less'])
    assert.deepEqual(await steps({ owner, id, remove: true }), ['exempts-less'])
    assert.deepEqual(await steps({ owner, id, rule: { ...rule, ...actions('encrypt') } }), ['enforces'])
    assert.deepEqual(await steps({ owner, rule: { ...rule, ...actions('encrypt') } }), ['enforces'])
    assert.deepEqual(await steps({ owner, rule: { ...rule, enabled: false, actions: {} } }), [])
    const used = await make('Used', 'group:banks', { enabled: true, ...actions('encrypt') })
    const patterns = ['bank.example', 'new.example']
    const grown = await asked({ group: 'banks', patterns }, admin)
    assert.deepEqual(
      grown.partners.map(({ target }) => target),
      ['new.example'],
    )
    assert.deepEqual(await steps({ owner, id, move: { to: 'bottom' } }), [])
    const { body } = await admin.get<readonly { id: string; field: string }[]>('history?limit=5')
    const made = body.find(({ field }) => field === used)
    assert.equal((await asked({ undo: made?.id })).asks, false, 'taking back a rule that requires TLS')
    const freed = await admin.get<readonly { id: string; field: string }[]>('history?limit=50')
    const exemption = freed.body.find(({ field }) => field === id)
    assert.deepEqual(await steps({ undo: exemption?.id }), ['exempts-less'])
  })

  it('is for who may make the change', async () => {
    const other = await server.signedIn('other')
    const viewer = await server.signedIn('viewer')
    const ask = async (client: Client, change: object) => (await client.post('impact', change)).status
    assert.equal(await ask(other, { owner, id: 'x', enabled: true }), 404)
    assert.equal(await ask(viewer, { owner, id: 'x', enabled: true }), 403)
    assert.equal(await ask(acme, { group: 'banks', patterns: ['a.example'] }), 403)
    assert.equal(await ask(acme, { domain: 'other.example', enabled: true }), 404)
    assert.equal(await ask(acme, { owner, id: 'nobody', enabled: true }), 404)
    assert.equal(await ask(acme, {}), 422)
  })

  it('is one answer for several rules; one that cannot be switched on is left out', async () => {
    const first = await make('Several: first', 'first.example', actions('verify'))
    const second = await make('Several: second', 'second.example', actions('encrypt'))
    const none = await make('Several: no action', 'third.example', { actions: {} })
    const rules = [first, second, none].map((id) => ({ owner, id }))
    const { asks, partners, rules: told } = await asked({ several: { action: 'enable', rules } })
    assert.equal(asks, true)
    assert.deepEqual(partners.map(({ target }) => target).sort(), ['first.example', 'second.example'])
    assert.deepEqual(told.map(({ name }) => name).sort(), ['Several: first', 'Several: second'])
    assert.equal((await asked({ several: { action: 'delete', rules } })).asks, false)
    // What is deleted tells of its mail, as one rule by itself does.
    const on = await make('Several: on', 'on.example', { ...actions('verify'), enabled: true })
    const ends = await asked({ several: { action: 'delete', rules: [{ owner, id: on }] } })
    assert.deepEqual([ends.asks, ends.rules.map(({ name }) => name)], [false, ['Several: on']])
    // More than one request changes at once are one question.
    const many = [...rules, ...Array.from({ length: 600 }, (_, n) => ({ owner, id: `gone${n}` }))]
    assert.equal((await asked({ several: { action: 'enable', rules: many } })).asks, true)
    const foreign = { several: { action: 'enable', rules: [{ owner: 'other.example', id: first }] } }
    assert.equal((await acme.post('impact', foreign)).status, 404)
  })
})

describe('a rule without an action', () => {
  it('is kept while it is off, and is switched on in no way', async () => {
    await using server = await startConsole()
    await server.store.writeService('acme.example', null, '{"enabled":true}')
    const admin = await server.signedIn('admin')
    const rule = { name: 'Bank', criteria: { to: { matchesAny: ['bank.example'] } }, actions: {} }
    const made = await admin.post<{ id: string; etag: string; problem: string | null }>(RULES, { rule })
    assert.deepEqual([made.status, made.body.problem], [201, null])
    const { id, etag } = made.body
    interface Refused {
      readonly error: { readonly code: string; readonly message: string; readonly field?: string }
    }
    const on = await admin.post<Refused>(`${RULES}/${id}/enabled`, { enabled: true }, { 'if-match': etag })
    assert.deepEqual([on.status, on.body.error.code], [409, 'no-action'])
    assert.match(on.body.error.message, /^Rule \w+ of acme\.example \(Bank\) cannot be switched on, because/)
    const enabled = { ...rule, enabled: true }
    const put = await admin.put<Refused>(`${RULES}/${id}`, { rule: enabled }, etag)
    assert.deepEqual([put.status, put.body.error.field], [422, 'rule.actions.relayWithTls'])
    assert.equal((await admin.post(RULES, { rule: enabled })).status, 422)
    const asked = await admin.post<Refused>('impact', { owner, id, enabled: true })
    assert.deepEqual([asked.status, asked.body.error.code], [409, 'no-action'])
  })
})

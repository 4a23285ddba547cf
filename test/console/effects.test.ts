import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../support/evidence-entries.js'
import type { Client } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

interface Effect {
  readonly status: string
  readonly summary: string
  readonly sentences: readonly string[]
}

interface Shown {
  readonly id: string
  readonly etag: string
  readonly effect: Effect | null
  readonly reports?: { readonly reported: { readonly wouldBounce: number } } | null
}

interface Named extends Effect {
  readonly id: string
  readonly name: string
}

const RULES = 'owners/acme.example/rules'
const ENCRYPT = { relayWithTls: { level: 'encrypt' } }
const EXEMPT = { relayWithTls: { level: 'none' } }

async function started(server: ConsoleServer): Promise<{ admin: Client; acme: Client }> {
  await server.store.writeService('acme.example', null, '{"enabled":true}')
  return { admin: await server.signedIn('admin'), acme: await server.signedIn('acme') }
}

async function make(client: Client, name: string, to: string, more: object = {}, owner = 'acme.example') {
  const rule = { name, enabled: true, criteria: { to: { matchesAny: [to] } }, actions: ENCRYPT, ...more }
  const { status, body } = await client.post<Shown>(`owners/${owner}/rules`, { rule })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

describe('what the console says that a rule does', { concurrency: 4 }, () => {
  it('comes from what would happen, in every answer and in the list', async () => {
    await using server = await startConsole()
    const { acme } = await started(server)
    const free = await make(acme, 'Free', '*', { actions: EXEMPT })
    const bank = await make(acme, 'Bank', 'bank.example')
    assert.deepEqual(
      [free.effect?.status, bank.effect?.status, bank.effect?.summary],
      ['active', 'no-effect', 'no effect: rule “Free” comes first'],
    )
    assert.match(
      bank.effect?.sentences.join(' ') ?? '',
      /^The rule is on, but has no effect: rule \w+ of acme\.example \(Free\) above it exempts this mail\.$/,
    )
    const list = await acme.get<{ rules: Shown[] }>(RULES)
    assert.deepEqual(
      list.body.rules.map(({ effect }) => effect?.status),
      ['active', 'no-effect'],
    )
    const moved = await acme.post<{ rules: Shown[] }>(
      `${RULES}/${bank.id}/move`,
      { to: 'top' },
      { 'if-match': list.etag },
    )
    assert.deepEqual(
      moved.body.rules.map(({ effect }) => effect?.status),
      ['active', 'active'],
      'an exemption of others is at a glance as good as of all',
    )
    const one = await acme.get<Shown>(`${RULES}/${free.id}`)
    assert.equal(one.body.effect?.status, 'partly')
    const off = await acme.post<Shown>(`${RULES}/${bank.id}/enabled`, { enabled: false })
    assert.equal(off.body.effect?.status, 'off')
  })

  it('tells of a rule of the whole service without its name where one may not see it', async () => {
    await using server = await startConsole()
    const { admin, acme } = await started(server)
    await make(admin, 'Secret name', '*', { actions: { relayWithTls: { level: 'verify' } } }, '*')
    const { effect } = await make(acme, 'Bank', 'bank.example')
    const said = effect?.sentences.join(' ') ?? ''
    assert.match(said, /That is the minimum: with a rule of the whole service, it is level verify\./)
    assert.doesNotMatch(said, /Secret/)
  })

  it('names what senders of a domain, and the whole service, require of the mail of a rule that is off', async () => {
    await using server = await startConsole()
    const { admin, acme } = await started(server)
    const bank = await make(acme, 'Bank', 'bank.example')
    const bob = await make(acme, 'Bob', 'bank.example', {}, 'bob@acme.example')
    const off = await acme.post<Shown>(`${RULES}/${bank.id}/enabled`, { enabled: false })
    assert.deepEqual(off.body.effect?.sentences, [
      'The rule is off.',
      `Level encrypt is still required for bank.example (from bob@acme.example), by rule ${bob.id} of bob@acme.example (Bob).`,
    ])
    const header = (text: string) => ({ to: { matchesAny: ['*'] }, subject: { matchesAny: [text] } })
    await make(admin, 'Free', '*', { actions: EXEMPT, criteria: header('free') }, '*')
    await make(admin, 'Secret name', '*', { criteria: header('secret') }, '*')
    const one = await acme.get<Shown>(`${RULES}/${bank.id}`)
    assert.equal(
      one.body.effect?.sentences.at(-1),
      'TLS may still be required for some of its mail, by a rule of the whole service.',
    )
    const list = await acme.get<{ rules: Shown[] }>(RULES)
    assert.equal(
      list.body.rules[0]?.effect?.sentences.at(-1),
      'Other rules may still require TLS for some of its mail; not all of them were looked at.',
    )
  })

  it('is said of all rules that a switch, a group or an undo concerns', async () => {
    await using server = await startConsole()
    const { admin, acme } = await started(server)
    await admin.put('groups/banks', { patterns: ['one.example'] })
    const rule = await make(acme, 'Banks', 'group:banks')
    const records = [entry({ kind: 'report', result: 'would-bounce', domain: 'two.example' })]
    await server.deliveries.append(records.map(toRecord), 100)

    const group = await admin.get('groups/banks')
    const set = await admin.put<{ effects: Named[]; seen: string[] }>(
      'groups/banks',
      { patterns: ['one.example', 'two.example'] },
      group.etag,
    )
    assert.deepEqual(
      set.body.effects.map(({ id, name, status }) => [id, name, status]),
      [[rule.id, 'Banks', 'active']],
    )
    assert.match(set.body.seen.join(' '), /would have bounced 1 of 1 message to two\.example/)

    const domain = await acme.get('domains/acme.example')
    const off = await acme.put<{ effects: Named[] }>('domains/acme.example', { enabled: false }, domain.etag)
    assert.deepEqual(
      off.body.effects.map(({ status, summary }) => [status, summary]),
      [['inactive', 'inactive: switched off for the domain']],
    )
    const on = await acme.put<{ effects: Named[] }>('domains/acme.example', { enabled: true }, off.etag)
    assert.equal(on.body.effects[0]?.status, 'active')

    const { etag } = await acme.get(`${RULES}/${rule.id}`)
    await acme.delete(`${RULES}/${rule.id}`, etag)
    const [latest] = (await acme.get<{ id: string }[]>('history?owner=acme.example')).body
    const undone = await acme.post<{ effects: Named[] }>(`history/${latest?.id ?? ''}/undo`)
    assert.deepEqual(
      undone.body.effects.map(({ id, status }) => [id, status]),
      [[rule.id, 'active']],
    )
  })

  it('names a Haraka without STARTTLS where an incoming rule needs it', async () => {
    await using server = await startConsole()
    const { acme } = await started(server)
    const rule = {
      ...{ name: 'In', direction: 'incoming', enabled: true },
      criteria: { from: { matchesAny: ['bank.example'] } },
      actions: ENCRYPT,
    }
    server.offersTls = false
    const without = await acme.post<Shown>(RULES, { rule })
    assert.match(without.body.effect?.sentences.join(' ') ?? '', /its plugin tls is not loaded/)
    server.offersTls = true
    const { body } = await acme.get<Shown>(`${RULES}/${without.body.id}`)
    assert.doesNotMatch(body.effect?.sentences.join(' ') ?? '', /plugin tls/)
  })

  it('comes with what report mode saw where mail would bounce, or leave in the clear, from then on', async () => {
    await using server = await startConsole()
    const { acme } = await started(server)
    const rule = await make(acme, 'Try', 'bank.example', { mode: 'report' })
    const rules = [{ owner: 'acme.example', id: rule.id }]
    await server.deliveries.append([toRecord(entry({ kind: 'report', result: 'would-bounce', rules }))], 100)
    let { etag } = rule
    const set = async (more: object) => {
      const draft = {
        name: 'Try',
        enabled: true,
        criteria: { to: { matchesAny: ['bank.example'] } },
        ...more,
      }
      const answer = await acme.put<Shown>(`${RULES}/${rule.id}`, { rule: draft }, etag)
      etag = answer.etag
      return answer.body.reports?.reported.wouldBounce ?? null
    }
    assert.equal(await set({ mode: 'report', actions: ENCRYPT, comment: 'x' }), null)
    assert.equal(await set({ actions: ENCRYPT }), 1, 'report mode ends')
    assert.equal(await set({ actions: ENCRYPT, comment: 'y' }), null, 'nothing of weight')
    assert.equal(await set({ actions: { relayWithTls: { level: 'verify' } } }), 0, 'judged by another level')
    assert.equal(await set({ actions: EXEMPT }), 1, 'an exemption')
  })
})

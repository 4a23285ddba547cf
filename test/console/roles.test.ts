import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newToken } from '../../plugins/enforce-tls/console/auth/account.js'
import { ROUTES } from '../../plugins/enforce-tls/console/routes.js'
import { storedRule } from '../support/rules.js'
import type { Client } from './client.js'
import { withoutStartTls } from './checked-partner.js'
import { startConsole, USERS, type ConsoleServer, type UserName } from './console-server.js'

const RULE = storedRule({ to: ['bank.example'] })
const MAIL = { from: 'ann@acme.example', to: 'a@bank.example' }

type Who = 'nobody' | UserName
interface Row {
  readonly route: string
  readonly path: string
  readonly body?: unknown
  /** Of nobody, viewer, viewer of acme.example, administrator of other.example, of acme.example, of all. */
  readonly statuses: readonly [number, number, number, number, number, number]
}

const WHO: readonly Who[] = ['nobody', 'viewer', 'acme-viewer', 'other', 'acme', 'admin']
/** 428 is as far as a request gets that may change what it names, and does not say what it saw of it. */
const ROWS: readonly Row[] = [
  { route: 'getSession', path: 'session', statuses: [401, 200, 200, 200, 200, 200] },
  {
    route: 'changePassword',
    path: 'session/password',
    body: { old: 'x', new: 'y' },
    statuses: [401, 422, 422, 422, 422, 422],
  },
  { route: 'listDomains', path: 'domains', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'getDomain', path: 'domains/acme.example', statuses: [401, 200, 200, 404, 200, 200] },
  {
    route: 'setDomain',
    path: 'domains/acme.example',
    body: { enabled: true },
    statuses: [401, 403, 403, 404, 428, 428],
  },
  {
    route: 'setDomainHelp',
    path: 'domains/acme.example/help',
    body: { contact: 'IT', link: null },
    statuses: [401, 403, 403, 404, 428, 428],
  },
  { route: 'listRules', path: 'owners/acme.example/rules', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'listRules', path: 'owners/bob@acme.example/rules', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'listRules', path: 'owners/BOB@ACME.example/rules', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'listRules', path: 'owners/notacme.example/rules', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'listRules', path: 'owners/sub.acme.example/rules', statuses: [401, 200, 404, 404, 404, 200] },
  {
    route: 'listRules',
    path: 'owners/acme.example@other.example/rules',
    statuses: [401, 200, 404, 200, 404, 200],
  },
  { route: 'listRules', path: 'owners/*/rules', statuses: [401, 200, 404, 404, 404, 200] },
  {
    route: 'createRule',
    path: 'owners/acme.example/rules',
    body: { rule: {} },
    statuses: [401, 403, 403, 404, 422, 422],
  },
  {
    route: 'createRule',
    path: 'owners/bob@acme.example/rules',
    body: { rule: {} },
    statuses: [401, 403, 403, 404, 422, 422],
  },
  {
    route: 'createRule',
    path: 'owners/*/rules',
    body: { rule: {} },
    statuses: [401, 403, 403, 404, 404, 422],
  },
  { route: 'getRule', path: 'owners/acme.example/rules/r1', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'getRule', path: 'owners/*/rules/all', statuses: [401, 200, 404, 404, 404, 200] },
  {
    route: 'setRule',
    path: 'owners/acme.example/rules/r1',
    body: { rule: RULE },
    statuses: [401, 403, 403, 404, 428, 428],
  },
  {
    route: 'setRule',
    path: 'owners/*/rules/all',
    body: { rule: RULE },
    statuses: [401, 403, 403, 404, 404, 428],
  },
  { route: 'deleteRule', path: 'owners/acme.example/rules/r1', statuses: [401, 403, 403, 404, 428, 428] },
  {
    route: 'moveRule',
    path: 'owners/acme.example/rules/r1/move',
    body: { to: 'top' },
    statuses: [401, 403, 403, 404, 428, 428],
  },
  {
    route: 'switchRule',
    path: 'owners/acme.example/rules/r1/enabled',
    body: { enabled: true },
    statuses: [401, 403, 403, 404, 200, 200],
  },
  { route: 'findRules', path: 'rules', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'findRules', path: 'rules?owner=acme.example', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'getPartner', path: 'partners/bank.example', statuses: [401, 200, 404, 404, 404, 200] },
  {
    route: 'getPartner',
    path: 'partners/bank.example?owner=acme.example',
    statuses: [401, 200, 200, 404, 200, 200],
  },
  { route: 'search', path: 'search?q=bank', statuses: [401, 200, 200, 200, 200, 200] },
  {
    route: 'changeRules',
    path: 'owners/acme.example/rules/changes',
    body: { action: 'enable', rules: [{ id: 'none', etag: '"x"' }] },
    statuses: [401, 403, 403, 404, 200, 200],
  },
  {
    route: 'changeRulesOfOwners',
    path: 'rules/changes',
    body: { action: 'enable', rules: [{ owner: 'acme.example', id: 'none', etag: '"x"' }] },
    statuses: [401, 403, 403, 404, 200, 200],
  },
  {
    route: 'copyRule',
    path: 'owners/acme.example/rules/none/copy',
    body: { to: 'acme.example' },
    statuses: [401, 403, 403, 404, 404, 404],
  },
  { route: 'listGroupUses', path: 'group-uses', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'listGroups', path: 'groups', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'getGroup', path: 'groups/banks', statuses: [401, 200, 200, 200, 200, 200] },
  {
    route: 'setGroup',
    path: 'groups/banks',
    body: { patterns: ['x.example'] },
    statuses: [401, 403, 403, 403, 403, 428],
  },
  { route: 'deleteGroup', path: 'groups/banks', statuses: [401, 403, 403, 403, 403, 428] },
  {
    route: 'validateValues',
    path: 'validate',
    body: { field: 'to', values: ['a'] },
    statuses: [401, 200, 200, 200, 200, 200],
  },
  { route: 'explain', path: 'explain', body: MAIL, statuses: [401, 200, 200, 404, 200, 200] },
  {
    route: 'explain',
    path: 'explain',
    body: { ...MAIL, from: '<>' },
    statuses: [401, 200, 404, 404, 404, 200],
  },
  {
    route: 'explain',
    path: 'explain',
    body: { ...MAIL, rule: { owner: '*', rule: RULE } },
    statuses: [401, 200, 404, 404, 404, 200],
  },
  {
    route: 'tryOut',
    path: 'try-out',
    body: MAIL,
    statuses: [401, 403, 403, 404, 200, 200],
  },
  {
    route: 'previewChange',
    path: 'impact',
    body: { domain: 'acme.example', enabled: true },
    statuses: [401, 403, 403, 404, 200, 200],
  },
  {
    route: 'previewChange',
    path: 'impact',
    body: { group: 'banks', patterns: ['a.example'] },
    statuses: [401, 403, 403, 403, 403, 200],
  },
  { route: 'removeDomain', path: 'domains/acme.example', statuses: [401, 403, 403, 404, 428, 428] },
  { route: 'listHistory', path: 'history', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'listHistory', path: 'history?owner=acme.example', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'listHistory', path: 'history?owner=*', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'undoChange', path: 'history/nonesuch/undo', statuses: [401, 403, 403, 404, 404, 404] },
  {
    route: 'checkPartner',
    path: 'check',
    body: { target: '*' },
    statuses: [401, 403, 403, 422, 422, 422],
  },
  { route: 'report', path: 'report', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'report', path: 'report?owner=acme.example', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'report', path: 'report?owner=*', statuses: [401, 200, 404, 404, 404, 200] },
  {
    route: 'ruleTraffic',
    path: 'owners/acme.example/rule-traffic',
    statuses: [401, 200, 200, 404, 200, 200],
  },
  { route: 'ruleTraffic', path: 'owners/*/rule-traffic', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'reportFile', path: 'report-file', statuses: [401, 200, 404, 404, 404, 200] },
  ...['html', 'csv', 'json'].map((format): Row => ({
    route: 'reportFile',
    path: `report-file?format=${format}&owner=acme.example`,
    statuses: [401, 200, 200, 404, 200, 200],
  })),
  {
    route: 'reportFile',
    path: 'report-file?format=csv&owner=bob@acme.example',
    statuses: [401, 200, 200, 404, 200, 200],
  },
  { route: 'reportFile', path: 'report-file?owner=*', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'reportFile', path: 'report-file?format=pdf', statuses: [401, 422, 422, 422, 422, 422] },
  { route: 'report', path: 'report?since=soon', statuses: [401, 422, 422, 422, 422, 422] },
  { route: 'getOpenApi', path: 'openapi.json', statuses: [200, 200, 200, 200, 200, 200] },
  ...(
    [
      ['listUsers', 'users', undefined, 200],
      ['addUser', 'users', {}, 422],
      ['getUser', 'users/nonesuch', undefined, 404],
      ['setUserRole', 'users/viewer', { role: 'admin', domains: [] }, 428],
      ['removeUser', 'users/viewer', undefined, 428],
      ['setUserPassword', 'users/viewer/password', { password: 'a very long password' }, 428],
      ['inviteUser', 'users/viewer/invitation', undefined, 428],
      ['listUserSessions', 'users/viewer/sessions', undefined, 200],
      ['endUserSessions', 'users/nonesuch/sessions', undefined, 404],
      ['endUserSession', 'users/viewer/sessions/nonesuch', undefined, 404],
      ['listTokens', 'tokens', undefined, 200],
      ['createToken', 'tokens', {}, 422],
      ['revokeToken', 'tokens/nonesuch', undefined, 404],
    ] as const
  ).map(([route, path, body, admin]): Row => ({
    route,
    path,
    body,
    statuses: [401, 403, 403, 403, 403, admin],
  })),
  { route: 'listSessions', path: 'sessions', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'endOtherSessions', path: 'sessions', statuses: [401, 204, 204, 204, 204, 204] },
  { route: 'endSession', path: 'sessions/nonesuch', statuses: [401, 404, 404, 404, 404, 404] },
  { route: 'acceptInvitation', path: 'invitation', body: {}, statuses: [422, 422, 422, 422, 422, 422] },
  // The last ones: they end what the others need.
  {
    route: 'signIn',
    path: 'session',
    body: { user: '', password: '' },
    statuses: [401, 401, 401, 401, 401, 429],
  },
  { route: 'listMessages', path: 'messages', statuses: [401, 200, 404, 404, 404, 200] },
  { route: 'listMessages', path: 'messages?owner=acme.example', statuses: [401, 200, 200, 404, 200, 200] },
  { route: 'getMessage', path: 'messages/nobody', statuses: [401, 404, 404, 404, 404, 404] },
  { route: 'listTrusts', path: 'trusts', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'getStore', path: 'store', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'getRuleSettings', path: 'rule-settings', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'listWaiting', path: 'waiting', statuses: [401, 200, 200, 200, 200, 200] },
  { route: 'listWaitingNodes', path: 'waiting-nodes', statuses: [401, 200, 200, 200, 200, 200] },
  {
    route: 'orderForWaiting',
    path: 'waiting/orders',
    body: {},
    statuses: [401, 403, 403, 422, 422, 422],
  },
  { route: 'listSuggestions', path: 'suggestions', statuses: [401, 200, 200, 200, 200, 200] },
  {
    route: 'acceptSuggestions',
    path: 'suggestions/accept',
    body: { owner: 'acme.example', partners: ['bank.example'] },
    statuses: [401, 403, 403, 404, 404, 404],
  },
  {
    route: 'acceptSuggestions',
    path: 'suggestions/accept',
    body: { owner: 'acme.example', partners: ['bank.example'], group: 'new' },
    statuses: [401, 403, 403, 404, 403, 404],
  },
  {
    route: 'dismissSuggestions',
    path: 'suggestions/dismiss',
    body: { owner: 'acme.example', partners: ['bank.example'] },
    statuses: [401, 403, 403, 404, 404, 404],
  },
  { route: 'signOut', path: 'session', statuses: [401, 204, 204, 204, 204, 204] },
]

describe('who may do what', () => {
  let server: ConsoleServer
  const clients = new Map<Who, Client>()
  const tokens = new Map<Who, Client>()
  before(async () => {
    server = await startConsole()
    server.checkPartner = withoutStartTls
    const { store, accounts } = server
    for (const name of ['acme.example', 'other.example'])
      await store.writeService(name, null, '{"enabled":true}', { by: 'test' })
    const rule = { expected: null, value: JSON.stringify(RULE) }
    await store.writeRules('acme.example', [{ id: 'r1', ...rule }], { by: 'test' })
    await store.writeRules('*', [{ id: 'all', ...rule }], { by: 'test' })
    await store.writeGroup('banks', null, '["bank.example"]', { by: 'test' })
    for (const who of WHO) {
      clients.set(who, who === 'nobody' ? server.client() : await server.signedIn(who))
      const client = server.client()
      const { id, text, hash } = newToken()
      const rights = who === 'nobody' ? null : USERS[who]
      const token = { name: who, ...rights, hash, createdAt: new Date().toISOString() }
      if (rights !== null) await accounts.write('tokens', id, null, JSON.stringify(token))
      client.token = text
      tokens.set(who, client)
    }
  })
  after(() => server[Symbol.asyncDispose]())

  it('has a row for every route', () => {
    assert.deepEqual(
      [...new Set(ROWS.map(({ route }) => route))].sort(),
      ROUTES.map(({ operationId }) => operationId).sort(),
    )
  })

  for (const { route, path, body, statuses } of ROWS) {
    const method = ROUTES.find(({ operationId }) => operationId === route)?.method.toUpperCase() as 'GET'
    it(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body).slice(0, 60)}`}`, async () => {
      const found: number[] = []
      for (const who of WHO) found.push((await clients.get(who)?.send(method, path, body))?.status ?? 0)
      assert.deepEqual(found, statuses)
    })

    const needs = ROUTES.find(({ operationId }) => operationId === route)?.needs
    if (needs === 'session' || route === 'signIn') continue
    it(`${method} ${path} with a token`, async () => {
      const found: number[] = []
      for (const who of WHO) found.push((await tokens.get(who)?.send(method, path, body))?.status ?? 0)
      // Accounts are for those who sign in, whatever a token may do.
      assert.deepEqual(found, needs === 'admin-session' ? [401, 403, 403, 403, 403, 403] : statuses)
    })
  }

  it('a token has no session to end and no password to change', async () => {
    const admin = tokens.get('admin')
    const old = { old: 'x', new: 'a new long password' }
    assert.equal((await admin?.delete('session'))?.status, 403)
    assert.equal((await admin?.put('session/password', old))?.status, 403)
  })
})

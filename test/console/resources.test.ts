import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CheckRequest } from '../../plugins/enforce-tls/check/types.js'
import { rulesDocument, storedRule } from '../support/rules.js'
import { withoutStartTls } from './checked-partner.js'
import type { Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'
import { until } from '../support/until.js'

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  const { writeFile } = await import('node:fs/promises')
  const document = rulesDocument({
    '*': [{ id: 'all', name: 'Secret of the house', to: ['secret.example'] }],
    'acme.example': [
      { id: 'r1', to: ['bank.example'], name: 'Bank' },
      { id: 'r2', to: ['secret.example'], enabled: false },
    ],
    'bob@acme.example': [{ id: 'r3', to: ['notary.example'] }],
    'other.example': [{ id: 'r4', to: ['bank.example'] }],
  })
  await writeFile(
    server.rulesFile,
    JSON.stringify({ ...document, groups: { banks: ['bank.example'], broken: [7] } }),
  )
})
after(() => server[Symbol.asyncDispose]())

interface Domain {
  readonly domain: string
  readonly enabled: boolean
  readonly rules: object
  readonly problems: readonly string[]
  readonly etag: string | null
}

interface Explained {
  readonly requirement: { readonly level: string } | null
  readonly decidedBy: readonly object[]
  readonly owners: readonly {
    readonly owner: string
    readonly rules: readonly { readonly id: string; readonly part: string | null }[]
  }[]
}

describe('domains', () => {
  it('are those that one may see, with the rules of their senders counted', async () => {
    const seen = async (name: 'acme' | 'admin' | 'other') =>
      (await (await server.signedIn(name)).get<Domain[]>('domains')).body
    const [acme, ...others] = await seen('acme')
    assert.deepEqual(others, [])
    assert.deepEqual(
      [acme?.domain, acme?.enabled, acme?.rules, acme?.problems],
      ['acme.example', true, { outgoing: 3, incoming: 0, enabled: 2 }, []],
    )
    assert.deepEqual(
      (await seen('admin')).map(({ domain }) => domain),
      ['*', 'acme.example', 'other.example'],
    )
    assert.deepEqual(
      (await seen('other')).map(({ domain }) => domain),
      ['other.example'],
    )
  })

  it('are switched by who has seen how they are', async () => {
    const client = await server.signedIn('other')
    const { etag } = await client.get('domains/other.example')
    const off = await client.put<Domain>('domains/other.example', { enabled: false }, etag)
    assert.deepEqual([off.status, off.body.enabled], [200, false])
    assert.equal((await client.put('domains/other.example', { enabled: true }, etag)).status, 412)
    assert.equal((await client.put('domains/other.example', { enabled: true }, off.etag)).status, 200)
    const admin = await server.signedIn('admin')
    assert.equal(
      (await admin.put<Domain>('domains/NEW.example', { enabled: true })).body.domain,
      'new.example',
    )
    assert.equal((await admin.put('domains/*', { enabled: false })).status, 404)
    assert.equal((await admin.put('domains/bob@acme.example', { enabled: true })).status, 404)
  })
})

describe('groups', () => {
  it('are made, changed and deleted by an administrator, while no rule needs them', async () => {
    const admin = await server.signedIn('admin')
    const made = await admin.put<{ patterns: string[] }>('groups/notaries', { patterns: ['NOTARY.example'] })
    assert.deepEqual([made.status, made.body.patterns], [201, ['notary.example']])
    assert.equal((await admin.put('groups/notaries', { patterns: ['x.example'] })).status, 428)
    const changed = await admin.put('groups/notaries', { patterns: ['x.example'] }, made.etag)
    assert.equal(changed.status, 200)
    assert.equal((await admin.delete('groups/notaries', made.etag)).status, 412)
    assert.equal((await admin.delete('groups/notaries', changed.etag)).status, 204)
    const bad = await admin.put<Failure>('groups/x', { patterns: ['a.example', 'b c'] })
    assert.deepEqual([bad.status, bad.body.error.field], [422, 'patterns[1]'])
    assert.equal((await admin.put('groups/No Name', { patterns: ['a.example'] })).status, 422)
  })

  it('that rules need stay', async () => {
    const admin = await server.signedIn('admin')
    const rule = { ...storedRule({ to: ['group:banks'], position: 9 }), enabled: false }
    const { body } = await admin.post<{ id: string; etag: string }>('owners/acme.example/rules', { rule })
    const group = await admin.get('groups/banks')
    const kept = await admin.delete<Failure>('groups/banks', group.etag)
    assert.deepEqual([kept.status, kept.body.error.code], [409, 'in-use'])
    await admin.delete(`owners/acme.example/rules/${body.id}`, body.etag)
  })

  it('are shown with what is wrong with them', async () => {
    const { body } = await (
      await server.signedIn('acme')
    ).get<{ name: string; problem: string | null }[]>('groups')
    assert.deepEqual(
      body.map(({ name, problem }) => [name, problem === null]),
      [
        ['banks', true],
        ['broken', false],
      ],
    )
  })
})

describe('validate', () => {
  it('tells for each value whether a rule may have it', async () => {
    const client = await server.signedIn('acme-viewer')
    const values = ['BANK.example', 'bücher.example', 'a b', 'group:banks', 'group:nonesuch', '*']
    const { body } = await client.post<{ problem: string | null; normalised?: string }[]>('validate', {
      field: 'to',
      values,
    })
    assert.deepEqual(
      body.map(({ problem, normalised }) => normalised ?? problem),
      [
        'bank.example',
        'xn--bcher-kva.example',
        '"a b" contains white space; expected: a domain such as bank.example',
        'group:banks',
        '"group:nonesuch" names a group that does not exist',
        '*',
      ],
    )
    const subject = { field: 'subject', values: ['offer', '/(a/'] }
    const texts = await client.post<{ problem: string | null }[]>('validate', subject)
    assert.deepEqual(
      texts.body.map(({ problem }) => problem === null),
      [true, false],
    )
    const many = { field: 'to', values: Array<string>(501).fill('a.example') }
    assert.equal((await client.post('validate', many)).status, 422)
  })
})

describe('a value that matches nobody', () => {
  interface Refused {
    readonly error: {
      readonly message: string
      readonly field: string
      readonly suggestion?: readonly string[]
    }
  }
  const SAID = /"\*@bank\.example" would match nothing; write bank\.example for the domain/

  it('is refused the same way wherever it is given, with what to write in its place', async () => {
    const admin = await server.signedIn('admin')
    const asked = {
      field: 'to',
      values: ['*@bank.example', 'group:bnaks', 'bank', 'First Bank <cfo@bank.example>'],
    }
    const { body } = await admin.post<{ problem: string; suggestion?: readonly string[] }[]>(
      'validate',
      asked,
    )
    assert.match(body[0]?.problem ?? '', SAID)
    assert.deepEqual(
      body.map(({ suggestion }) => suggestion),
      [['bank.example'], ['group:banks'], undefined, ['cfo@bank.example']],
    )
    const rule = storedRule({ to: ['bank.example', '*@bank.example'] })
    const created = await admin.post<Refused>('owners/*/rules', { rule })
    const group = await admin.put<Refused>('groups/new', { patterns: ['*@bank.example'] }, '*')
    for (const [{ status, body }, field] of [
      [created, 'rule.criteria.to.matchesAny[1]'],
      [group, 'patterns[0]'],
    ] as const) {
      assert.equal(status, 422)
      assert.match(body.error.message, SAID)
      assert.equal(body.error.field, field)
      assert.deepEqual(body.error.suggestion, ['bank.example'])
    }
    const domain = await admin.put<Refused>('domains/acme', { enabled: true })
    assert.equal(domain.status, 422)
    assert.match(domain.body.error.message, /domain "acme" has no dot; write it in full/)
  })
})

describe('explain', () => {
  it('gives the same as a delivery would, and names no rule that one may not see', async () => {
    const mail = { from: 'bob@acme.example', to: 'x@secret.example' }
    const all = (await (await server.signedIn('admin')).post<Explained>('explain', mail)).body
    assert.deepEqual(all.decidedBy, [{ owner: '*', id: 'all', name: 'Secret of the house' }])
    assert.deepEqual(
      all.owners.map(({ owner }) => owner),
      ['*', 'acme.example', 'bob@acme.example'],
    )
    const answer = await (await server.signedIn('acme')).post<Explained>('explain', mail)
    assert.equal(answer.body.requirement?.level, 'encrypt')
    assert.deepEqual(
      answer.body.owners.map(({ owner }) => owner),
      ['acme.example', 'bob@acme.example'],
    )
    assert.doesNotMatch(JSON.stringify(answer.body), /Secret of the house|"all"/)
  })

  it('takes a rule that is not saved in the place of the one that is', async () => {
    const client = await server.signedIn('acme')
    const rule = storedRule({ to: ['bank.example'], enabled: false, action: { level: 'secure' } })
    const mail = { from: 'ann@acme.example', to: 'x@bank.example' }
    const level = async (more: object) =>
      (await client.post<Explained>('explain', { ...mail, ...more })).body.requirement?.level
    assert.equal(await level({}), 'encrypt')
    assert.equal(await level({ rule: { owner: 'acme.example', id: 'r1', rule } }), 'secure')
    assert.equal(await level({ rule: { owner: 'ann@acme.example', rule } }), 'secure')
    const draft = { ...rule, position: undefined }
    assert.equal(await level({ rule: { owner: 'acme.example', rule: draft } }), 'encrypt')
    const invalid = { ...mail, rule: { owner: 'acme.example', rule: { ...rule, name: '' } } }
    const refused = await client.post<Failure>('explain', invalid)
    assert.deepEqual([refused.status, refused.body.error.field], [422, 'rule.name'])
    const nobody = await client.post<Failure>('explain', { ...mail, to: 'nobody' })
    assert.deepEqual([nobody.status, nobody.body.error.field], [422, 'to'])
  })
})

describe('whom senders can ask', () => {
  const PATH = 'domains/help.example'
  const HELP = { contact: 'IT desk <b>4711</b>', link: 'https://help.example/tls?a=1&b=2' }

  it('is set beside the switch, with the version that was seen, and is in the bounce of a message that is tried out', async () => {
    const admin = await server.signedIn('admin')
    assert.equal((await admin.put(`${PATH}/help`, { contact: 'IT desk', link: null })).status, 200)
    const made = await admin.get<{ enabled: boolean; contact: string; link: null }>(PATH)
    assert.deepEqual([made.body.enabled, made.body.contact, made.body.link], [false, 'IT desk', null])
    assert.equal((await admin.put(`${PATH}/help`, HELP)).status, 428)
    await admin.put(PATH, { enabled: true }, made.etag)
    assert.equal((await admin.put(`${PATH}/help`, HELP, made.etag)).status, 412)
    const { etag } = await admin.get(PATH)
    const set = await admin.put(`${PATH}/help`, HELP, etag)
    assert.deepEqual([set.status, set.body], [200, { ...HELP, language: null }])
    const now = await admin.get<typeof HELP & { enabled: boolean }>(PATH)
    assert.deepEqual([now.body.enabled, now.body.contact, now.etag], [true, HELP.contact, set.etag])

    server.checkPartner = withoutStartTls
    const rule = { owner: 'help.example', rule: storedRule({ to: ['bank.example'] }) }
    const question = { from: 'ann@help.example', to: 'a@bank.example', rule }
    const {
      body: { bounce },
    } = await admin.post<{ bounce: { text: string; html: string } }>('try-out', question)
    assert.match(bounce.text, /^Who to ask: IT desk <b>4711<\/b>\r?$/m)
    assert.match(
      bounce.html,
      /IT desk &#60;b&#62;4711[^]*<a href="https:\/\/help\.example\/tls\?a=1&#38;b=2"/,
    )

    const german = await admin.put<object>(`${PATH}/help`, { ...HELP, language: 'de' }, set.etag)
    assert.deepEqual([german.status, german.body], [200, { ...HELP, language: 'de' }])
    // A client that does not know of languages leaves it alone.
    const kept = await admin.put<object>(`${PATH}/help`, HELP, german.etag)
    assert.deepEqual(kept.body, { ...HELP, language: 'de' })
    const subjectOf = async (more: object) => {
      const { body } = await admin.post<{ bounce: { subject: string } }>('try-out', { ...question, ...more })
      return body.bounce.subject
    }
    assert.match(await subjectOf({}), /^Nicht gesendet: bank\.example/)
    assert.match(await subjectOf({ header: 'Content-Language: es\r\n' }), /^No enviado/)
    assert.match(await subjectOf({ header: 'Content-Language: es\r\n', language: 'fr' }), /^Non envoyé/)
    assert.equal((await admin.post('try-out', { ...question, language: 'la' })).status, 422)
    const back = { ...HELP, language: null }
    const { etag: last } = await admin.put(`${PATH}/help`, back, kept.etag)

    const wrong = await admin.put<Failure>(`${PATH}/help`, { ...HELP, link: 'javascript:1' }, last)
    assert.deepEqual([wrong.status, wrong.body.error.field], [422, 'link'])
    const other = await (await server.signedIn('acme')).put(`${PATH}/help`, HELP, last)
    assert.equal(other.status, 404)
  })
})

describe('trying a message out', () => {
  interface Tried {
    readonly explanation: Explained
    readonly check: { readonly verdict: string } | null
    readonly outcome: string
    readonly bounce: { readonly subject: string; readonly text: string; readonly html: string } | null
  }
  const MAIL = { from: 'ann@acme.example', to: 'cfo@bank.example' }
  const tried = async (body: object) =>
    (await (await server.signedIn('acme')).post<Tried>('try-out', body)).body

  it('answers with the bounce of what the servers have just answered', async () => {
    server.checkPartner = withoutStartTls
    const rule = {
      owner: 'acme.example',
      id: 'r1',
      rule: storedRule({ to: ['bank.example'], name: 'Bank <1>' }),
    }
    const { explanation, check, outcome, bounce } = await tried({ ...MAIL, rule })
    assert.deepEqual([explanation.decidedBy.length, check?.verdict, outcome], [1, 'bounced', 'bounced'])
    assert.equal(bounce?.subject, 'Not sent: bank.example cannot receive your message encrypted')
    assert.match(bounce.text, /mx\.bank\.example \(192\.0\.2\.25:25\): does not offer STARTTLS/)
    assert.match(bounce.html, /Bank &#60;1&#62;/)
    server.checkPartner = async (question) => {
      const found = await withoutStartTls(question)
      const hosts = found.hosts.map((host) => ({ ...host, failure: null }))
      return { ...found, hosts, verdict: 'delivered' }
    }
    const good = await tried(MAIL)
    assert.deepEqual([good.outcome, good.bounce], ['delivered', null])
  })

  it('has no bounce where TLS is not required, and none for the null sender', async () => {
    server.checkPartner = withoutStartTls
    const free = await tried({ ...MAIL, to: 'a@anybody.example' })
    assert.deepEqual([free.outcome, free.bounce], ['as-usual', null])
    const rule = { owner: '*', rule: storedRule({ to: ['bank.example'] }) }
    const { body } = await (
      await server.signedIn('admin')
    ).post<Tried>('try-out', { from: '<>', to: MAIL.to, rule })
    assert.deepEqual([body.outcome, body.bounce], ['bounced', null])
  })

  it('asks no servers about incoming mail', async () => {
    server.checkPartner = () => Promise.reject(new Error('asked'))
    const { check, outcome } = await tried({ from: MAIL.to, to: MAIL.from, direction: 'incoming' })
    assert.deepEqual([check, outcome], [null, 'as-usual'])
  })
})

describe('a check of a partner', () => {
  it('asks what a delivery at that level would, and gives what is found', async () => {
    const found = {
      domain: 'bank.example',
      recipient: null,
      level: 'verify',
      decidedBy: [],
      verdict: 'bounced',
      reason: 'a reason',
      hosts: [],
      dane: null,
      mtaSts: null,
      tlsReports: null,
      levels: [],
      remarks: [],
      checkedAt: '2026-01-01T00:00:00.000Z',
    } as const
    const asked: CheckRequest[] = []
    server.checkPartner = (question) => {
      asked.push(question)
      return Promise.resolve({ ...found, requirement: question.requirement })
    }
    const client = await server.signedIn('acme')
    const { status, body } = await client.post<object>('check', { target: 'BANK.example', level: 'verify' })
    assert.deepEqual([status, (body as typeof found).verdict], [200, 'bounced'])
    assert.equal((await client.post('check', { target: 'cfo@bank.example' })).status, 200)
    assert.deepEqual(
      asked.map(({ domain, recipient, requirement }) => [domain, recipient, requirement.level]),
      [
        ['bank.example', undefined, 'verify'],
        ['bank.example', 'cfo@bank.example', 'encrypt'],
      ],
    )
    assert.deepEqual(
      asked.map(({ envelope }) => envelope),
      [undefined, undefined],
    )
    const withRecipient = { target: 'bank.example', rcpt: 'CFO@bank.example' }
    assert.equal((await client.post('check', withRecipient)).status, 200)
    assert.deepEqual(asked.at(-1)?.envelope, { sender: '', recipient: 'CFO@bank.example' })
    assert.ok(asked.every(({ signal, mx }) => signal !== undefined && mx === undefined))
    assert.ok(asked.every(({ published }) => published))
    const rule = { onFailure: 'reroute', via: 'vault', requireOnward: 'must' }
    assert.equal((await client.post('check', { target: 'bank.example', ...rule })).status, 200)
    const { onFailure, gateway, onward } = asked.at(-1)?.requirement ?? {}
    assert.deepEqual(
      [onFailure, gateway?.names, gateway?.always, onward],
      ['reroute', ['vault'], false, 'must'],
    )
  })

  it('is refused for what no delivery could be', async () => {
    server.checkPartner = () => Promise.reject(new Error('asked'))
    const client = await server.signedIn('admin')
    for (const [body, field] of [
      [{ target: '127.0.0.1' }, 'target'],
      [{ target: 'bank.example:25' }, 'target'],
      [{ target: 'group:banks' }, 'target'],
      [{ target: 'bank.example', rcpt: 'bank.example' }, 'rcpt'],
      [{ target: 'bank.example', rcpt: 'cfo@other.example' }, 'rcpt'],
      [{ target: 'bank.example', rcpt: '"a\r\nDATA\r\n"@bank.example' }, 'rcpt'],
      [{ target: 'bank.example', level: 'none' }, 'level'],
      [{ target: 'bank.example', level: 'fingerprint' }, 'fingerprints'],
      [{ target: 'bank.example', mx: 'localhost:6379' }, 'mx'],
    ] as const) {
      const answer = await client.post<Failure>('check', body)
      assert.deepEqual([answer.status, answer.body.error.field], [422, field])
    }
  })

  it('waits for its turn, and not without end', async () => {
    const release: (() => void)[] = []
    server.checkPartner = () =>
      new Promise((_resolve, reject) => release.push(() => reject(new Error('released'))))
    const client = await server.signedIn('admin')
    const answers = Array.from({ length: 26 }, () => client.post('check', { target: 'bank.example' }))
    let refused = 0
    for (const answer of answers) void answer.then(({ status }) => (refused += status === 429 ? 1 : 0))
    await until(() => refused === 2, { what: () => `two refusals, not ${refused}` })
    server.checkPartner = () => Promise.reject(new Error('at once'))
    for (const each of release) each()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    assert.deepEqual([...new Set(statuses)].sort(), [429, 500])
    assert.equal(statuses.filter((status) => status === 429).length, 2)
  })
})

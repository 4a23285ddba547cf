/**
 * A console in a process of its own, with 50,000 rules and a group of 40,000 patterns: whatever is asked of it, the
 * process is never kept for long, and lists come in pages with nothing missing.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openStore } from '../../plugins/enforce-tls/store/open-store.js'
import { longestRound, watchdogEnvironment } from '../support/loop-watchdog.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { WatchedProcess } from '../support/watched-process.js'
import { Client, type Answer, type Failure } from './client.js'

const MAIN = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')
const OWNER = 'acme.example'
const RULES = 50_000
/** A rules file is written as a whole for each change, which takes its time. */
const RULES_IN_FILE = 20_000
const PATTERNS = 40_000
/**
 * In ms of CPU time. The product's promise is 50 for a piece of work; a round of the loop may hold several and the
 * garbage collector. Without pieces it was seconds.
 */
const ROUND_MAX = 200

interface ExplainedLong {
  readonly decidedBy: readonly { readonly id: string }[]
  readonly owners: readonly {
    readonly owner: string
    readonly rules: readonly { readonly id: string }[]
    readonly rulesLeft: number
  }[]
}

interface Listed {
  readonly id: string
  readonly problem: string | null
}

function ruleText(n: number): string {
  return JSON.stringify({
    ...storedRule({ to: [n % 10 === 0 ? 'group:banks' : `bank${n}.example`] }),
    position: n + 1,
  })
}

function patterns(name: string): string[] {
  return Array.from({ length: PATTERNS }, (_, n) => `${name}${n}.example`)
}

/** A console on a store that somebody else has filled. */
class OwnProcess implements AsyncDisposable {
  readonly #folder = new TemporaryFolder('long-lists')
  readonly #process: WatchedProcess

  constructor(fill: (folder: string) => readonly string[]) {
    this.#process = new WatchedProcess({
      name: 'console',
      command: process.execPath,
      args: [MAIN, 'console', '--port', '0', ...fill(this.#folder.path)],
      cwd: this.#folder.path,
      env: { ...process.env, ...watchdogEnvironment() },
    })
  }

  async signedIn(): Promise<Client> {
    const [, url = ''] = await this.#process.waitForLog(/The console is at (\S+)/)
    const [, user = '', password = ''] = await this.#process.waitForLog(
      /Sign in as (\S+) with the password (\S+) \(/,
    )
    const client = new Client(url)
    assert.equal((await client.signIn(user, password)).status, 200)
    return client
  }

  /** Does something; fails where that keeps the process for too long. */
  async unhindered<T>(what: string, work: () => Promise<T>): Promise<T> {
    const mark = this.#process.log.length
    const result = await work()
    const longest = longestRound(this.#process.log, mark)
    assert.ok(longest < ROUND_MAX, `${what}: ${longest} ms`)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop('SIGINT')
    this.#folder.close()
  }
}

/** All pages. */
async function all<T>(
  client: Client,
  first: string,
  entriesOf: (body: unknown) => readonly T[],
): Promise<T[]> {
  const found: T[] = []
  for (let next: string | null = first; next !== null;) {
    const answer: Answer = await client.get(next)
    assert.equal(answer.status, 200)
    for (const entry of entriesOf(answer.body)) found.push(entry)
    const query: string | undefined = /<(\?[^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
    next = query === undefined ? null : `${first.split('?')[0] ?? ''}${query}`
  }
  return found
}

async function useAll(server: OwnProcess, count: number): Promise<void> {
  const client = await server.signedIn()
  const rules = `owners/${OWNER}/rules`

  const domains = await server.unhindered('GET /domains', () =>
    client.get<{ rules: { enabled: number } }[]>('domains'),
  )
  assert.equal(domains.body[1]?.rules.enabled, count)
  const page = await server.unhindered('a page of rules', () => client.get<{ rules: Listed[] }>(rules))
  assert.deepEqual([page.body.rules.length, page.headers.get('x-total-count')], [1000, String(count)])
  const listed = await server.unhindered('all pages of rules', () =>
    all(
      client,
      `${rules}?limit=1000&cursor=${count - 5000}.r${count - 5001}`,
      (body) => (body as { rules: Listed[] }).rules,
    ),
  )
  assert.deepEqual(
    [listed[0]?.id, listed.at(-1)?.id, listed.length],
    [`r${count - 5000}`, `r${count - 1}`, 5000],
  )

  const last = `bank${count - 1}.example`
  const found = await server.unhindered('a search', () =>
    client.get<{ hits: { kind: string; name: string }[] }>(`search?q=${last}`),
  )
  assert.deepEqual(
    found.body.hits.map(({ kind }) => kind),
    ['partner', 'rule'],
  )
  const naming = await server.unhindered('the rules that name a partner', () =>
    all(client, `rules?partner=${last}`, (body) => body as Listed[]),
  )
  assert.deepEqual(
    naming.map(({ id }) => id),
    [`r${count - 1}`],
  )

  const old = await client.get('groups/banks')
  const changed = await server.unhindered('a change of a group', () =>
    client.put('groups/banks', { patterns: patterns('c') }, old.etag),
  )
  assert.equal(changed.status, 200)
  const history = await server.unhindered('the history', () =>
    client.get<{ id: string; differences: string[] }[]>('history'),
  )
  assert.match(history.body[0]?.differences.join() ?? '', /^added c0\.example, .* and 39996 more; removed b0/)
  const undone = await server.unhindered('an undo', () =>
    client.post(`history/${history.body[0]?.id ?? ''}/undo`),
  )
  assert.equal(undone.status, 200)

  const explained = await server.unhindered('an explanation', () =>
    client.post<ExplainedLong>('explain', {
      from: `ann@${OWNER}`,
      to: `joe@bank${count - 1}.example`,
    }),
  )
  assert.deepEqual(explained.body.decidedBy[0]?.id, `r${count - 1}`)
  const [own] = explained.body.owners.filter(({ owner }) => owner === OWNER)
  assert.deepEqual(
    [own?.rules.length, own?.rulesLeft, own?.rules.at(-1)?.id],
    [1000, count - 1000, `r${count - 1}`],
    'bounded, with the one that decides',
  )
  const created = await server.unhindered('a new rule', () =>
    client.post<Listed>(rules, {
      rule: {
        name: 'New',
        criteria: { to: { matchesAny: ['x.example'] } },
        actions: { relayWithTls: { level: 'encrypt' } },
      },
    }),
  )
  assert.equal(created.status, 201)
  const moved = await server.unhindered('a move', () =>
    client.post<{ rules: Listed[] } & Failure>(
      `${rules}/${created.body.id}/move`,
      { before: `r${count - 1}` },
      { 'if-match': '*' },
    ),
  )
  assert.equal(moved.status, 200, JSON.stringify(moved.body).slice(0, 300))
  const end = await client.get<{ rules: Listed[] }>(`${rules}?cursor=${count - 1}.r${count - 2}`)
  assert.deepEqual(
    end.body.rules.map(({ id }) => id),
    [created.body.id, `r${count - 1}`],
  )
  const used = await server.unhindered('a group in use', () => client.delete<Failure>('groups/banks', '*'))
  assert.equal(used.body.error.code, 'in-use')
}

describe('long lists', () => {
  it('in Redis keep the console for no longer than short ones', async () => {
    await using redis = await startRedis()
    const store = openStore(toSettings({ redis: { url: redis.url } }))
    await store.writeService(OWNER, null, '{"enabled":true}')
    await store.writeGroup('banks', null, JSON.stringify(patterns('b')))
    const rules = Array.from({ length: RULES }, (_, n) => ({
      id: `r${n}`,
      expected: null,
      value: ruleText(n),
    }))
    await store.writeRules(OWNER, rules, { by: 'test' })
    await store.close()
    await using server = new OwnProcess(() => ['--redis', redis.url])
    await useAll(server, RULES)
  })

  it('in a rules file keep the console for no longer than short ones', async () => {
    await using server = new OwnProcess((folder) => {
      const rules = Object.fromEntries(
        Array.from({ length: RULES_IN_FILE }, (_, n) => [`r${n}`, JSON.parse(ruleText(n)) as unknown]),
      )
      const document = {
        domains: { [OWNER]: { enabled: true } },
        groups: { banks: patterns('b') },
        rules: { [OWNER]: rules },
      }
      const file = path.join(folder, 'rules.json')
      writeFileSync(file, JSON.stringify(document))
      return ['--file', file]
    })
    await useAll(server, RULES_IN_FILE)
  })
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isPassword } from '../../plugins/enforce-tls/console/auth/password.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, type Ran } from './enforce-tls.js'

const MAIN = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')
const PASSWORD = 'correct horse battery'

function fileOf(t: TestContext): string {
  const folder = new TemporaryFolder('users')
  t.after(() => folder.close())
  return path.join(folder.path, 'rules.json')
}

/** Runs a command with a password on its standard input. */
function piped(input: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { timeout: 20_000 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

async function passwordHash(file: string, user: string): Promise<string> {
  const { users } = JSON.parse(await readFile(`${file}.users.json`, 'utf8')) as {
    users: Record<string, { password: string }>
  }
  return users[user]?.password ?? ''
}

describe('enforce-tls user', () => {
  it('adds, lists, gives a new password and removes', async (t) => {
    const file = fileOf(t)
    const on = ['--file', file]
    const added = await piped(
      `${PASSWORD}\n`,
      ...['user', 'add', 'Bob@ACME.example', '--role', 'domain-admin', '--domain', 'ACME.example'],
      ...['--password-stdin', ...on],
    )
    assert.deepEqual(added, {
      code: 0,
      stdout: 'Added user bob@acme.example (domain-admin acme.example).\n',
      stderr: '',
    })
    const hash = await passwordHash(file, 'bob@acme.example')
    assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$/)
    assert.ok(await isPassword(PASSWORD, hash))

    const list = await inProcess(['user', 'list', '--json', ...on])
    const [user] = JSON.parse(list.stdout) as { user: string; role: string; domains: string[] }[]
    assert.deepEqual(
      [user?.user, user?.role, user?.domains],
      ['bob@acme.example', 'domain-admin', ['acme.example']],
    )
    assert.doesNotMatch(list.stdout, /scrypt/)
    assert.match(
      (await inProcess(['user', 'list', ...on])).stdout,
      /bob@acme\.example.*domain-admin.*acme\.example/,
    )

    const again = await piped(
      'x',
      'user',
      'add',
      'bob@acme.example',
      '--role',
      'viewer',
      '--password-stdin',
      ...on,
    )
    assert.deepEqual([again.code, again.stdout], [1, ''])
    assert.match(
      again.stderr,
      /there is a user "bob@acme\.example" already.*\n {2}enforce-tls user passwd bob@acme\.example/,
    )

    const changed = await piped(
      `${PASSWORD} 2`,
      'user',
      'passwd',
      'bob@acme.example',
      '--password-stdin',
      ...on,
    )
    assert.equal(changed.code, 0)
    assert.ok(await isPassword(`${PASSWORD} 2`, await passwordHash(file, 'bob@acme.example')))
    assert.equal((await inProcess(['user', 'remove', 'bob@acme.example', '--yes', ...on])).code, 0)
    assert.deepEqual(JSON.parse((await inProcess(['user', 'list', '--json', ...on])).stdout), [])
  })

  it('asks twice at a terminal, and shows nothing of what is typed', async (t) => {
    const file = fileOf(t)
    const words = ['user', 'add', 'ann', '--role', 'admin', '--file', file]
    const asked = await inProcess(words, { answer: `${PASSWORD}\n${PASSWORD}\n` })
    assert.deepEqual(asked, {
      code: 0,
      stdout: 'Added user ann (admin).\n',
      stderr: 'Password: \nThe same again: \n',
    })
    const differ = ['user', 'passwd', 'ann', '--file', file]
    const other = await inProcess(differ, { answer: `${PASSWORD}\nsomething else\n` })
    assert.equal(other.code, 1)
    assert.match(other.stderr, /the two passwords are not the same/)
    assert.ok(await isPassword(PASSWORD, await passwordHash(file, 'ann')))
  })

  it('refuses what can not be meant, with words', async (t) => {
    const on = ['--file', fileOf(t)]
    const rows: readonly (readonly [words: readonly string[], input: string, code: number, said: RegExp])[] =
      [
        [['user', 'add', 'a b', '--role', 'admin'], '', 1, /"a b" is not a user name/],
        [
          ['user', 'add', 'ann', '--role', 'boss'],
          '',
          2,
          /role "boss" is not one of admin, domain-admin, viewer/,
        ],
        [
          ['user', 'add', 'ann', '--role', 'domain-admin'],
          '',
          2,
          /role domain-admin needs at least one domain/,
        ],
        [
          ['user', 'add', 'ann', '--role', 'admin', '--domain', 'x.example'],
          '',
          2,
          /role admin covers all domains/,
        ],
        [
          ['user', 'add', 'ann', '--role', 'viewer', '--domain', 'a b'],
          '',
          2,
          /domain "a b" contains white space/,
        ],
        [['user', 'add', 'ann'], '', 2, /required option '--role <role>'/],
        [
          ['user', 'add', 'ann', '--role', 'admin'],
          '',
          1,
          /no password was given, and there is no terminal to ask on/,
        ],
        [
          ['user', 'add', 'ann', '--role', 'admin', '--password-stdin'],
          'short',
          1,
          /has 5 characters; use at least 12/,
        ],
        [['user', 'passwd', 'ann', '--password-stdin'], PASSWORD, 1, /no user "ann"; there are no users/],
        [['user', 'remove', 'ann'], '', 1, /no user "ann"/],
      ]
    for (const [words, input, code, said] of rows) {
      const ran = await inProcess([...words, ...on], { input })
      assert.deepEqual([ran.code, ran.stdout], [code, ''], words.join(' '))
      assert.match(ran.stderr, said)
    }
  })
})

describe('enforce-tls user, off a terminal', () => {
  it('reads the password from a pipe, without an option for it', async (t) => {
    const file = fileOf(t)
    const added = await piped(`${PASSWORD}\n`, 'user', 'add', 'ann', '--role', 'admin', '--file', file)
    assert.deepEqual(added, { code: 0, stdout: 'Added user ann (admin).\n', stderr: '' })
    assert.ok(await isPassword(PASSWORD, await passwordHash(file, 'ann')))
    const other = 'another horse battery'
    const changed = await piped(other, 'user', 'passwd', 'ann', '--file', file)
    assert.equal(changed.code, 0, changed.stderr)
    assert.ok(await isPassword(other, await passwordHash(file, 'ann')))
  })

  it('removes with --yes only, and says which user may be meant', async (t) => {
    const file = fileOf(t)
    const words = ['user', 'add', 'ann@helpdesk', '--role', 'admin', '--file', file]
    await inProcess(words, { input: PASSWORD })
    const unasked = await inProcess(['user', 'remove', 'ann@helpdesk', '--file', file])
    assert.deepEqual([unasked.code, unasked.stdout], [1, ''])
    assert.match(
      unasked.stderr,
      /nothing removed: .*\n {2}enforce-tls user remove ann@helpdesk --yes --file /,
    )
    const wrong = await inProcess(['user', 'remove', 'ann@helpdeks', '--yes', '--file', file])
    assert.match(wrong.stderr, /there is no user "ann@helpdeks"; did you mean "ann@helpdesk"\?/)
    assert.notEqual(await passwordHash(file, 'ann@helpdesk'), '')
  })
})

describe('enforce-tls token', () => {
  it('creates one that is shown once, lists and revokes it', async (t) => {
    const file = fileOf(t)
    const on = ['--file', file]
    const words = ['token', 'create', 'backup', '--role', 'viewer', '--expires', '90d', '--json', ...on]
    const { stdout } = await inProcess(words)
    const { id, token, expiresAt } = JSON.parse(stdout) as Record<'id' | 'token' | 'expiresAt', string>
    assert.match(token, /^etls_[0-9a-f]{12}_[\w-]{43}$/)
    const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000
    assert.ok(days > 89.9 && days <= 90)
    const kept = await readFile(`${file}.users.json`, 'utf8')
    const secret = token.slice(`etls_${id}_`.length)
    assert.equal(secret.length, 43)
    assert.ok(!kept.includes(secret) && kept.includes(id))
    const list = await inProcess(['token', 'list', '--json', ...on])
    assert.deepEqual(
      (JSON.parse(list.stdout) as { id: string }[]).map((each) => each.id),
      [id],
    )
    assert.match((await inProcess(['token', 'list', ...on])).stdout, /backup/)
    assert.equal((await inProcess(['token', 'revoke', id, ...on])).code, 0)
    const gone = await inProcess(['token', 'revoke', id, ...on])
    assert.deepEqual([gone.code, gone.stdout], [1, ''])
    const bad = await inProcess(['token', 'create', 'x', '--role', 'viewer', '--expires', 'soon', ...on])
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /--expires "soon" is not a time such as 12h, 90d or 1y/)
  })
})

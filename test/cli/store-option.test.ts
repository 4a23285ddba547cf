import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { chooseStore, commandLine } from '../../plugins/enforce-tls/cli/store-option.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { enforceTls, inProcess } from './enforce-tls.js'

function temporaryFolder(t: TestContext): string {
  const folder = new TemporaryFolder('cli')
  t.after(() => folder.close())
  return folder.path
}

async function harakaFolder(t: TestContext, ini: string): Promise<string> {
  const folder = temporaryFolder(t)
  await mkdir(path.join(folder, 'config'))
  await writeFile(path.join(folder, 'config/enforce-tls.ini'), ini)
  return folder
}

const standingIn = (folder: string) => ({ cwd: () => folder, env: {} })

const FILE_INI = '[store]\ntype=file\nfile=my.rules.json\n'

describe('the store of a command', { concurrency: 8 }, () => {
  it('may be named before or after the subcommand', async (t) => {
    const file = path.join(temporaryFolder(t), 'rules.json')
    for (const args of [
      ['--file', file, '--json', 'domain', 'enable', 'acme.example'],
      ['domain', '--json', '--file', file, 'enable', 'acme.example'],
      ['domain', 'enable', '--file', file, 'acme.example', '--json'],
      ['domain', 'enable', 'acme.example', `--file=${file}`, '--json'],
    ]) {
      const { code, stdout, stderr } = await inProcess(args)
      assert.deepEqual([code, stderr], [0, ''], args.join(' '))
      assert.deepEqual(JSON.parse(stdout), { domain: 'acme.example', enabled: true })
    }
  })

  it("is that of Haraka's redis.ini where enforce-tls.ini leaves it out", async (t) => {
    const folder = await harakaFolder(t, '[redis]\nprefix=rules:\n')
    await writeFile(path.join(folder, 'config/redis.ini'), '[server]\nhost=r.example\nport=7000\ndb=4\n')
    const { redis } = chooseStore({ config: folder }, standingIn('/')).settings
    assert.deepEqual(
      [redis.host, redis.port, redis.db, redis.prefix, redis.inherited],
      ['r.example', 7000, 4, 'rules:', ['host', 'port', 'db']],
    )
  })

  it('is the Redis of the defaults in a Haraka folder without an enforce-tls.ini', async (t) => {
    const folder = temporaryFolder(t)
    await mkdir(path.join(folder, 'config'))
    assert.throws(() => chooseStore({}, standingIn(folder)), /not a Haraka folder: it has no config\/plugins/)
    await writeFile(path.join(folder, 'config/plugins'), 'enforce-tls\n')
    const { settings, folder: chosen } = chooseStore({}, standingIn(folder))
    assert.deepEqual([settings.store.type, settings.redis.port, chosen], ['redis', 6379, folder])
  })

  it('is that of the Haraka folder given, or of the current one', async (t) => {
    const folder = await harakaFolder(t, FILE_INI)
    const other = temporaryFolder(t)
    assert.equal((await enforceTls(['domain', 'enable', 'a.example', '--config', folder], other)).code, 0)
    const { stdout } = await enforceTls(
      ['domain', 'list', '--json', '--file', 'config/my.rules.json'],
      folder,
    )
    assert.match(stdout, /a\.example/)
    assert.match((await enforceTls(['domain', 'list'], folder)).stdout, /a\.example/)
  })

  it('is repeated in the commands that are printed', async (t) => {
    const folder = await harakaFolder(t, FILE_INI)
    const create = ['rule', 'create', 'acme.example', 'Bank', '--to', '*']
    for (const [args, cwd, printed] of [
      [['--config', folder], undefined, ` --config ${folder}\n`],
      [['--file', "it's a file.json"], folder, String.raw` --file 'it'\''s a file.json'` + '\n'],
      [[], folder, ' acme.example\n'],
    ] as const) {
      const { code, stderr } = await inProcess([...create, ...args], cwd === undefined ? {} : { cwd })
      assert.equal(code, 1)
      assert.ok(
        stderr.endsWith(`enforce-tls domain enable acme.example${printed.replace(' acme.example', '')}`),
        stderr,
      )
    }
  })

  const WRONG: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    [
      'none where there is none',
      [],
      /not a Haraka folder: it has no config\/plugins and no config\/enforce-tls\.ini.*--redis.*--file.*--config/,
    ],
    [
      'two',
      ['--file', 'x', '--redis', 'redis://127.0.0.1'],
      /'--redis <url>' cannot be used with option '--file/,
    ],
    [
      'two others',
      ['--file', 'x', '--config', '.'],
      /'--file <rules file>' cannot be used with option '--config/,
    ],
    ['no Haraka folder', ['--config', 'nowhere'], /--config "nowhere" is not a Haraka folder/],
    [
      'no Redis URL',
      ['--redis', 'localhost:6379'],
      /--redis: the URL of the Redis does not begin with redis:\/\//,
    ],
    [
      'Sentinels without a name',
      ['--redis', 'redis+sentinel://s1.example'],
      /--redis: the URL of the Redis needs the name of the Sentinels' master.*expected: redis\+sentinel:\/\//,
    ],
    [
      'a database of a Cluster',
      ['--redis', 'redis+cluster://n1.example/2'],
      /a Redis Cluster has only database 0/,
    ],
    ['another kind of URL', ['--redis', 'http://127.0.0.1'], /does not begin with redis:\/\//],
    ['a prefix for a file', ['--file', 'x', '--prefix', 'y:'], /--prefix .* needs --redis/],
    ['an empty file name', ['--file', ''], /--file is empty/],
  ]
  for (const [what, args, says] of WRONG) {
    it(`is wrong use: ${what}`, async (t) => {
      const { code, stdout, stderr } = await inProcess(['domain', 'list', ...args], {
        cwd: temporaryFolder(t),
      })
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, says)
    })
  }

  it('is refused with file, section and key when the settings are bad', async (t) => {
    const folder = await harakaFolder(t, '[store]\ntype=disk\n')
    const { code, stderr } = await enforceTls(['domain', 'list'], folder)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^enforce-tls: \S+\/config: enforce-tls\.ini: \[store\] type=disk: expected redis, file\n$/,
    )
  })

  it('never shows the password of a Redis', () => {
    for (const url of [
      'redis://:secret@127.0.0.1',
      'rediss://me:sec%2Fret@redis.example:6380/3',
      'redis+sentinel://me:sec%2Fret@s1.example,s2.example:5/rules',
      'rediss+cluster://:secret@n1.example,n2.example',
    ]) {
      const { words, settings } = chooseStore({ redis: url }, standingIn('/'))
      assert.doesNotMatch(commandLine(...words), /sec/)
      assert.equal(settings.redis.url, url)
    }
  })
})

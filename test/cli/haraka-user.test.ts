/**
 * Files of a store beside a Haraka that becomes another user: a command of root makes them for that user, and
 * `status` looks at them as that user. Needs root, as giving files away does.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startRedis } from '../support/redis-server.js'
import { selfSigned } from '../support/certificates.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { Client } from '../console/client.js'
import { WatchedProcess } from '../support/watched-process.js'
import { enforceTls, inProcess } from './enforce-tls.js'

const MAIN = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')

const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))

function harakaFolder(t: TestContext, smtpIni: string, ini = '[store]\ntype=file\n'): string {
  const folder = new TemporaryFolder('cli')
  t.after(() => folder.close())
  chmodSync(folder.path, 0o755)
  mkdirSync(path.join(folder.path, 'config'))
  writeFileSync(path.join(folder.path, 'config/enforce-tls.ini'), ini)
  writeFileSync(path.join(folder.path, 'config/smtp.ini'), smtpIni)
  mkdirSync(path.join(folder.path, 'queue'))
  if (isRoot) chownSync(path.join(folder.path, 'queue'), idOf('-u'), idOf('-g'))
  return folder.path
}

const isRoot = process.getuid?.() === 0

describe('the user of Haraka', { skip: !isRoot && 'needs root' }, () => {
  it('gets the rules file, its history and the accounts that root makes, and a sentence says so', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=nobody\n')
    const made = await enforceTls(['domain', 'enable', 'acme.example'], folder)
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /rules\.json now belongs to nobody, the user of Haraka in smtp\.ini\.\n$/)
    for (const name of ['enforce-tls.rules.json', 'enforce-tls.rules.json.history.jsonl']) {
      const { uid, gid } = statSync(path.join(folder, 'config', name))
      assert.deepEqual([name, uid, gid], [name, idOf('-u'), process.getgid?.()])
    }
    const again = await enforceTls(['domain', 'enable', 'b.example'], folder)
    assert.doesNotMatch(again.stdout, /belongs to/)
  })

  it('gets what the console of root makes', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=nobody\n')
    const server = new WatchedProcess({
      name: 'console',
      command: process.execPath,
      args: [MAIN, 'console', '--port', '0'],
      cwd: folder,
    })
    t.after(() => server.stop('SIGINT'))
    const [, url = ''] = await server.waitForLog(/The console is at (\S+) on/)
    const [, user = '', password = ''] = await server.waitForLog(
      /Sign in as (\S+) with the password (\S+) \(/,
    )
    await server.waitForLog(/Files that it makes belong to nobody, the user of Haraka in smtp\.ini\./)
    const client = new Client(url)
    assert.equal((await client.signIn(user, password)).status, 200)
    assert.equal((await client.put('domains/acme.example', { enabled: true })).status, 200)
    for (const suffix of ['', '.history.jsonl', '.users.json', '.sessions.json']) {
      const file = path.join(folder, `config/enforce-tls.rules.json${suffix}`)
      assert.equal(statSync(file).uid, idOf('-u'), file)
    }
  })

  it('is found beside a rules file that is given by its name', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=nobody\ngroup=nogroup\n')
    const file = path.join(folder, 'config/own.rules.json')
    const { stdout } = await enforceTls(['domain', 'enable', 'acme.example', '--file', file])
    assert.match(stdout, /own\.rules\.json now belongs to nobody:nogroup,/)
    assert.equal(statSync(file).uid, idOf('-u'))
  })

  it('that this machine does not know stops the command before it makes anything', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=no-such-user\n')
    const { code, stderr } = await enforceTls(['domain', 'enable', 'acme.example'], folder)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /smtp\.ini: user=no-such-user: this machine has no such user; .* correct smtp\.ini, or/,
    )
    assert.throws(() => statSync(path.join(folder, 'config/enforce-tls.rules.json')), { code: 'ENOENT' })
  })

  it('that cannot read the rules or write the delivery log is a problem of status', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=nobody\n')
    const rules = path.join(folder, 'config/enforce-tls.rules.json')
    await inProcess(['domain', 'enable', 'acme.example'], { cwd: folder })
    const ini = path.join(folder, 'config/enforce-tls.ini')

    const readOnly = await inProcess(['status'], { cwd: folder })
    assert.equal(readOnly.code, 1)
    assert.match(
      readOnly.stderr,
      /config: nobody, the user of Haraka in smtp\.ini, cannot write the delivery log; chown nobody /,
    )

    writeFileSync(ini, '[store]\ntype=file\n[evidence]\nstream=false\n')
    const { code, stderr } = await inProcess(['status'], { cwd: folder })
    // Nothing is left but what a Haraka that runs writes itself; while it may not have had the time, nothing is wrong.
    assert.equal(code, 0)
    assert.match(stderr, /^enforce-tls: warning: this Haraka has not noted yet which store it uses .*\n$/)

    writeFileSync(
      rules,
      readFileSync(rules, 'utf8').replace(/"made": ?"[^"]*"/, '"made":"2026-01-31T12:00:00.000Z"'),
    )
    const later = await inProcess(['status'], { cwd: folder })
    assert.equal(later.code, 1)
    assert.match(later.stderr, /^enforce-tls: this Haraka has no memory of its store \(\S+\): .*\n$/)

    // Without group=, Haraka keeps the group of root.
    chownSync(rules, 0, 0)
    chmodSync(rules, 0o640)
    assert.doesNotMatch((await inProcess(['status'], { cwd: folder })).stderr, /cannot read/)

    writeFileSync(path.join(folder, 'config/smtp.ini'), '[main]\nuser=nobody\ngroup=nogroup\n')
    // A process of its own: this one has read smtp.ini.
    const ofGroup = await enforceTls(['status'], folder)
    assert.match(ofGroup.stderr, /rules\.json: nobody:nogroup, the user of Haraka in smtp\.ini, cannot read/)
    writeFileSync(path.join(folder, 'config/smtp.ini'), '[main]\nuser=nobody\n')

    chmodSync(rules, 0o600)
    const unreadable = await inProcess(['status'], { cwd: folder })
    assert.equal(unreadable.code, 1)
    assert.match(
      unreadable.stderr,
      /rules\.json: nobody, the user of Haraka in smtp\.ini, cannot read the rules; chown nobody /,
    )
  })

  it('that cannot read the key of a trust is a problem of status', async (t) => {
    const folder = harakaFolder(t, '[main]\nuser=nobody\n')
    await inProcess(['domain', 'enable', 'acme.example'], { cwd: folder })
    const own = await selfSigned({ dnsNames: ['mail.acme.example'] })
    const config = path.join(folder, 'config')
    writeFileSync(path.join(config, 'own.pem'), own.cert)
    writeFileSync(path.join(config, 'own.key'), own.key, { mode: 0o600 })
    const ini = '[store]\ntype=file\n[trust:bank]\ncert=own.pem\nkey=own.key\n'
    writeFileSync(path.join(config, 'enforce-tls.ini'), ini)
    const { code, stderr } = await inProcess(['status'], { cwd: folder })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /own\.key: nobody, the user of Haraka in smtp\.ini, cannot read it, so that mail of rules with trust bank waits; chown nobody /,
    )
    assert.doesNotMatch(stderr, /own\.pem: nobody/)
  })
})

describe('a queue folder that the user of Haraka cannot write to', { skip: !isRoot && 'needs root' }, () => {
  for (const [store, ini] of [
    ['a rules file', '[store]\ntype=file\n'],
    ['Redis', '[store]\ntype=redis\n'],
  ] as const)
    it(`or that is missing is a problem of status, with rules in ${store}`, async (t) => {
      await using redis = await startRedis()
      const folder = harakaFolder(t, '[main]\nuser=nobody\n', `${ini}[redis]\nport=${redis.port}\n`)
      const queue = path.join(folder, 'queue')
      chownSync(path.join(folder, 'config'), idOf('-u'), idOf('-g'))
      await inProcess(['domain', 'enable', 'acme.example'], { cwd: folder })
      assert.doesNotMatch((await inProcess(['status'], { cwd: folder })).stderr, /queue/)

      chownSync(queue, 0, 0)
      const denied = await inProcess(['status'], { cwd: folder })
      assert.equal(denied.code, 1)
      assert.match(
        denied.stderr,
        /queue: nobody, the user of Haraka in smtp\.ini, cannot queue mail, so mail is rejected; chown nobody \S+queue\n/,
      )
      rmSync(queue, { recursive: true })
      const missing = await inProcess(['status'], { cwd: folder })
      assert.equal(missing.code, 1)
      assert.match(missing.stderr, /queue is missing: .*; mkdir -p \S+queue && chown nobody \S+queue\n/)
    })
})

describe('a delivery log in Redis that cannot be written', () => {
  it('is a problem of status, which writes nothing to find out', async (t) => {
    await using redis = await startRedis()
    const folder = harakaFolder(t, '[main]\n', `[redis]\nport=${redis.port}\n`)
    const status = () => inProcess(['status'], { cwd: folder })
    assert.equal((await status()).code, 0)
    assert.equal(await redis.cli('EXISTS', 'enforce-tls:deliveries'), '0')
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    const full = await status()
    assert.equal(full.code, 1)
    assert.match(full.stderr, /the delivery log cannot be written: .*OOM/)
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    await redis.cli('ACL', 'SETUSER', 'default', '-xadd')
    const refused = await status()
    assert.match(refused.stderr, /the delivery log cannot be written: .*xadd/)
  })
})

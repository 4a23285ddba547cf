import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { formatResolver } from '../../plugins/enforce-tls/dns/resolver-list.js'
import { lastPeriod } from '../../plugins/enforce-tls/report/mailed/schedule.js'
import { progressText } from '../../plugins/enforce-tls/report/tls-rpt/progress.js'
import { dueDay, dueTime } from '../../plugins/enforce-tls/report/tls-rpt/schedule.js'
import { FileSentReports } from '../../plugins/enforce-tls/store/file/sent-reports.js'
import { FileDeliveryLog } from '../../plugins/enforce-tls/store/file/delivery-log.js'
import type { Rule } from '../../plugins/enforce-tls/rules/rule.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { ScriptedResolver } from '../support/scripted-resolver.js'
import { storedRule } from '../support/rules.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { enforceTls, inProcess, RulesFile, type FakeTerminal } from './enforce-tls.js'

const OVER = '2020-01-01T00:00:00Z'

describe('status', { concurrency: 8 }, () => {
  it('of a rules file that is in order counts what is there', async (t) => {
    const rulesFile = await RulesFile.create(t, 'a.example', 'b.example')
    await rulesFile.createRule('a.example', 'on', '--to', '*', '--enable')
    await rulesFile.createRule('a.example', 'off', '--to', '*')
    await rulesFile.createRule('bob@b.example', 'sleeps', '--to', '*', '--enable')
    await rulesFile.createRule('*', 'all', '--to', '*', '--enable')
    await rulesFile.createRule('bob@b.example', 'over', '--to', '*', '--enable', '--expires-at', OVER)
    assert.match(await rulesFile.done('domain', 'disable', 'b.example'), /Inactive now: 1 rule /)
    const said = await rulesFile.done('status')
    assert.match(said, /^ *store +rules file \S+rules\.json$/m)
    assert.match(said, /^ *size +\d+ bytes$/m)
    assert.match(said, /^ *changed +\d{4}-/m)
    assert.match(said, /^ *history +since \d{4}-.*; beyond 1000 changes or 16 MB the oldest are dropped$/m)
    assert.match(said, /^ *owners +3$/m)
    assert.match(said, /^ *domains +1 on, 1 off$/m)
    assert.match(said, /^ *rules +2 on, 1 off, 1 inactive .*, 1 expired$/m)
    assert.match(said, /^ *problems +0$/m)
  })

  it('says what is set for REQUIRETLS where Haraka has its settings', async (t) => {
    const rulesFile = await RulesFile.create(t, 'a.example')
    assert.doesNotMatch(await rulesFile.done('status'), /REQUIRETLS/)
    // Haraka's reader gives a file that it knows as it was first.
    const said = async (lines: string): Promise<string> => {
      const folder = new TemporaryFolder('cli-requiretls')
      t.after(() => folder.close())
      await mkdir(path.join(folder.path, 'config'))
      const ini = path.join(folder.path, 'config', 'enforce-tls.ini')
      await writeFile(ini, `[store]\ntype=file\n[requiretls]\n${lines}`)
      return (await inProcess(['status', '--config', folder.path])).stdout.replace(/\s+/g, ' ')
    }
    assert.match(
      await said(''),
      /REQUIRETLS not announced \(announce=false\); policy enforce; TLS-Required: No counts /,
    )
    assert.match(
      await said(
        'announce=true\nannounce_except[]=10.0.0.0/8\npolicy=opportunistic\npolicy_for=bank.example enforce\nhonour_no=false\n',
      ),
      /REQUIRETLS announced inside TLS, but not to 10\.0\.0\.0\/8; policy opportunistic \(1 line policy_for beside it\); TLS-Required: No does not count \(honour_no=false\)/,
    )
  })

  it('says since when the delivery log has entries, and in the folder of Haraka what is dropped', async (t) => {
    const rulesFile = await RulesFile.create(t, 'a.example')
    assert.doesNotMatch(await rulesFile.done('status'), /delivery log/)
    const record = { id: 'a', at: '2026-11-20T10:00:00.000Z' }
    await new FileDeliveryLog(rulesFile.file).append([record], 1000)
    assert.match(await rulesFile.done('status'), /^ *delivery log +since 2026-11-20 10:00:00 UTC$/m)
    const config = path.join(path.dirname(rulesFile.file), 'config')
    await mkdir(config)
    const ini = `[store]\ntype=file\nfile=${rulesFile.file}\n[evidence]\nmax_age=30d\n`
    await writeFile(path.join(config, 'enforce-tls.ini'), ini)
    const { stdout } = await enforceTls(['status', '--config', path.dirname(rulesFile.file)])
    assert.match(
      stdout,
      /^ *delivery log +since 2026-11-20 10:00:00 UTC; what is older than 30 days, or beyond about 100000 entries, is dropped$/m,
    )
  })

  it('of a rules file that is not there yet says so', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { stdout, stderr } = await rulesFile.run('status')
    assert.match(stdout, /the file does not exist yet, so there are no rules/)
    assert.match(
      stderr,
      /warning: rules file \S+ is missing and has no marker: if it had rules, they are lost/,
    )
    await writeFile(rulesFile.file, '{}')
    assert.match((await rulesFile.run('status')).stderr, /rules file \S+ is empty and has no marker/)
  })

  it('of a Redis that refuses connections names the file as another way, until it was there', async (t) => {
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    await mkdir(path.join(made.path, 'config'))
    await writeFile(path.join(made.path, 'config/enforce-tls.ini'), '[redis]\nport=1\n')
    const { stderr } = await inProcess(['status', '--config', made.path])
    assert.match(
      stderr,
      /refuses connections[^]*without Redis: \[store\] type=file in config\/enforce-tls\.ini/,
    )
  })

  it('of a rules file that is no document says where', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await writeFile(rulesFile.file, '{ "rules": [] }')
    const { code, stderr } = await rulesFile.run('status')
    assert.equal(code, 1)
    assert.match(stderr, /rules: is not an object/)
  })
})

/** `status` of a Haraka folder with these settings. */
async function status(t: TestContext, ini: string, more: readonly string[] = []) {
  const [level = 'encrypt', mode] = more[0] === '--json' ? [] : more
  const made = new TemporaryFolder('cli-haraka')
  t.after(() => made.close())
  const config = path.join(made.path, 'config')
  await mkdir(config)
  await writeFile(path.join(config, 'enforce-tls.ini'), `[store]\ntype=file\n${ini}`)
  const rules = JSON.stringify({
    rules: {
      '*': {
        all: { ...storedRule({ to: ['*'], action: { level } }), ...(mode === undefined ? {} : { mode }) },
      },
    },
  })
  await writeFile(path.join(config, 'enforce-tls.rules.json'), rules)
  return await inProcess(['status', '--config', made.path, ...(more[0] === '--json' ? more : [])])
}

describe('the DNS resolvers of the settings', () => {
  it('are asked whether they validate, and one that does not is a warning', async (t) => {
    await using good = await ScriptedResolver.start(() => undefined)
    await using bad = await ScriptedResolver.start(() => undefined)
    bad.validates = false
    const names = [good, bad].map(({ address }) => formatResolver(address))
    const ini = `[dns]\n${names.map((name) => `resolver[]=${name}\n`).join('')}`
    const { stdout, stderr } = await status(t, ini)
    assert.match(
      stdout,
      new RegExp(
        `^ {2}DNS resolvers +${names[0]} validates DNSSEC\n +${names[1]} does not validate DNSSEC`,
        'm',
      ),
    )
    assert.match(
      stderr,
      new RegExp(
        `^enforce-tls: warning: DNS resolver ${names[1]} does not validate DNSSEC: .*; it is not used until it validates DNSSEC$`,
        'm',
      ),
    )
    const { resolvers } = JSON.parse((await status(t, ini, ['--json'])).stdout) as {
      resolvers: { validates: boolean }[]
    }
    assert.deepEqual(
      resolvers.map(({ validates }) => validates),
      [true, false],
    )
  })

  it('are asked where a rule needs one, and it is said which mail waits', async (t) => {
    await using bad = await ScriptedResolver.start(() => undefined)
    bad.validates = false
    const ini = `[dns]\nresolver=${formatResolver(bad.address)}\n`
    const waiting =
      /no DNS resolver validates DNSSEC, so mail that needs it waits: see the rule "[^"]+" of \*\. Set \[dns\] resolver/
    assert.match((await status(t, ini, ['dane'])).stderr, waiting)
    assert.doesNotMatch((await status(t, ini)).stderr, waiting)
    assert.doesNotMatch((await status(t, ini, ['dane', 'report'])).stderr, waiting)
    assert.doesNotMatch((await status(t, `${ini}[main]\nreport_only=true\n`, ['dane'])).stderr, waiting)
  })

  it('are not spoken of where none is set', async (t) => {
    const { stdout } = await status(t, '')
    assert.doesNotMatch(stdout, /DNS/)
    assert.doesNotMatch((await status(t, '', ['--json'])).stdout, /resolver/)
  })
})

describe('mail that another plugin hands on', () => {
  /** A Haraka folder with these plugins and lines of `[main]`, and a rule of `*` for `*`. */
  async function folder(t: TestContext, plugins: string, main = ''): Promise<string> {
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    const config = path.join(made.path, 'config')
    await mkdir(config)
    await writeFile(path.join(config, 'plugins'), plugins)
    await writeFile(path.join(config, 'enforce-tls.ini'), `[store]\ntype=file\n[main]\n${main}`)
    await writeFile(
      path.join(config, 'enforce-tls.rules.json'),
      JSON.stringify({
        rules: {
          '*': {
            all: storedRule({ to: ['*'] }),
          },
        },
      }),
    )
    return made.path
  }
  const explained = ['explain', '--from', 'ann@acme.example', '--to', 'cfo@bank.example']
  const LIST = '# queues\nenforce-tls\nqueue/discard\nqueue/smtp_forward\n'

  it('is said to be incoming, with the plugin', async (t) => {
    const config = ['--config', await folder(t, LIST)]
    assert.match(
      (await inProcess(['status', ...config])).stdout,
      /^ *forwarded mail +incoming: outgoing rules do not cover mail for local recipients that queue\/smtp_forward may forward$/m,
    )
    const json = JSON.parse((await inProcess(['status', '--json', ...config])).stdout) as object
    assert.equal((json as { forwardedMail: string }).forwardedMail, 'incoming')
    assert.match(
      (await inProcess([...explained, ...config])).stdout,
      /^Only mail that Haraka relays is covered\. Mail for local recipients that queue\/smtp_forward may forward counts as incoming, and is not \(\[main\] forwarded_mail=incoming\)\.$/m,
    )
  })

  it('is warned of where REQUIRETLS is announced, and it is incoming', async (t) => {
    const announced =
      /REQUIRETLS is announced, but mail for local recipients that queue\/smtp_forward may forward/
    for (const [ini, plugins, isWarned] of [
      ['[requiretls]\nannounce=true\n', LIST, true],
      ['[requiretls]\nannounce=true\n', 'enforce-tls\nqueue/lmtp\n', false],
      ['forwarded_mail=outgoing\n[requiretls]\nannounce=true\n', LIST, false],
      ['', LIST, false],
    ] as const) {
      const config = ['--config', await folder(t, plugins, ini)]
      const { stdout, stderr } = await inProcess(['status', ...config])
      assert.equal(announced.test((stdout + stderr).replace(/\s+/g, ' ')), isWarned, ini)
    }
  })

  it('is said to be outgoing where it is', async (t) => {
    const config = ['--config', await folder(t, LIST, 'forwarded_mail=outgoing\n')]
    assert.match(
      (await inProcess(['status', ...config])).stdout,
      /^ *forwarded mail +outgoing: outgoing rules cover mail for local recipients, before queue\/smtp_forward may hand it on$/m,
    )
    assert.doesNotMatch(
      (await inProcess([...explained, ...config])).stdout,
      /Only mail that Haraka relays is covered/,
    )
  })

  it('is no word of explain where no plugin hands mail on, or the plugins are not known', async (t) => {
    const config = ['--config', await folder(t, 'enforce-tls\nqueue/quarantine\n')]
    assert.doesNotMatch((await inProcess([...explained, ...config])).stdout, /hand on/)
    const rulesFile = await RulesFile.create(t, 'acme.example')
    assert.doesNotMatch(await rulesFile.done('status'), /forwarded/)
  })
})

describe('status of a Redis with broken entries', () => {
  let redis: RedisServer
  const good = JSON.stringify(storedRule({ to: ['bank.example'] }))
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())
  beforeEach(async () => {
    await redis.cli('FLUSHALL')
    await redis.cli(
      'HSET',
      'enforce-tls:domains',
      'a.example',
      '{"enabled":true}',
      'B.example',
      '{}',
      'c.example',
      'x',
    )
    await redis.cli('HSET', 'enforce-tls:rules:a.example', 'good', good, 'text', 'no\u001b json')
    await redis.cli('HSET', 'enforce-tls:rules:A.example', 'never', good)
    await redis.cli('HSET', 'enforce-tls:rules:bob@asleep.example', 'sleeps', good)
    await redis.cli('SET', 'enforce-tls:rules:wrong.example', 'text')
  })

  const status = (args: readonly string[], terminal?: FakeTerminal) =>
    inProcess(['status', ...args, '--redis', redis.url], terminal)

  it('names each with its place and problem, and fails', async () => {
    const { code, stdout, stderr } = await status([])
    assert.equal(code, 1)
    assert.match(stdout, /^ *version +Redis \d+\.\d+\.\d+$/m)
    assert.match(stdout, /^ *problems +6$/m)
    assert.match(stdout, /^ *beside broken ones +1 rule that is on: mail of the same owners waits/m)
    const sentences = [
      /key enforce-tls:domains, field B\.example: is never looked up; expected: b\.example/,
      /key enforce-tls:domains, field c\.example: is not JSON/,
      /key enforce-tls:rules:a\.example, field text: is not JSON/,
      /key enforce-tls:rules:A\.example, field never: owner "A\.example" is never looked up; expected: a\.example/,
      /rules of "bob@asleep\.example" are inactive: message rules were never switched on for asleep\.example; switch them on with: enforce-tls domain enable asleep\.example --redis /,
      /key enforce-tls:rules:wrong\.example is not a hash/,
    ]
    for (const sentence of sentences) assert.match(stderr, sentence)
    assert.match(stderr, /\n {2}enforce-tls status --fix --redis \S+\n$/)
    assert.ok(!(stdout + stderr).includes('\u001b'))
  })

  it('--json has the same as data', async () => {
    const { code, stdout } = await status(['--json'])
    assert.equal(code, 1)
    const { problems, warnings, ...rest } = JSON.parse(stdout) as {
      problems: { field: string | null; value: unknown }[]
      warnings: string[]
    }
    assert.equal(problems.length, 6)
    assert.match(
      warnings.join(),
      /^redis [^,]* writes nothing to disk .*, so a restart of Redis loses all rules; set /,
    )
    assert.deepEqual(problems.find(({ field }) => field === 'text')?.value, 'no\u001b json')
    assert.deepEqual(
      { ...rest, store: undefined, version: undefined },
      {
        store: undefined,
        version: undefined,
        owners: 4,
        domains: { on: 1, off: 0 },
        rules: { on: 1, off: 0, sleeping: 1, expired: 0 },
        beside: 1,
        groups: 0,
        id: null,
        spellings: [],
      },
    )
  })

  it('--fix asks about each, removes what is confirmed, and records it', async () => {
    const { code, stdout, stderr } = await status(['--fix', '--as', 'ann'], { answer: 'y\nn\ny\n' })
    assert.equal(code, 1, 'not all is repaired')
    assert.equal(stderr.match(/Remove it\? \[y\/N\]/g)?.length, 4)
    assert.match(stdout, /field text: is not JSON.*\n {2}no\\u001b json\n/)
    assert.equal(await redis.cli('HKEYS', 'enforce-tls:domains'), 'a.example\nc.example')
    const { stdout: history } = await inProcess(['history', '--json', '--redis', redis.url])
    const entries = JSON.parse(history) as { by: string; to: unknown }[]
    assert.deepEqual(
      entries.map(({ by, to }) => [by, to]),
      [
        ['ann', null],
        ['ann', null],
      ],
    )
  })

  it('--fix --yes removes what is broken and surely not in force, and no rule that only sleeps', async () => {
    const { code } = await status(['--fix', '--yes'])
    assert.equal(code, 1)
    assert.equal(await redis.cli('HKEYS', 'enforce-tls:domains'), 'a.example')
    assert.equal(await redis.cli('HLEN', 'enforce-tls:rules:a.example'), '2')
    assert.equal(await redis.cli('EXISTS', 'enforce-tls:rules:A.example'), '0')
    assert.equal(await redis.cli('HKEYS', 'enforce-tls:rules:bob@asleep.example'), 'sleeps')
    await redis.cli('DEL', 'enforce-tls:rules:wrong.example')
    await redis.cli('HDEL', 'enforce-tls:rules:a.example', 'text')
    await inProcess(['domain', 'enable', 'asleep.example', '--redis', redis.url])
    assert.equal((await enforceTls(['status', '--redis', redis.url])).code, 0)
  })

  it('--fix where nobody can be asked removes nothing', async () => {
    const { code, stderr } = await status(['--fix'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /nothing was removed: there is no terminal to ask on; --yes removes what is certainly not in force, without a question/,
    )
    assert.equal(await redis.cli('HLEN', 'enforce-tls:domains'), '3')
  })
})

describe('status of entries in the spelling of an earlier version', () => {
  it('says what they are read as, and is good; export, edit and undo write the spelling of today', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const rule = { ...storedRule({ to: ['*@bank.example', 'localhost'] }) }
    const old = {
      groups: { banks: ['*@bank.example'] },
      rules: { '*': { r1: rule }, '*@acme.example': { r1: rule } },
    }
    writeFileSync(rulesFile.file, JSON.stringify(old))
    const { code, stderr } = await rulesFile.run('status')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /warning: groups\["banks"\]: value \[0\]: "\*@bank\.example" would match nothing; write bank\.example .*; it is read as what was meant/,
    )
    assert.match(
      stderr,
      /warning: rules\["\*"\]\["r1"\]: field criteria\.to\.matchesAny\[0\]: "\*@bank\.example" would match nothing/,
    )
    // The name of an owner is a key: nobody looks that one up, and nobody did.
    assert.match(
      stderr,
      /rules\["\*@acme\.example"\]\["r1"\]: owner "\*@acme\.example" would match nothing; write acme\.example/,
    )

    const exported = await rulesFile.run('export')
    const document = JSON.parse(exported.stdout) as {
      groups: object
      rules: Record<string, Record<string, Rule>>
    }
    assert.deepEqual(document.groups, { banks: ['bank.example'] })
    const { criteria } = document.rules['*']?.['r1'] ?? {}
    assert.deepEqual(criteria, { to: { matchesAny: ['bank.example', 'localhost.'] } })
    const own = await RulesFile.create(t)
    writeFileSync(own.file, exported.stdout)
    await own.done('status')

    const again = path.join(path.dirname(rulesFile.file), 'old.json')
    writeFileSync(again, JSON.stringify(old))
    const refused = await own.run('import', again, '--yes')
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /groups\["banks"\]: value \[0\]: "\*@bank\.example" would match nothing; write bank/,
    )
    assert.match(
      refused.stderr,
      /rules\["\*"\]\["r1"\]: field criteria\.to\.matchesAny\[0\]: "\*@bank\.example" would match nothing/,
    )
    assert.match(refused.stderr, /rules\["\*@acme\.example"\]: owner "\*@acme\.example" would match nothing/)
    assert.match(refused.stderr, /nothing was written/)

    await rulesFile.done('rule', 'edit', '*', 'r1', '--name', 'Bank')
    assert.match((await rulesFile.content()) ?? '', /"localhost\."/)
  })
})

describe('TLS reports', () => {
  const ON = '[tls_rpt]\nenabled=true\norganization=Acme Ltd\ncontact=tls@acme.example\n'

  it('are spoken of where they are on: what was sent last, and what fails', async (t) => {
    await using resolver = await ScriptedResolver.start(() => undefined)
    const ini = `${ON}[dns]\nresolver=${formatResolver(resolver.address)}\n`
    assert.match((await status(t, ini)).stdout, /^ *TLS reports +none sent yet$/m)
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    const config = path.join(made.path, 'config')
    await mkdir(config)
    await writeFile(path.join(config, 'enforce-tls.ini'), `[store]\ntype=file\n${ini}`)
    const file = path.join(config, 'enforce-tls.rules.json')
    await writeFile(
      file,
      JSON.stringify({
        rules: {
          '*': {
            all: storedRule({ to: ['*'] }),
          },
        },
      }),
    )
    const day = dueDay(new Date(), dueTime('tls@acme.example')).toISOString().slice(0, 10)
    const state = new FileSentReports(file, 'tls-rpt')
    const at = Date.parse('2026-11-21T03:04:05Z')
    await state.write(day, 'a.example mailto:x@a.example', progressText('sent', at))
    await state.write(
      day,
      'b.example https://b.example/',
      progressText('failed', at, 'answers with status 503'),
    )
    const { stdout, stderr } = await inProcess(['status', '--config', made.path])
    assert.match(
      stdout,
      new RegExp(`TLS reports +of ${day}: 1 report sent, the last one at 2026-11-21 03:04 UTC, 1 not sent`),
    )
    assert.match(
      stderr,
      new RegExp(
        `warning: TLS report of ${day} for b.example https://b.example/ is not sent yet: answers with status 503`,
      ),
    )
    const { tlsReports } = JSON.parse(
      (await inProcess(['status', '--json', '--config', made.path])).stdout,
    ) as {
      tlsReports: object
    }
    assert.deepEqual(tlsReports, { day, sent: 1, lastSent: '2026-11-21T03:04:05.000Z', failed: 1 })
  })

  it('need a resolver that validates', async (t) => {
    await using resolver = await ScriptedResolver.start(() => undefined)
    resolver.validates = false
    const { stderr } = await status(t, `${ON}[dns]\nresolver=${formatResolver(resolver.address)}\n`)
    assert.match(stderr, /warning: TLS reports cannot be sent: no DNS resolver that validates DNSSEC answers/)
  })

  it('are not spoken of where they are off, and refused without a name', async (t) => {
    assert.doesNotMatch((await status(t, '')).stdout, /TLS reports/)
    const { code, stderr } = await status(t, '[tls_rpt]\nenabled=true\n')
    assert.notEqual(code, 0)
    assert.match(stderr, /\[tls_rpt\] enabled=true needs organization=/)
  })
})

describe('reports by mail', () => {
  it('are spoken of where somebody gets them: whether the last one was sent, with a warning where it is late', async (t) => {
    assert.doesNotMatch((await status(t, '')).stdout, /by mail/)
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    const config = path.join(made.path, 'config')
    await mkdir(config)
    const ini = '[store]\ntype=file\n[report]\nto=compliance@acme.example\nevery=month\nowner=acme.example\n'
    await writeFile(path.join(config, 'enforce-tls.ini'), ini)
    const rules = { '*': { all: storedRule({ to: ['*'] }) } }
    const file = path.join(config, 'enforce-tls.rules.json')
    await writeFile(file, JSON.stringify({ rules }))
    const { name, words, until } = lastPeriod('month', new Date())
    const shown = () => inProcess(['status', '--config', made.path])
    assert.match((await shown()).stdout, new RegExp(`reports by mail +of ${words}: not sent yet`))
    if (Date.now() - until.getTime() > 2 * 3_600_000)
      assert.match((await shown()).stderr, new RegExp(`warning: the report of ${words} is not sent yet`))
    const state = new FileSentReports(file, 'report')
    const at = Date.parse('2026-11-02T03:04:05Z')
    await state.write(name, 'all', progressText('sent', at))
    assert.match((await shown()).stdout, /not sent yet/, 'of another owner')
    await state.write(name, 'acme.example', progressText('sent', at))
    const { stdout, stderr } = await shown()
    assert.match(stdout, new RegExp(`reports by mail +of ${words}: sent at 2026-11-02 03:04 UTC`))
    assert.doesNotMatch(stderr, /report/)
    const { mailedReports } = JSON.parse(
      (await inProcess(['status', '--json', '--config', made.path])).stdout,
    ) as { mailedReports: object }
    assert.deepEqual(mailedReports, { period: name, sent: '2026-11-02T03:04:05.000Z' })
  })
})

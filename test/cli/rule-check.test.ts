import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { openOwnPartners, type OpenPartners } from '../../plugins/enforce-tls/cli/partners.js'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/owner-entries.js'
import { startPartners, type TestPartners } from '../support/partners.js'
import { silence } from '../support/peer-steps.js'
import { inProcess, type FakeTerminal } from './enforce-tls.js'

let world: TestPartners | string
before(async () => {
  world = await startPartners(
    {
      'bank.example': {},
      'plain.example': { starttls: false },
      'silent.example': { on: { connect: silence } },
      'stuck.example': { on: { handshake: silence } },
    },
    { zones: { 'fails.example': { servfail: true } } },
  )
})
after(async () => {
  if (typeof world !== 'string') await world[Symbol.asyncDispose]()
})

// A rule of another test would come first.
beforeEach(async () => {
  if (typeof world === 'string') return
  const { stdout } = await run(world, ['rule', 'list', '*', '--json'])
  for (const { id } of JSON.parse(stdout) as OwnedRule[])
    await run(world, ['rule', 'delete', '*', id, '--yes'])
})

/** Runs a command in the folder, with the DNS of the test. */
function run(place: TestPartners, args: readonly string[], fake: FakeTerminal = {}) {
  const partners: OpenPartners = (at) => openOwnPartners({ ...at, dns: place.dns.address })
  return inProcess([...args, '--config', place.folder], { partners, ...fake })
}

/** Makes a rule of `*`; gives what came on standard error, and its id. */
async function created(t: TestContext, to: readonly string[], ...options: readonly string[]) {
  if (typeof world === 'string') {
    t.skip(world)
    return null
  }
  const ran = await run(world, ['rule', 'create', '*', 'Bank', '--to', ...to, '--json', ...options])
  assert.equal(ran.code, 0)
  return { stderr: ran.stderr, id: (JSON.parse(ran.stdout) as OwnedRule).id, place: world }
}

describe('a rule that is switched on', () => {
  it('comes without a word where every partner would get its mail', async (t) => {
    const rule = await created(t, ['bank.example', '.sub.example', '*'], '--enable')
    if (!rule) return
    assert.equal(rule.stderr, '')
    // What partners publish is looked up by `check` alone.
    const questions = rule.place.dns.questions.filter((question) => /^(?:SOA|TLSA) /.test(question))
    assert.deepEqual(questions, [])
  })

  it('warns of a partner that would not, with the command that says more', async (t) => {
    const rule = await created(t, ['bank.example', 'cfo@plain.example'])
    if (!rule) return
    assert.equal(rule.stderr, '', 'a rule that is off is not looked at')
    const { code, stdout, stderr } = await run(rule.place, ['rule', 'enable', '*', rule.id])
    assert.equal(code, 0)
    assert.match(stdout, /^Rule \w+ of \* \(Bank\) is on/)
    assert.equal(
      stderr,
      [
        'enforce-tls: warning: mail to cfo@plain.example would bounce now: mx.plain.example does not offer STARTTLS; look closer with:',
        `  enforce-tls check cfo@plain.example --level encrypt --config ${rule.place.folder}`,
        '',
      ].join('\n'),
    )
  })

  it('warns by the level of the rule, also of the members of a group', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    await run(world, ['group', 'set', 'banks', 'bank.example', 'fails.example'])
    const rule = await created(t, ['group:banks'], '--enable', '--level', 'verify')
    assert.match(
      rule?.stderr ?? '',
      /mail to bank\.example would bounce now: mx\.bank\.example has a certificate that is not trusted/,
    )
    assert.match(
      rule?.stderr ?? '',
      /whether mail to fails\.example would be delivered is unknown now; ask again with:\n {2}enforce-tls check fails\.example --level verify/,
    )
  })

  const REQUIRED: readonly (readonly string[])[] = [
    ['--require-onward', 'must'],
    ['--level', 'secure', '--require-onward', 'must', '--min-version', 'TLSv1.3'],
    ['--level', 'verify', '--on-failure', 'defer'],
    ['--level', 'secure', '--cert-name', 'mx.bank.example', '.clinic.example'],
    ['--level', 'fingerprint', '--fingerprint', 'AB:'.repeat(32).slice(0, -1)],
    ['--level', 'dane', '--otherwise', 'encrypt'],
    ['--trust', 'partner-a', '--level', 'verify'],
    ['--via', 'relay', '--on-failure', 'reroute', '--level', 'verify'],
  ]
  for (const options of REQUIRED) {
    it(`is followed by a command that finds the same: ${options.join(' ')}`, async (t) => {
      const rule = await created(t, ['bank.example'], '--enable', ...options)
      if (!rule) return
      const hint = /^ {2}enforce-tls (check .*?) --config /m.exec(rule.stderr)
      assert.ok(hint, rule.stderr)
      const words = hint[1]?.split(' ') ?? []
      for (const each of options) assert.ok(words.includes(each), `${each} of ${words.join(' ')}`)
      const { code, stdout } = await run(rule.place, words)
      const why = /would (?:bounce|wait) now[^:]*: (.*?)(?: \(by DNS.*)?; look closer/.exec(rule.stderr)?.[1]
      assert.equal(code, why === undefined ? 3 : 1, stdout)
      // A name of the rule is in the one alone.
      const begun = why?.replace(/(?: of rule |, or change the rule).*/, '') ?? ''
      assert.ok(stdout.replace(/\s+/g, ' ').includes(begun), `${begun}\n${stdout}`)
    })
  }

  it('can be checked by its id, on or not, with all that it requires', async (t) => {
    const rule = await created(t, ['x.example'], '--level', 'secure', '--cert-name', 'a.example')
    if (!rule) return
    const ran = await run(rule.place, ['check', 'bank.example', '--owner', '*', '--rule', rule.id, '--json'])
    const { level, requirement, decidedBy, verdict } = JSON.parse(ran.stdout) as PartnerCheck
    assert.deepEqual([level, verdict, ran.code], ['secure', 'bounced', 1])
    assert.deepEqual(requirement.namesAnyOf, [['bank.example', '.bank.example', 'a.example']])
    assert.deepEqual(decidedBy, [{ owner: '*', id: rule.id, name: 'Bank' }])
    const exemption = await created(t, ['x.example'], '--level', 'none')
    for (const [words, code, said] of [
      [['--rule', rule.id], 2, /--owner and --rule go together/],
      [['--owner', '*', '--rule', 'gone'], 1, /\* has no rule "gone"/],
      [['--owner', '*', '--rule', exemption?.id ?? ''], 1, /requires nothing of the servers of a partner/],
      [['--owner', '*', '--rule', rule.id, '--level', 'verify'], 2, /cannot be used with option/],
    ] as const) {
      const refused = await run(rule.place, ['check', 'bank.example', ...words])
      assert.equal(refused.code, code, refused.stderr)
      assert.match(refused.stderr, said)
    }
  })

  it('prints data only with --json, with warnings on standard error', async (t) => {
    const rule = await created(t, ['plain.example'], '--enable')
    if (rule) assert.match(rule.stderr, /^enforce-tls: warning: mail to plain\.example would bounce now/)
  })

  const QUIET: readonly (readonly [what: string, options: readonly string[]])[] = [
    ['--no-check', ['--enable', '--no-check']],
    ['an exemption', ['--enable', '--level', 'none']],
    ['a rule that stays off', []],
    ['a rule that is over', ['--enable', '--expires-at', '2020-01-01T00:00:00Z']],
  ]
  for (const [what, options] of QUIET) {
    it(`asks nobody for ${what}`, async (t) => {
      if (typeof world === 'string') return t.skip(world)
      const asked = world.dns.questions.length
      const rule = await created(t, ['plain.example'], ...options)
      assert.doesNotMatch(rule?.stderr ?? '', /mail to/)
      assert.equal(world.dns.questions.length, asked)
    })
  }

  it('asks nobody for a rule that an exemption above it leaves without effect', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const exemption = await created(t, ['nowhere.example'], '--enable', '--level', 'none')
    const rule = await created(t, ['nowhere.example'], '--enable')
    if (exemption) await run(world, ['rule', 'delete', '*', exemption.id, '--yes'])
    const again = await run(world, ['rule', 'enable', '*', rule?.id ?? ''])
    assert.equal(rule?.stderr, '')
    assert.match(
      again.stderr,
      /mail to nowhere\.example would bounce now: .* \(by DNS alone: if a plugin routes mail with get_mx, check with --mx host:port\); look closer/,
    )
  })

  it('is on within some seconds where servers or DNS are silent, and does not take that for a refusal', async (t) => {
    const rule = await created(t, ['silent.example', 'stuck.example'])
    if (!rule) return
    const started = performance.now()
    const { code, stderr } = await run(rule.place, ['rule', 'enable', '*', rule.id])
    assert.equal(code, 0)
    assert.doesNotMatch(stderr, /would bounce/)
    assert.match(stderr, /whether mail to silent\.example, stuck\.example would be delivered is unknown now/)
    const dns = createSocket('udp4').bind(0, '127.0.0.1')
    await once(dns, 'listening')
    const partners: OpenPartners = (at) => openOwnPartners({ ...at, dns: `127.0.0.1:${dns.address().port}` })
    const again = await run(rule.place, ['rule', 'enable', '*', rule.id], { partners })
    dns.close()
    assert.match(
      again.stderr,
      /whether mail to silent\.example, stuck\.example would be delivered is unknown now/,
    )
    assert.ok(performance.now() - started < 10_000)
  })

  it('is on although the servers can not be asked at all', async (t) => {
    const rule = await created(t, ['bank.example'])
    if (!rule) return
    const partners: OpenPartners = () => Promise.reject(new Error('[tls] ca is no file'))
    const { code, stderr } = await run(rule.place, ['rule', 'enable', '*', rule.id], { partners })
    assert.deepEqual(
      [code, stderr],
      [
        0,
        'enforce-tls: warning: the mail servers of the recipients could not be asked: [tls] ca is no file\n',
      ],
    )
  })
})

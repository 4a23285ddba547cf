/** The settings: the file that is shipped, its table in the documents and the code say the same, and what is wrong is said in words. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatResolver } from '../../../plugins/enforce-tls/dns/resolver-list.js'
import { KEYS, toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { POLICY_FOR_EXPECTED } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { oneLine } from '../../../plugins/enforce-tls/text/one-line.js'
import { SettingsError } from '../../../plugins/enforce-tls/settings/settings.js'
import { repositoryRoot } from '../../support/repository.js'

const read = (...name: string[]) => readFileSync(join(repositoryRoot(), ...name), 'utf8')
const sorted = (keys: Readonly<Record<string, object>>) =>
  Object.fromEntries(Object.entries(keys).map(([name, section]) => [name, Object.keys(section).sort()]))

/** The sections of the shipped file, with the keys that stand in comments, too; values of the others. */
function shipped() {
  const keys: Record<string, Set<string>> = {}
  const values: Record<string, Record<string, string>> = {}
  let section = ''
  for (const line of read('config', 'enforce-tls.ini').split('\n')) {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section
    const [, commented, key, value] = /^(; )?([a-z_]+)(?:\[\])?=(\S*(?: \S+)?)$/.exec(line) ?? []
    if (key === undefined) continue
    ;(keys[section] ??= new Set()).add(key)
    if (commented === undefined) (values[section] ??= {})[key] = value ?? ''
  }
  return { keys, values }
}

describe('the settings', () => {
  it('that are shipped name every key, and are the defaults', () => {
    const { keys, values } = shipped()
    assert.deepEqual(
      Object.fromEntries(Object.entries(keys).map(([name, section]) => [name, [...section].sort()])),
      sorted(KEYS),
    )
    const typed = Object.fromEntries(
      Object.entries(values).map(([name, section]) => [
        name,
        Object.fromEntries(
          Object.entries(section).map(([key, value]) => [key, /^\d+$/.test(value) ? Number(value) : value]),
        ),
      ]),
    )
    assert.deepEqual(toSettings(typed), toSettings({}))
  })

  it('are all in config/README.md, with these defaults', () => {
    const { values } = shipped()
    const rows: Record<string, string[]> = {}
    let section = ''
    for (const line of read('config', 'README.md').split('\n')) {
      const [, name = '', keys = '', initial = ''] = /^\| (.*?) +\| (.*?) +\| (.*?) +\| /.exec(line) ?? []
      section = /^`\[(\w+)\]`/.exec(name)?.[1] ?? (name.trim() === '' ? section : '')
      if (!(section in KEYS)) continue
      const named = [...keys.matchAll(/`([a-z_]+)(?:\[\])?`/g)].map(([, key = '']) => key)
      ;(rows[section] ??= []).push(...named)
      const defaults = [...initial.matchAll(/`([^`]+)`/g)].map(([, value]) => value)
      named.forEach((key, index) => {
        const value = values[section]?.[key]
        if (value !== undefined) assert.equal(defaults[index], value, `${section} ${key}`)
      })
    }
    assert.deepEqual(
      Object.fromEntries(Object.entries(rows).map(([name, keys]) => [name, keys.sort()])),
      sorted(KEYS),
    )
  })

  const mailbox = 'an address such as postmaster@acme.example'
  const several = `${mailbox}; to[]= for several, a line for each`
  const reportOwner = '* (the whole service), a sending domain such as acme.example, or one sender address'
  const resolver =
    'the IP address of a resolver, with a port where it is not 53 (127.0.0.1:5353 or [::1]:5353); resolver[]= for several, a line for each'
  for (const [section, key, value, expected] of [
    ['dns', 'resolver', 'localhost', resolver],
    ['dns', 'resolver', ['127.0.0.1', '127.0.0.1:99999'], resolver],
    ['dns', 'resolver', ',', resolver],
    ['alert', 'to', 'postmaster', several],
    ['alert', 'to', 'Ann <ann@acme.example>', several],
    ['alert', 'to', ['ann@acme.example', 'a b@acme.example'], several],
    ['alert', 'from', 'x@acme.example\r\nBcc: y@acme.example', mailbox],
    [
      ...(['report', 'to', 'compliance'] as const),
      'an address such as compliance@acme.example; to[]= for several, a line for each',
    ],
    ['report', 'from', 'mta', mailbox],
    ['report', 'every', 'day', 'week, month'],
    ['report', 'owner', 'a b', reportOwner],
    ['report', 'owner', 'all', reportOwner],
    ['alert', 'interval', 'soon', 'a time such as 500ms, 30s or 2m'],
    ['metrics', 'enabled', 'maybe', 'true or false'],
    ['metrics', 'allow', '10.0.0.0/33', 'a list of addresses or networks (allow[]=192.0.2.0/24)'],
    [
      'metrics',
      'allow',
      ['::1', 'monitor.example'],
      'a list of addresses or networks (allow[]=192.0.2.0/24)',
    ],
    ['requiretls', 'policy_for', ['x'.repeat(10_000)], POLICY_FOR_EXPECTED],
  ] as const)
    it(`refuse [${section}] ${key}=${oneLine(String(value), 100)}`, () => {
      assert.throws(
        () => toSettings({ [section]: { [key]: value } }),
        new SettingsError(
          `enforce-tls.ini: [${section}] ${key}=${oneLine(String(value), 100)}: expected ${expected}`,
        ),
      )
    })

  it('take one address for alerts, or several', () => {
    assert.deepEqual(toSettings({ alert: { to: 'a@acme.example' } }).alert.to, ['a@acme.example'])
    const to = ['a@acme.example', 'b@bücher.example']
    assert.deepEqual(toSettings({ alert: { to } }).alert.to, to)
  })

  it('fetch policies from private addresses only where that is said', () => {
    const isSaid = (value?: string) =>
      toSettings({ mta_sts: { private_addresses: value } }).mtaSts.privateAddresses
    assert.deepEqual([isSaid(), isSaid('false'), isSaid('no'), isSaid('true')], [false, false, false, true])
  })

  it('take one DNS resolver, or several', () => {
    const resolversOf = (resolver?: string | string[]) =>
      toSettings({ dns: { resolver } }).dns.resolver.map(formatResolver)
    assert.deepEqual(resolversOf(), [])
    assert.deepEqual(resolversOf('127.0.0.1'), ['127.0.0.1:53'])
    assert.deepEqual(resolversOf(['127.0.0.1:5353', '::1, [::1]:54']), [
      '127.0.0.1:5353',
      '[::1]:53',
      '[::1]:54',
    ])
  })

  for (const [tls_rpt, says] of [
    [{}, 'enabled=true needs organization=: the name of who reports, such as Acme Ltd'],
    [
      { organization: 'Acme' },
      'enabled=true needs contact=: whom partners may ask, such as postmaster@acme.example',
    ],
    [
      { organization: 'Acme', contact: 'tls@acme.example', stream: 'false' },
      'enabled=true needs [evidence] stream=true: reports are made of the delivery log',
    ],
  ] as const)
    it(`refuse TLS reports with ${JSON.stringify(tls_rpt)}`, () => {
      const { stream, ...section } = { stream: 'true', ...tls_rpt }
      assert.throws(
        () => toSettings({ tls_rpt: { enabled: 'true', ...section }, evidence: { stream } }),
        new SettingsError(`enforce-tls.ini: [tls_rpt] ${says}`),
      )
    })

  const to = 'compliance@acme.example'
  for (const [report, evidence, says] of [
    [{ to }, { stream: 'false' }, 'to= needs [evidence] stream=true: the report is made of the delivery log'],
    [
      { to },
      { max_age: '7d' },
      'every=week needs [evidence] max_age=8d or more: the report is made of the delivery log',
    ],
    [
      { to, every: 'month' },
      { max_age: '31d' },
      'every=month needs [evidence] max_age=32d or more: the report is made of the delivery log',
    ],
  ] as const)
    it(`refuse reports by mail with ${JSON.stringify([report, evidence])}`, () => {
      assert.throws(
        () => toSettings({ report, evidence }),
        new SettingsError(`enforce-tls.ini: [report] ${says}`),
      )
      // Nobody gets one: nothing is missing.
      assert.deepEqual(toSettings({ report: { ...report, to: '' }, evidence }).report.to, [])
    })

  it('take reports by mail with what they need, their owner and From as they are compared', () => {
    const { report } = toSettings({
      report: { to, every: 'month', owner: 'B\u00dcCHER.example', from: 'mta@b\u00fccher.example' },
      evidence: { max_age: '32d' },
    })
    assert.deepEqual(report, {
      to: [to],
      every: 'month',
      owner: 'xn--bcher-kva.example',
      from: 'mta@xn--bcher-kva.example',
    })
  })

  it('take private addresses of partners only where they say so', () => {
    const { mtaSts, tlsRpt } = toSettings({
      mta_sts: { private_addresses: 'false' },
      tls_rpt: { private_addresses: 'no', contact: 'tls@b\u00fccher.example' },
    })
    assert.deepEqual([mtaSts.privateAddresses, tlsRpt.privateAddresses], [false, false])
    assert.equal(tlsRpt.contact, 'tls@xn--bcher-kva.example')
    assert.equal(toSettings({ mta_sts: { private_addresses: 'true' } }).mtaSts.privateAddresses, true)
  })
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { FileDeliveryLog } from '../../plugins/enforce-tls/store/file/delivery-log.js'
import { entry } from '../support/evidence-entries.js'
import { RulesFile } from './enforce-tls.js'

const at = new Date(Date.now() - 3_600_000).toISOString()

async function log(rulesFile: RulesFile, ...entries: readonly Partial<DeliveryLogEntry>[]): Promise<void> {
  await new FileDeliveryLog(rulesFile.file).append(
    entries.map((wanted) => toRecord(entry({ at, uuid: 'U.1.1', ...wanted }))),
    1000,
  )
}

const FAILED = {
  mx: 'a-rather-long-name-of-a-mail-server.bank.example',
  address: '192.0.2.25:25',
  class: 'certificate-expired',
  detail: 'has a certificate that expired on 2026-11-01',
  status: '5.7.5',
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  issuer: 'CN=First CA, O=First Certificates',
  sender: 'ann@acme.example',
  to: ['cfo@bank.example'],
  rules: [{ owner: 'acme.example', id: 'r1', name: 'Enforced TLS to First Bank' }],
} as const satisfies Partial<DeliveryLogEntry>

describe('trace', { concurrency: 8 }, () => {
  it('shows each attempt and outcome in 80 columns, with names and the next step', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(
      rulesFile,
      { ...FAILED, rules: [...FAILED.rules], to: [...FAILED.to], kind: 'attempt', result: 'failed' },
      { ...FAILED, rules: [...FAILED.rules], to: [...FAILED.to], result: 'bounced' },
    )
    const text = await rulesFile.done('trace', '--to', 'cfo@bank.example')
    assert.match(
      text,
      /^Bounced: message U\.1\.1\n {2}from {2}ann@acme\.example\n {2}to {4}cfo@bank\.example\n/,
    )
    assert.match(text, /rule {2}Enforced TLS to First Bank \(acme\.example\), level encrypt\n/)
    assert.match(
      text,
      /Next: Ask the operators of bank\.example .*\nSee what fails with: enforce-tls check bank\.example --level encrypt/,
    )
    for (const line of text.split('\n').filter((each) => /[│┌├└]/.test(each)))
      assert.ok(line.length <= 80, line)
  })

  it('names a check for each rule, with all that the rule requires', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('domain', 'enable', 'acme.example', '--no-check')
    const rule = ['rule', 'create', 'acme.example', 'Bank', '--to', 'bank.example', '--json']
    const ids: string[] = []
    for (const options of [
      ['--require-onward', 'must'],
      ['--level', 'dane', '--otherwise', 'encrypt'],
    ])
      ids.push((JSON.parse(await rulesFile.done(...rule, ...options)) as { id: string }).id)
    const rules = [...ids, 'gone'].map((id) => ({ owner: 'acme.example', id }))
    const own = { owner: '*', id: 'requiretls' }
    await log(
      rulesFile,
      { ...FAILED, uuid: 'U.1.1', to: [...FAILED.to], rules, level: 'verify', result: 'bounced' },
      { ...FAILED, uuid: 'U.2.1', to: [...FAILED.to], rules: [own], result: 'bounced' },
    )
    const checks = async (uuid: string) =>
      [...(await rulesFile.done('trace', '--uuid', uuid)).matchAll(/See what fails with: (.*) --file/g)].map(
        ([, command]) => command,
      )
    assert.deepEqual(await checks('U.1.1'), [
      'enforce-tls check bank.example --level encrypt --require-onward must',
      'enforce-tls check bank.example --level dane --otherwise encrypt',
      'enforce-tls check bank.example --level verify',
    ])
    assert.deepEqual(await checks('U.2.1'), [
      'enforce-tls check bank.example --level encrypt --require-onward must',
    ])
  })

  it('asks which messages, and refuses what can not be meant', async (t) => {
    const rulesFile = await RulesFile.create(t)
    for (const [args, message] of [
      [[], /Say which messages: with --message-id/],
      [['--to', 'bank.example'], /--to "bank\.example" is not an address; for a domain use --partner/],
      [['--uuid', 'U', '--since', 'soon'], /--since "soon" is not a time/],
      [['--uuid', 'U', '--limit', '0'], /--limit "0" is not a number from 1 to 1000/],
      [['--uuid', 'U', '--output', 'x'], /--output belongs to --statement/],
      [['--result', 'lost'], /Allowed choices are delivered, as-usual, rerouted, waiting/],
    ] as const) {
      const { code, stderr } = await rulesFile.run('trace', ...args)
      assert.equal(code, 2, stderr)
      assert.match(stderr, message)
    }
  })

  it('says what the log can not know', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(rulesFile, {})
    const { code, stdout } = await rulesFile.run('trace', '--to', 'norule@acme.example')
    assert.equal(code, 1)
    assert.match(
      stdout,
      /has no such message\.\nMail that no rule covers is not recorded, .*\nIt goes back to \d{4}-.*; older entries were dropped\.\n/,
    )
    const json = await rulesFile.run('trace', '--to', 'norule@acme.example', '--json')
    assert.deepEqual([json.code, json.stdout], [1, '[]\n'])
  })

  it('makes a statement on one message, as text or as a page', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(rulesFile, { protocol: 'TLSv1.3', mx: 'mx.bank.example' }, { uuid: 'V.1.1' })
    const refused = await rulesFile.run('trace', '--partner', 'bank.example', '--statement')
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /2 match; choose one with --uuid:\n(?:enforce-tls: [UV]\.1\.1: \d{4}-.*, to .*bank\.example, delivered\n){2}/,
    )
    assert.match(
      await rulesFile.done('trace', '--uuid', 'U.1', '--statement'),
      /\nYes\. It was handed to mx\.bank/,
    )
    const file = path.join(path.dirname(rulesFile.file), 'statement.html')
    await rulesFile.done('trace', '--uuid', 'U.1', '--statement', '--output', file)
    assert.match(readFileSync(file, 'utf8'), /^<!doctype html>/)
    const none = await rulesFile.runAlone('trace', '--uuid', 'X', '--statement')
    assert.match(none.stderr, /has no such message\.[^]*no rule covers is not recorded/)
  })
})

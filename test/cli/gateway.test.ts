/** Rules that name a gateway, as a user writes and reads them. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { makeAuthority } from '../support/certificates.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, type Ran } from './enforce-tls.js'

/** The command on a Haraka folder with these gateways. */
function withGateways(
  t: TestContext,
  lines: string,
  { ini = '', files = {} }: { readonly ini?: string; readonly files?: Readonly<Record<string, string>> } = {},
): (...args: readonly string[]) => Promise<Ran> {
  const folder = new TemporaryFolder('gateways')
  t.after(() => folder.close())
  mkdirSync(path.join(folder.path, 'config'))
  writeFileSync(
    path.join(folder.path, 'config', 'enforce-tls.ini'),
    `[store]\ntype=file\n[gateways]\n${lines}\n${ini}\n`,
  )
  for (const [name, text] of Object.entries(files))
    writeFileSync(path.join(folder.path, 'config', name), text)
  return (...args) => inProcess([...args, '--config', folder.path], { partners: openOwnPartners })
}

const RELAY = 'relay=smtp://relay-user:S3CRET@gw.relay.example'

async function created(run: (...args: readonly string[]) => Promise<Ran>, ...options: readonly string[]) {
  const ran = await run(
    'rule',
    'create',
    '*',
    'Bank',
    '--to',
    'bank.example',
    '--no-check',
    '--json',
    ...options,
  )
  assert.equal(ran.code, 0, ran.stderr)
  return { ran, owned: JSON.parse(ran.stdout) as OwnedRule }
}

describe('a rule with a gateway', { concurrency: 4 }, () => {
  it('is created, shown, listed and explained, without the password anywhere', async (t) => {
    const run = withGateways(t, RELAY)
    const { ran, owned } = await created(run, '--on-failure', 'reroute', '--via', 'relay', '--enable')
    assert.equal(ran.stderr, '')
    assert.deepEqual(owned.rule.actions.relayWithTls, {
      level: 'encrypt',
      onFailure: 'reroute',
      via: 'relay',
    })
    const shown = await run('rule', 'show', '*', owned.id)
    assert.match(
      shown.stdout.replace(/\s+/g, ' '),
      /and where no server of the recipients fulfils that, it goes through the gateway "relay" instead/,
    )
    const list = await run('rule', 'list', '*')
    assert.match(list.stdout, /or via relay/)
    const explained = await run('explain', '--from', 'ann@acme.example', '--to', 'cfo@bank.example')
    assert.match(explained.stdout.replace(/\s+/g, ' '), /goes through the gateway "relay" instead/)
    const data = await run('explain', '--from', 'ann@acme.example', '--to', 'cfo@bank.example', '--json')
    const { requirement } = JSON.parse(data.stdout) as { requirement: { gateway: object } }
    assert.deepEqual(requirement.gateway, { names: ['relay'], always: false, others: null })
    const status = await run('status')
    for (const { stdout, stderr } of [ran, shown, list, explained, data, status, await run('export')])
      assert.doesNotMatch(stdout + stderr, /S3CRET|relay-user/)
  })

  it('that is for all mail says so, and loses it with --no-via', async (t) => {
    const run = withGateways(t, RELAY)
    const { owned } = await created(run, '--via', 'relay')
    const shown = await run('rule', 'show', '*', owned.id)
    assert.match(shown.stdout.replace(/\s+/g, ' '), /all of it goes through the gateway "relay"/)
    const edited = await run('rule', 'edit', '*', owned.id, '--no-via', '--json')
    assert.deepEqual((JSON.parse(edited.stdout) as OwnedRule).rule.actions.relayWithTls, { level: 'encrypt' })
  })

  it('that reroutes needs one', async (t) => {
    const run = withGateways(t, RELAY)
    const ran = await run('rule', 'create', '*', 'Bank', '--to', 'bank.example', '--on-failure', 'reroute')
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, /--via is missing; onFailure reroute needs the gateway/)
  })

  it('that this server does not know is accepted, with a warning here and in status', async (t) => {
    const run = withGateways(t, RELAY)
    const { ran, owned } = await created(run, '--via', 'rellay', '--enable')
    assert.match(
      ran.stderr,
      /warning: the gateway "rellay" is not in \[gateways\] of enforce-tls\.ini here \(did you mean relay\?\): mail that has to go through it waits until it is\./,
    )
    const status = await run('status')
    assert.match(status.stdout + status.stderr, /the gateway "rellay" is not in \[gateways\]/)
    const edited = await run('rule', 'edit', '*', owned.id, '--comment', 'x', '--no-check')
    assert.match(edited.stderr, /the gateway "rellay" is not in/)
    const mended = await run('rule', 'edit', '*', owned.id, '--via', 'relay', '--no-check')
    assert.doesNotMatch(mended.stderr, /is not in/)
  })
})

describe('a gateway', () => {
  it('is listed in status, and asked by check, without the password anywhere', async (t) => {
    const authority = await makeAuthority('Test CA')
    await using peer = await startPeer({
      tls: await authority.issue({ ipAddresses: ['127.0.0.1'] }),
      capabilities: ['AUTH PLAIN'],
    })
    const lines = [
      `relay=smtp://relay-user:S3CRET@127.0.0.1:${peer.port}`,
      `other=smtp://127.0.0.1:${peer.port}?trust=gone`,
    ].join('\n')
    const run = withGateways(t, lines, {
      ini: '[tls]\nca=ca.pem\n[trust:gone]\nca=gone.pem',
      files: { 'ca.pem': authority.cert },
    })
    const status = await run('status')
    assert.match(
      status.stdout,
      new RegExp(`gateways +relay: 127\\.0\\.0\\.1:${peer.port} by STARTTLS, level verify, with a login\\n`),
    )
    assert.match(status.stdout, /other: .* trust gone \(unusable\), without a login/)
    assert.match(status.stderr, /mail that goes through the gateway other waits: trust "gone" cannot be used/)

    const found = await run('check', '--gateway', 'relay')
    assert.equal(found.code, 0, found.stderr)
    const text = found.stdout.replace(/\s+/g, ' ')
    assert.match(
      text,
      /^gateway relay: mail would be handed to it\. 127\.0\.0\.1 .* fulfils what is required of the gateway/,
    )
    assert.match(
      text,
      /Checked at level verify, 127\.0\.0\.1:\d+ by STARTTLS\. AUTH: offered \(PLAIN\); a login is set, and was not tried\./,
    )
    const data = await run('check', '--gateway', 'relay', '--json')
    assert.equal((JSON.parse(data.stdout) as { verdict: string }).verdict, 'delivered')
    const unusable = await run('check', '--gateway', 'other')
    assert.equal(unusable.code, 1)
    const unknown = await run('check', '--gateway', 'rellay')
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /the gateway "rellay" is not in \[gateways\] .*did you mean relay\?/)
    assert.equal((await run('check', 'bank.example', '--gateway', 'relay')).code, 2)
    await peer.goDown()
    assert.equal((await run('check', '--gateway', 'relay')).code, 3)
    for (const { stdout, stderr } of [status, found, data, unusable, unknown])
      assert.doesNotMatch(stdout + stderr, /S3CRET|relay-user/)
  })

  it('that rules files know nothing of is refused', async () => {
    const ran = await inProcess(['check', '--gateway', 'relay', '--file', '/nowhere.json'])
    assert.match(ran.stderr, /gateways are in enforce-tls\.ini: say with --config which Haraka folder/)
  })
})

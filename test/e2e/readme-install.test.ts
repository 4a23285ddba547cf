/** What the documents tell somebody to do who installs the plugin, done. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { READY_PLUGIN } from '../support/haraka-plugins.js'
import { installedPackage } from '../support/installed-package.js'
import { startRedis } from '../support/redis-server.js'
import { repositoryRoot } from '../support/repository.js'
import { startPeer } from '../support/smtp-peer.js'
import { runToEnd } from '../support/watched-process.js'

const read = (...document: string[]) => readFileSync(join(repositoryRoot(), ...document), 'utf8')

/** The words of the first commands behind a text, without `npx enforce-tls`. */
function commandsBehind(text: string, document: string): string[][] {
  const [, behind = ''] = document.split(text)
  const [, block = ''] = /```sh\n([^]*?)```/.exec(behind) ?? []
  return block
    .trim()
    .split('\n')
    .map((line) =>
      [...line.replace('npx enforce-tls ', '').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, word]) => quoted ?? word ?? '',
      ),
    )
}

/** Runs the command in a Haraka folder; gives what it prints. */
async function commandIn(folder: string): Promise<(words: readonly string[]) => Promise<string>> {
  const { bin } = await installedPackage()
  return (words) => runToEnd(process.execPath, [bin, ...words], { cwd: folder })
}

it('the commands of the README make the first rule, and more of it, in a folder without settings of the plugin', async () => {
  await using redis = await startRedis()
  await using haraka = await startHaraka({ config: { 'redis.ini': `[server]\nport=${redis.port}\n` } })
  const run = await commandIn(haraka.folder)
  let id = ''
  const commands = commandsBehind('\nMake the first rule', read('README.md'))
  assert.equal(commands.length, 3)
  for (const words of commands) {
    const said = await run(words.map((word) => (word === 'ID' ? id : word)))
    id = /^Created rule (\S+) /.exec(said)?.[1] ?? id
  }
  assert.match(await redis.cli('HGET', 'enforce-tls:rules:acme.example', id), /"enabled":true/)
  assert.match(await run(['status']), /^ *problems +0$/m)

  const said: string[] = []
  for (const heading of ['\n### Encrypted up to the mailbox', "\n### In the sender's language"])
    for (const words of commandsBehind(heading, read('README.md')))
      said.push(await run(words.map((word) => (word === 'ID' ? id : word))))
  assert.match(await redis.cli('HGET', 'enforce-tls:rules:acme.example', id), /"requireOnward":"offered"/)
  assert.equal(said.length, 3)
  assert.match(said.at(-1) ?? '', /Ihre Nachricht an cfo@bank\.example/)
})

it('the complete example of config/README.md relays mail, and holds the one to the banks to its rule', async () => {
  const [, example = ''] = /\n## A complete example\n([^]*?)\n## /.exec(read('config', 'README.md')) ?? []
  const files = Object.fromEntries(
    [...example.matchAll(/^`config\/([\w.-]+)`[^]*?\n```\w*\n([^]*?)```/gm)].map(
      ([, name = '', content = '']) => [name, content],
    ),
  )
  const wanted = ['enforce-tls.ini', 'me', 'plugins', 'relay.ini', 'relay_acl_allow', 'smtp.ini']
  assert.deepEqual(Object.keys(files).sort(), wanted)

  const company = await makeAuthority('Company CA')
  await using bank = await startPeer({ tls: await company.issue({ dnsNames: ['mx.bank.example'] }) })
  await using mallory = await startPeer()
  await using florist = await startPeer({ starttls: false })
  await using acme = await startPeer()
  const { 'smtp.ini': smtp = '', plugins = '', relay_acl_allow: allowed = '' } = files
  await using haraka = await startHaraka({
    config: {
      ...files,
      // Its own port and user, one process; the mail server is on loopback, and the routes are those of the test.
      'smtp.ini': smtp.replace(/^(?:user|group)=.*\n/gm, '').replace('0.0.0.0:25', '127.0.0.1:0\nnodes=0'),
      relay_acl_allow: allowed.replace('192.0.2.10', '127.0.0.1'),
      plugins: `test-routes\n${plugins}${READY_PLUGIN}\n`,
      'company-ca.pem': company.cert,
    },
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'mail.bank.example': [mallory.route({ name: 'mx.bank.example' })],
      'florist.example': [florist.route({ name: 'mx.florist.example' })],
      'acme.example': [acme.route({ name: 'mail.acme.example' })],
    },
  })
  const run = await commandIn(haraka.folder)
  for (const words of commandsBehind('\nStart Haraka', example)) await run(words)

  for (const to of ['cfo@bank.example', 'cfo@mail.bank.example', 'roses@florist.example'])
    await haraka.send({ from: 'ann@acme.example', to })
  const [covered] = await bank.waitForMessages()
  assert.equal(covered?.tls?.protocol, 'TLSv1.3')
  assert.deepEqual((await florist.waitForMessages()).length, 1)
  const [bounce] = await acme.waitForMessages()
  assert.match(bounce?.data ?? '', /certificate-not-trusted/)
  assert.equal(mallory.messages.length, 0)
})

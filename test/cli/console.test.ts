import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { Client } from '../console/client.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { WatchedProcess } from '../support/watched-process.js'
import { inProcess } from './enforce-tls.js'

const MAIN = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')

function started(folder: string, ...args: readonly string[]): WatchedProcess {
  const all = [MAIN, 'console', '--port', '0', ...args]
  return new WatchedProcess({ name: 'console', command: process.execPath, args: all, cwd: folder })
}

describe('enforce-tls console', () => {
  it('serves the console on this machine, with a first user, on a rules file in the current folder', async () => {
    await using folder = new TemporaryFolder('console')
    const first = started(folder.path)
    const [, url = '', file = ''] = await first.waitForLog(/The console is at (\S+) on rules file (\S+)\.\n/)
    const [, user = '', password = ''] = await first.waitForLog(/Sign in as (\S+) with the password (\S+) \(/)
    await first.waitForLog(/Ctrl-C ends it/)
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/enforce-tls\/$/)
    assert.ok(file.endsWith('enforce-tls.rules.json'))

    const client = new Client(url)
    assert.equal((await client.signIn(user, password)).status, 200)
    assert.equal((await client.put('domains/acme.example', { enabled: true })).status, 200)
    const domains = await inProcess(['domain', 'list', '--json', '--file', file])
    assert.deepEqual(JSON.parse(domains.stdout), [{ domain: 'acme.example', enabled: true, rules: 0 }])
    assert.equal((await fetch(url)).status, 200)
    await first.stop('SIGINT')

    const second = started(folder.path)
    await second.waitForLog(/Sign in as one of its users/)
    await second.stop('SIGTERM')
  })

  it('answers nobody who came by another name', async () => {
    await using folder = new TemporaryFolder('console')
    const server = started(folder.path, '--json')
    const [, url = ''] = await server.waitForLog(/"url": "(\S+)"/)
    const { request } = await import('node:http')
    const status = await new Promise((resolve) => {
      request(url, { headers: { host: 'attacker.example' } }, (response) =>
        resolve(response.statusCode),
      ).end()
    })
    assert.equal(status, 421)
    await server.stop('SIGINT')
  })

  it('says what is wrong with its port', async () => {
    const { code, stderr } = await inProcess(['console', '--port', 'x', '--file', '/tmp/x.json'])
    assert.equal(code, 2)
    assert.match(stderr, /--port "x" is not a number from 0 to 65535/)
  })
})

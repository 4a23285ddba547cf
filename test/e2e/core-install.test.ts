/** An install without the optional packages: mail is guarded as ever; console and metrics say what they lack. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { startHaraka } from '../support/haraka.js'
import { installedPackage } from '../support/installed-package.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

describe('an install without optional packages', () => {
  it('guards mail, and says once each what console and metrics lack', async () => {
    await using bank = await startPeer({ starttls: false })
    await using haraka = await startHaraka({
      omitOptional: true,
      config: {
        ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
        'enforce-tls.ini': '[store]\ntype=file\n[console]\nenabled=true\n',
        'http.ini': 'listen=127.0.0.1:0\n',
      },
      routes: { 'bank.example': [bank.route()] },
    })
    assert.match(
      haraka.log,
      /metrics need the package prom-client, which is not installed: npm install prom-client; without it, set \[metrics\] enabled=false/,
    )
    await haraka.waitForLog(/express app is at[^]*Listening on \S+:\d/)
    const ports = [...haraka.log.matchAll(/Listening on (\S+:\d+)/g)].map(([, address]) => address)
    const url = ports.at(-1) ?? ''
    assert.equal((await fetch(`http://${url}/enforce-tls/metrics`)).status, 503)
    assert.equal((await fetch(`http://${url}/enforce-tls/`)).status, 404)
    assert.equal((await fetch(`http://${url}/enforce-tls/`)).status, 404)
    const told =
      /no console: the console needs the package [\w-]+, which is not installed: npm install express helmet rate-limiter-flexible/g
    assert.equal([...haraka.log.matchAll(told)].length, 1)

    await haraka.send({ from: 'bob@acme.example', to: ['cfo@bank.example'] })
    await haraka.waitForLog(/bounced/i)
    assert.equal(bank.messages.length, 0)
  })

  it('has a command that names the packages which accounts need, and brings no Haraka', async () => {
    const { bin, nodeModules } = await installedPackage(undefined, 'optional')
    assert.equal(existsSync(join(nodeModules, 'Haraka')), false)
    const failed = await promisify(execFile)(bin, ['user', 'list', '--file', 'none.json']).catch(
      (error: unknown) => error,
    )
    const { stderr } = failed as { stderr: string }
    assert.match(
      stderr,
      /the console needs the package express, which is not installed: npm install express helmet rate-limiter-flexible/,
    )
  })
})

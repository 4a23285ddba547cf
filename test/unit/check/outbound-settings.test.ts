import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { configOf, outboundSettings } from '../../../plugins/enforce-tls/check/outbound-settings.js'
import { harakaRoot } from '../../support/repository.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

/** Asks Haraka's own code what it makes of a folder; what of it the plugin heeds, as JSON. */
const HARAKA_SAYS = `
const tls = require(${JSON.stringify(join(harakaRoot(), 'outbound', 'tls.js'))})
const { cfg } = require(${JSON.stringify(join(harakaRoot(), 'outbound', 'config.js'))})
tls.load_config()
const { key, cert, ciphers, ecdhCurve } = tls.get_tls_options({ exchange: 'mx.example' })
const { local_mx_ok, connect_timeout } = cfg
process.stdout.write('RESULT' + JSON.stringify({ key, cert, ciphers, ecdhCurve, local_mx_ok, connect_timeout }))
process.exit(0)
`

const ROWS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an empty folder': {},
  'key and certificate of [outbound]': {
    'tls.ini': '[outbound]\nkey=client.key\ncert=client.pem\n',
    'client.key': 'a key',
    'client.pem': 'a certificate',
  },
  'key, certificate and ciphers of the main section': {
    'tls.ini': 'key=server.key\ncert=server.pem\nciphers=HIGH\n',
    'server.key': 'a key',
    'server.pem': 'a certificate',
  },
  '[outbound] before the main section': {
    'tls.ini': 'key=server.key\nciphers=HIGH\n[outbound]\nkey=client.key\nciphers=LOW\necdhCurve=P-256\n',
    'server.key': 'a key',
    'client.key': 'another key',
  },
  'files that are not there': { 'tls.ini': '[outbound]\nkey=no.key\ncert=no.pem\n' },
  'a list of files': {
    'tls.ini': '[outbound]\nkey[]=one.key\nkey[]=two.key\n',
    'one.key': '1',
    'two.key': '2',
  },
  'nothing behind the key': { 'tls.ini': 'key=server.key\n[outbound]\nkey=\n', 'server.key': 'a key' },
  'outbound.ini': { 'outbound.ini': 'local_mx_ok=true\nconnect_timeout=7\n' },
  'words for yes': { 'outbound.ini': '[main]\nlocal_mx_ok=enabled\n' },
  'words for no': { 'outbound.ini': 'local_mx_ok=never\n' },
}

describe('what a Haraka folder says about outgoing sessions is what Haraka itself reads there', () => {
  const folder = new TemporaryFolder('outbound-settings')
  after(() => folder.close())

  for (const [index, [name, files]] of Object.entries(ROWS).entries()) {
    it(name, () => {
      const home = join(folder.path, String(index))
      mkdirSync(join(home, 'config'), { recursive: true })
      for (const [file, content] of Object.entries(files)) writeFileSync(join(home, 'config', file), content)
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_ENV'))
      const said = execFileSync(process.execPath, ['-e', HARAKA_SAYS], {
        env: { ...env, HARAKA: home },
        encoding: 'utf8',
      })
      const haraka = JSON.parse(said.slice(said.indexOf('RESULT') + 6)) as Record<string, unknown>
      const { tls, localMxOk, connectTimeout } = outboundSettings(configOf(home))
      const { key, cert, ciphers, ecdhCurve } = tls
      const ours = {
        key,
        cert,
        ciphers,
        ecdhCurve,
        local_mx_ok: localMxOk,
        connect_timeout: connectTimeout / 1000,
      }
      assert.deepEqual(JSON.parse(JSON.stringify(ours)), haraka)
    })
  }

  it('the name is that of the file me, and the host name without one', () => {
    const home = join(folder.path, 'named')
    mkdirSync(join(home, 'config'), { recursive: true })
    writeFileSync(join(home, 'config', 'me'), 'mail.acme.example\n')
    assert.equal(outboundSettings(configOf(home)).helo, 'mail.acme.example')
    assert.equal(outboundSettings(null).helo, hostname())
  })
})

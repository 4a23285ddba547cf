/** The sections `[trust:<name>]`: what they become, and what is wrong with one in words. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import type { Section } from '../../../plugins/enforce-tls/settings/values.js'

const NOTHING = { ca: [], cert: '', key: '', serverName: '', ciphers: '', groups: '' }

describe('a section of a named trust', () => {
  it('may stand there in any number, each with what it says', () => {
    const { trusts } = toSettings({
      'trust:bank': { ca: 'bank.pem', cert: 'own.pem', key: 'own.key' },
      'trust:Clinic_2.x': { ca: ['a.pem', 'b.pem'], server_name: 'Bücher.Example' },
      'trust:constructor': { ciphers: 'ECDHE+AESGCM', groups: 'X25519', ca: '' },
    })
    assert.deepEqual(trusts, {
      bank: { ...NOTHING, ca: ['bank.pem'], cert: 'own.pem', key: 'own.key' },
      'Clinic_2.x': { ...NOTHING, ca: ['a.pem', 'b.pem'], serverName: 'xn--bcher-kva.example' },
      constructor: { ...NOTHING, ciphers: 'ECDHE+AESGCM', groups: 'X25519' },
    })
  })

  const NAME =
    'expected as its name: a letter or digit, followed by up to 63 letters, digits, dots, hyphens and underscores'
  const ROWS: readonly (readonly [name: string, section: Section, says: string])[] = [
    ['trust:', { ca: 'a.pem' }, NAME],
    ['trust:a b', { ca: 'a.pem' }, NAME],
    ['trust:-a', { ca: 'a.pem' }, NAME],
    [`trust:${'a'.repeat(65)}`, { ca: 'a.pem' }, NAME],
    [
      'trust:a',
      { cert: 'a.pem' },
      'cert= is one half of a client certificate; both cert= and key= are needed',
    ],
    ['trust:a', { key: 'a.key' }, 'key= is one half of a client certificate; both cert= and key= are needed'],
    ['trust:a', {}, 'is empty; expected one of ca=, cert=, key=, server_name=, ciphers=, groups='],
    [
      'trust:a',
      { server_name: '192.0.2.1' },
      'server_name=192.0.2.1: expected a host name such as mx.partner.example',
    ],
    ['trust:a', { server_name: 'a b' }, 'server_name=a b: expected a host name such as mx.partner.example'],
    [
      'trust:a',
      { cipher: 'X' },
      'unknown key cipher (did you mean ciphers?); allowed keys: ca, cert, key, server_name, ciphers, groups',
    ],
  ]
  for (const [name, section, says] of ROWS)
    it(`is refused as [${name.slice(0, 20)}] ${JSON.stringify(section)}`, () =>
      assert.throws(() => toSettings({ [name]: section }), {
        name: 'SettingsError',
        message: `enforce-tls.ini: [${name}] ${says}`,
      }))

  it('is named where a section is unknown', () =>
    assert.throws(() => toSettings({ trust: {} }), /unknown section \[trust\].*trust:<name>/))
})

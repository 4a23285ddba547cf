/** The section `[gateways]`: what each line becomes, and every way to be refused, never with the password in it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SettingsError } from '../../../plugins/enforce-tls/settings/error.js'
import { gatewayAddress } from '../../../plugins/enforce-tls/settings/gateways.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

const read = (gateways: Record<string, unknown>) => toSettings({ gateways }).gateways
const one = (value: unknown) => read({ relay: value })[0]

describe('the section [gateways]', () => {
  it('is empty by default, and a line without a value is none', () => {
    assert.deepEqual(toSettings({}).gateways, [])
    assert.deepEqual(read({ relay: '' }), [])
  })

  for (const [value, host, port, implicitTls, login, trust] of [
    ['smtp://gw.example', 'gw.example', 587, false, null, null],
    ['smtp://GW.Example:25/', 'gw.example', 25, false, null, null],
    ['smtps://gw.example', 'gw.example', 465, true, null, null],
    ['smtp://192.0.2.1:2525', '192.0.2.1', 2525, false, null, null],
    ['smtp://[2001:db8::1]', '2001:db8::1', 587, false, null, null],
    ['smtp://bücher.example', 'xn--bcher-kva.example', 587, false, null, null],
    ['smtp://ann:s3cret@gw.example', 'gw.example', 587, false, ['ann', 's3cret'], null],
    [
      'smtp://ann%40acme.example:p%3Aa%40s%2Fs%23%25@gw.example?trust=inner',
      'gw.example',
      587,
      false,
      ['ann@acme.example', 'p:a@s/s#%'],
      'inner',
    ],
  ] as const)
    it(`reads ${value}`, () => {
      assert.deepEqual(one(value), {
        name: 'relay',
        host,
        port,
        implicitTls,
        login: login && { user: login[0], password: login[1] },
        trust,
      })
    })

  it('keeps several apart by their names', () => {
    assert.deepEqual(
      read({ relay: 'smtp://a.example', 'relay-2': 'smtp://b.example' }).map(({ name, host }) => [
        name,
        host,
      ]),
      [
        ['relay', 'a.example'],
        ['relay-2', 'b.example'],
      ],
    )
  })

  it('says where a gateway is without user and password', () => {
    assert.equal(gatewayAddress({ host: 'gw.example', port: 587 }), 'gw.example:587')
    assert.equal(gatewayAddress({ host: '2001:db8::1', port: 25 }), '[2001:db8::1]:25')
  })

  for (const [value, says] of [
    ['gw.example', /relay=… .*: expected smtp:\/\/host/],
    ['http://ann:s3cret@gw.example', /relay=… .*: expected smtp:\/\/host/],
    ['lmtp://gw.example', /expected smtp:\/\/host/],
    ['smtp://ann@gw.example', /relay=… .*: expected a user and a password, or neither/],
    ['smtp://:s3cret@gw.example', /relay=… .*: expected a user and a password/],
    ['smtp://ann:s3cret%@gw.example', /% begins a code/],
    ['smtp://ann:s3cret%00@gw.example', /without line ends/],
    ['smtp://ann:s3/cret@gw.example', /relay=… .*: .*%2F for \//],
    ['smtp://ann:12#s3cret@gw.example', /relay=… .*: .*is written as %40/],
    ['smtp://ann:12?s3cret@gw.example', /relay=… .*: .*\?trust=/],
    ['smtp://ann:s3cret@gw.example/path', /expected smtp:\/\/host/],
    ['smtp://ann:s3cret@', /relay=… .*: expected/],
    ['smtp://gw_.example', /expected smtp:\/\/host/],
    ['smtp://gw.example:0', /a port from 1 to 65535/],
    ['smtp://gw.example:65536', /expected smtp:\/\/host/],
    ['smtp://gw.example?trsut=x', /nothing behind the host and port but \?trust=/],
    ['smtp://gw.example?trust=', /nothing behind the host and port but \?trust=/],
    ['ann:s3cret@gw.example', /relay=… .*: expected/],
    [12, /relay=… .*: expected smtp:\/\/host/],
    [['smtp://ann:s3cret@gw.example'], /relay=… .*: expected/],
  ] as const)
    it(`refuses ${String(value)}`, () => {
      assert.throws(
        () => one(value),
        (error: unknown) => {
          assert.ok(error instanceof SettingsError)
          assert.match(error.message, /^enforce-tls\.ini: \[gateways\] /)
          assert.match(error.message, says)
          assert.doesNotMatch(error.message, /cret/)
          return true
        },
      )
    })

  const readFile = (file: string): string => (file === 'relay.password' ? 'p:a@s/s#%' : '')
  const withFile = (value: string) =>
    toSettings({ gateways: { relay: value } }, {}, { redis: readFile, gateways: readFile }).gateways[0]?.login

  it('takes the password from a file', () =>
    assert.deepEqual(withFile('smtp://ann%40acme.example@gw.example?password_file=relay.password'), {
      user: 'ann@acme.example',
      password: 'p:a@s/s#%',
    }))

  for (const value of [
    'smtp://ann:s3cret@gw.example?password_file=relay.password',
    'smtp://gw.example?password_file=relay.password',
    'smtp://ann@gw.example?password_file=',
  ])
    it(`refuses ${value}`, () => assert.throws(() => withFile(value), /relay=… .*password_file=/))

  it('shows nothing of what stands where a name should', () => {
    for (const ini of [
      { gateways: { 'relay:smtp://ann:s3cret': '@gw.example' } },
      { redis: { 'password:s3cret': '=' } },
      { redis: { 'redis://:s3cret@host/?x': '1' } },
    ])
      assert.throws(
        () => toSettings(ini),
        (error: Error) => {
          assert.doesNotMatch(error.message, /s3cret/)
          return true
        },
      )
  })

  it('refuses a name that no rule can have', () => {
    assert.throws(
      () => read({ 'The-Relay': 'smtp://gw.example' }),
      /\[gateways\] "The-Relay" is not a gateway name; a gateway name is 1 to 63 lower-case/,
    )
  })
})

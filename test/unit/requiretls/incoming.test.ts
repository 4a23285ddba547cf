/** REQUIRETLS as a client sees it: when it is offered, when it is taken, and what is said when it is not. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import type { HarakaConnection } from '../../../plugins/enforce-tls/haraka/types.js'
import {
  announce,
  carryThroughFilters,
  takeParameter,
} from '../../../plugins/enforce-tls/requiretls/incoming.js'
import { asksForRequireTls, noteRequireTls } from '../../../plugins/enforce-tls/requiretls/note.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

type Ini = Readonly<Record<string, unknown>>
const settingsOf = (requiretls: Ini) => toSettings({ requiretls }).requiretls
const ON = { announce: 'true' }

/** A client, and what becomes of its message. */
class Client {
  readonly capabilities = ['PIPELINING']
  readonly notes: Record<string, unknown> = {}
  readonly fields: string[]
  readonly tls: { readonly enabled: boolean }

  constructor({ secure = true, header = [] as readonly string[] } = {}) {
    this.tls = { enabled: secure }
    this.fields = [...header]
  }

  get connection(): HarakaConnection {
    const { tls, capabilities, notes, fields } = this
    const header = { get_all: () => [...fields] }
    const transaction = {
      notes,
      header,
      add_header: (name: string, value: string) => void fields.push(`${name}: ${value}`),
      remove_header: () => void fields.splice(0),
    }
    return { tls, capabilities, remote: { ip: '192.0.2.7' }, transaction } as unknown as HarakaConnection
  }

  /** What MAIL is answered; `taken` for nothing of ours. */
  say(ini: Ini, params: Readonly<Record<string, unknown>>): string {
    let said = 'nothing'
    takeParameter(
      settingsOf(ini),
      (code, argument) => {
        const { code: status, reply } = (argument ?? {}) as { code?: number; reply?: string }
        said =
          code === undefined
            ? 'taken'
            : `${code === constants.deny ? 'denied' : '?'} ${status ?? ''} ${reply ?? ''}`
      },
      this.connection,
      params,
    )
    return said
  }

  get asks(): boolean {
    return asksForRequireTls(this)
  }
}

describe('the reply to EHLO offers REQUIRETLS', () => {
  const rows: readonly (readonly [what: string, ini: Ini, secure: boolean, offered: boolean])[] = [
    ['inside TLS', ON, true, true],
    ['in the clear', ON, false, false],
    ['unless it is switched on', {}, true, false],
    ['to a listed network', { ...ON, announce_except: ['192.0.2.0/24'] }, true, false],
    ['to another network', { ...ON, announce_except: ['198.51.100.0/24', '2001:db8::/32'] }, true, true],
  ]
  for (const [what, ini, secure, offered] of rows)
    it(`${what}: ${offered ? 'yes' : 'no'}`, () => {
      const client = new Client({ secure })
      announce(settingsOf(ini), client.connection)
      assert.equal(client.capabilities.includes('REQUIRETLS'), offered)
    })
})

describe('MAIL with REQUIRETLS', () => {
  const rows: readonly (readonly [
    what: string,
    ini: Ini,
    secure: boolean,
    params: Readonly<Record<string, unknown>>,
    said: RegExp,
  ])[] = [
    ['inside TLS is taken', ON, true, { REQUIRETLS: null }, /^taken$/],
    ['beside others is taken', ON, true, { SIZE: '100', REQUIRETLS: null }, /^taken$/],
    ['in the clear is denied', ON, false, { REQUIRETLS: null }, /^denied 530 5\.7\.10 /],
    ['with a value is denied', ON, true, { REQUIRETLS: 'yes' }, /^denied 501 5\.5\.4 /],
    ['where it is off is denied', {}, true, { REQUIRETLS: null }, /^denied 555 5\.5\.4 /],
    ['where it is off, in the clear, is denied', {}, false, { REQUIRETLS: null }, /^denied 555 5\.5\.4 /],
    [
      'from a listed host is denied',
      { ...ON, announce_except: ['192.0.2.7'] },
      true,
      { REQUIRETLS: null },
      /^denied 555 5\.5\.4 /,
    ],
  ]
  for (const [what, ini, secure, params, said] of rows)
    it(what, () => {
      const client = new Client({ secure })
      assert.match(client.say(ini, params), said)
      assert.equal(client.asks, String(said) === '/^taken$/')
    })

  it('is nothing of ours without it', () => {
    const client = new Client()
    assert.equal(client.say(ON, { SIZE: '100' }), 'taken')
    assert.equal(client.asks, false)
  })
})

describe('Require-TLS-ESMTP', () => {
  const FROM = { header_from: ['192.0.2.0/24'] }
  const through = (ini: Ini, client: Client): Client => {
    carryThroughFilters(settingsOf(ini), client.connection)
    return client
  }

  it('is believed from a content filter alone, and taken out', () => {
    const header = ['yes']
    const believed = through(FROM, new Client({ header }))
    assert.deepEqual([believed.asks, believed.fields], [true, []])
    for (const [ini, left] of [
      // A filter would bring it back, and be believed.
      [{ header_from: ['198.51.100.0/24'] }, []],
      [{ header: 'true' }, []],
      // Here it means nothing, and is not touched.
      [{}, header],
    ] as const) {
      const stranger = through(ini, new Client({ header }))
      assert.deepEqual([stranger.asks, stranger.fields], [false, left])
    }
    assert.equal(through(FROM, new Client({ header: ['no'] })).asks, false)
  })

  it('is there once, whatever the client has put in itself', () => {
    const client = new Client({ header: ['no', 'yes'] })
    noteRequireTls(client.notes)
    assert.deepEqual(through({ header: 'true' }, client).fields, ['Require-TLS-ESMTP: yes'])
  })

  it('is put in where filters are to bring it back', () => {
    for (const [ini, asks, fields] of [
      [{ header: 'true' }, true, ['Require-TLS-ESMTP: yes']],
      [{ header: 'true' }, false, []],
      [{}, true, []],
    ] as const) {
      const client = new Client()
      if (asks) noteRequireTls(client.notes)
      assert.deepEqual(through(ini, client).fields, fields)
    }
  })
})

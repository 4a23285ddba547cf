import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import HarakaMxClass from 'haraka-net-utils/lib/HarakaMx.js'
import type {
  HarakaMx,
  HarakaOutbound,
  HarakaPlugin,
  HarakaTransaction,
} from '../../../plugins/enforce-tls/haraka/types.js'
import { routeProblem } from '../../../plugins/enforce-tls/haraka/onward-route.js'

/** What plugins answer to get_mx, what DNS says of the domain, and addresses of hosts by name. */
interface World {
  readonly plugins?: readonly [code: number, answer?: unknown]
  readonly dns?: readonly HarakaMx[] | Error
  readonly localMxOk?: boolean
}

const US = 'gateway.acme.example'
const ADDRESSES: Readonly<Record<string, string>> = {
  [US]: '127.0.0.1',
  'alias.acme.example': '127.0.0.1',
  'primary.acme.example': '203.0.113.1',
  'second.acme.example': '203.0.113.2',
}

function ask({ plugins = [constants.cont], dns = [], localMxOk = false }: World): Promise<string | null> {
  class HMailItem {
    declare get_mx_respond: (code: number, answer: unknown) => void
  }
  const registry = {
    run_hooks: (_hook: string, item: HMailItem) => item.get_mx_respond(plugins[0], plugins[1]),
  }
  const resolve = (mx: HarakaMx): HarakaMx => {
    const address = ADDRESSES[mx.exchange ?? '']
    return address === undefined ? mx : { ...mx, exchange: address, from_dns: mx.exchange ?? '' }
  }
  const outbound = {
    HMailItem,
    net_utils: {
      HarakaMx: HarakaMxClass,
      get_mx: () => (dns instanceof Error ? Promise.reject(dns) : Promise.resolve(dns)),
      resolve_mx_hosts: (hosts: readonly HarakaMx[]) => Promise.resolve(hosts.map(resolve)),
    },
  } as unknown as HarakaOutbound
  const plugin = { haraka_require: () => registry } as unknown as HarakaPlugin
  const transaction = { uuid: 'x', rcpt_to: [], notes: {} } as unknown as HarakaTransaction
  return routeProblem('clinic.example', transaction, {
    plugin,
    outbound,
    me: US,
    localMxOk,
    ports: [25, 2525],
  })
}

const mx = (exchange: string, priority = 10): HarakaMx => ({ exchange, priority, from_dns: 'clinic.example' })
const here = (name: string) => `it would come back to this server: ${name} is a mail server of clinic.example`

const ROWS: readonly (readonly [what: string, world: World, problem: string | null])[] = [
  ['the only MX is this server', { dns: [mx(US)] }, here(`${US} (127.0.0.1)`)],
  [
    'the only MX has an address of this server',
    { dns: [mx('alias.acme.example')] },
    here('alias.acme.example (127.0.0.1)'),
  ],
  ['the only MX is another', { dns: [mx('primary.acme.example')] }, null],
  ['this server is the backup of another', { dns: [mx('primary.acme.example', 10), mx(US, 20)] }, null],
  [
    'this server is as good as another',
    { dns: [mx('primary.acme.example', 20), mx(US, 20)] },
    here(`${US} (127.0.0.1)`),
  ],
  [
    'this server is the best',
    { dns: [mx('second.acme.example', 20), mx(US, 10)] },
    here(`${US} (127.0.0.1)`),
  ],
  [
    'this server is the backup, and local_mx_ok=true',
    { dns: [mx('primary.acme.example', 10), mx(US, 20)], localMxOk: true },
    here(`${US} (127.0.0.1)`),
  ],
  ['no host', { dns: [] }, 'no mail server of clinic.example is known'],
  [
    'DNS fails',
    { dns: new Error('queryMx ESERVFAIL clinic.example') },
    'the mail servers of clinic.example could not be looked up (queryMx ESERVFAIL clinic.example)',
  ],
  ['a plugin names another server', { plugins: [constants.ok, { exchange: '203.0.113.1' }] }, null],
  [
    'a plugin names another port here',
    { plugins: [constants.ok, { exchange: '127.0.0.1', port: 24 }] },
    null,
  ],
  [
    'a plugin names a port of ours',
    { plugins: [constants.ok, { exchange: '127.0.0.1', port: 2525 }] },
    here('127.0.0.1'),
  ],
  [
    'a plugin names a port of ours in a text',
    { plugins: [constants.ok, '127.0.0.1:2525'] },
    here('127.0.0.1'),
  ],
  [
    'a plugin names this server without a port',
    { plugins: [constants.ok, { exchange: '127.0.0.1' }] },
    here('127.0.0.1'),
  ],
  [
    'a plugin names this server behind another',
    {
      plugins: [
        constants.ok,
        [
          { exchange: '203.0.113.1', priority: 1 },
          { exchange: '127.0.0.1', priority: 2 },
        ],
      ],
    },
    here('127.0.0.1'),
  ],
  ['a plugin names a socket', { plugins: [constants.ok, { path: '/var/run/lmtp.sock' }] }, null],
  [
    'a plugin denies',
    { plugins: [constants.deny, 'no such domain'] },
    'no mail server of clinic.example is known',
  ],
  [
    'a plugin does not know',
    { plugins: [constants.denysoft, 'later'] },
    'the mail servers of clinic.example could not be looked up (a plugin answered get_mx: later)',
  ],
]

describe('the way of a message of a client that may not relay, when', () => {
  for (const [what, world, problem] of ROWS)
    it(`${what}: ${problem ?? 'none'}`, async () => {
      assert.equal(await ask(world), problem)
    })
})

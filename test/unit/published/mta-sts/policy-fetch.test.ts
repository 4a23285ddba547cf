/** Fetching a policy from a real HTTPS server: what is taken, and all that is not. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { before, describe, it } from 'node:test'
import {
  POLICY_BYTES_MAX,
  policyFetcher,
  type FetchedPolicy,
  type PolicyFetchOptions,
} from '../../../../plugins/enforce-tls/published/mta-sts/policy-fetch.js'
import {
  makeAuthority,
  selfSigned,
  validity,
  type Authority,
  type KeyAndCertificate,
} from '../../../support/certificates.js'
import { freePort } from '../../../support/free-port.js'
import { POLICY, PolicyServer, sendPolicy, TableDns } from '../../../support/policy-server.js'
import { until } from '../../../support/until.js'

const NAME = 'mta-sts.bank.example'
const HERE = { [`A ${NAME}`]: ['127.0.0.1'] }

let authority: Authority
let certificate: KeyAndCertificate
before(async () => {
  authority = await makeAuthority('Policy CA')
  certificate = await authority.issue({ dnsNames: [NAME] })
})

function fetchFrom(port: number, changes: Partial<PolicyFetchOptions> = {}): Promise<FetchedPolicy> {
  const dns = new TableDns(HERE)
  return policyFetcher({ dns, ca: [authority.cert], allowPrivate: true, port, ...changes })('bank.example')
}

async function fetchAs(
  answer: (response: ServerResponse) => void,
  changes: Partial<PolicyFetchOptions> = {},
): Promise<FetchedPolicy> {
  await using server = await PolicyServer.start(certificate, answer)
  const fetched = await fetchFrom(server.port, changes)
  await until(() => server.connections.size === 0, { what: 'the connection to be closed' })
  return fetched
}

function assertFails(fetched: FetchedPolicy, why: RegExp): void {
  assert.equal(fetched.kind, 'failed')
  assert.match(
    fetched.why,
    /^the MTA-STS policy of bank\.example could not be fetched: mta-sts\.bank\.example /,
  )
  assert.match(fetched.why.slice(fetched.why.indexOf(NAME)), why)
}

function send(
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: string | Buffer = POLICY,
): (response: ServerResponse) => void {
  return (response) => response.writeHead(status, headers).end(body)
}

const PLAIN = { 'Content-Type': 'text/plain' }

const TAKEN: readonly [title: string, answer: (response: ServerResponse) => void, text: string][] = [
  ['as text/plain', (response) => sendPolicy(response), POLICY],
  ['with parameters', send(200, { 'Content-Type': 'Text/Plain ; charset=utf-8' }), POLICY],
  [
    'in chunks',
    (response) => {
      response.writeHead(200, PLAIN).write(POLICY.slice(0, 9))
      response.end(POLICY.slice(9))
    },
    POLICY,
  ],
  ['with a byte order mark', send(200, PLAIN, `\ufeff${POLICY}`), POLICY],
  ['of 64 KB', send(200, PLAIN, 'x'.repeat(POLICY_BYTES_MAX)), 'x'.repeat(POLICY_BYTES_MAX)],
  ['without a byte', send(200, PLAIN, ''), ''],
]

const NOT_TAKEN: readonly [title: string, answer: (response: ServerResponse) => void, why: RegExp][] = [
  ...[301, 302, 303, 307, 308].map((status): (typeof NOT_TAKEN)[number] => [
    `with a redirect ${status}`,
    send(status, { ...PLAIN, Location: `https://${NAME}/.well-known/mta-sts.txt` }),
    new RegExp(`redirects \\(${status}\\), which MTA-STS does not allow$`),
  ]),
  ...[201, 204, 206, 304, 404, 410, 500, 503].map((status): (typeof NOT_TAKEN)[number] => [
    `with status ${status}`,
    send(status, PLAIN),
    new RegExp(status === 304 ? 'redirects' : `answers with status ${status}$`),
  ]),
  ['as text/html', send(200, { 'Content-Type': 'text/html' }), /sends "text\/html", not text\/plain$/],
  ['as text/plainer', send(200, { 'Content-Type': 'text/plainer' }), /sends "text\/plainer", not/],
  ['without a type', send(200, {}), /sends no type, not text\/plain$/],
  ['compressed', send(200, { ...PLAIN, 'Content-Encoding': 'gzip' }), /is encoded \("gzip"\)$/],
  ['of more than 64 KB', send(200, PLAIN, 'x'.repeat(POLICY_BYTES_MAX + 1)), /sends more than 64 KB$/],
  [
    'without an end',
    (response) => {
      response.writeHead(200, PLAIN)
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    /sends more than 64 KB$/,
  ],
  [
    'of unknown length',
    (response) => {
      response.socket?.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${POLICY}`,
      )
    },
    /does not say how long the policy is$/,
  ],
  [
    'cut off',
    (response) => {
      response.writeHead(200, { ...PLAIN, 'Content-Length': 500 }).write(POLICY, () => response.destroy())
    },
    /breaks the connection off/,
  ],
  [
    'cut off between chunks',
    (response) => {
      response.writeHead(200, PLAIN).write(POLICY, () => response.destroy())
    },
    /breaks the connection off/,
  ],
  ['with nothing', (response) => response.destroy(), /breaks the connection off/],
  [
    'with another protocol',
    (response) => {
      response.socket?.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
    },
    /breaks the connection off/,
  ],
  [
    'that is no HTTP',
    (response) => {
      response.socket?.end('220 mx.bank.example ESMTP\r\n')
    },
    /breaks the connection off \(HPE_/,
  ],
]

describe('a policy that a server sends', () => {
  for (const [title, answer, text] of TAKEN)
    it(`${title} is taken`, async () => assert.deepEqual(await fetchAs(answer), { kind: 'fetched', text }))

  for (const [title, answer, why] of NOT_TAKEN)
    it(`${title} is not taken`, async () => assertFails(await fetchAs(answer), why))

  it('too slowly is not taken', async () => {
    const timeout = 500
    const why = /does not answer within 0\.5 seconds$/
    assertFails(await fetchAs(() => undefined, { timeout }), why)
    let timer: NodeJS.Timeout | undefined
    const drip = (response: ServerResponse): void => {
      response.writeHead(200, PLAIN)
      timer = setInterval(() => response.write('x'), 20)
    }
    assertFails(await fetchAs(drip, { timeout }), why)
    clearInterval(timer)
  })

  it('is asked for by its name, in SNI and in the request, once', async () => {
    await using server = await PolicyServer.start(certificate)
    assert.equal((await fetchFrom(server.port)).kind, 'fetched')
    assert.deepEqual(server.asked, [{ page: `${NAME}:${server.port} /.well-known/mta-sts.txt`, sni: NAME }])
  })
})

const CERTIFICATES: readonly [title: string, make: () => Promise<KeyAndCertificate>, why: RegExp | null][] = [
  ['for a wildcard', () => authority.issue({ dnsNames: ['*.bank.example'] }), null],
  [
    'for another name',
    () => authority.issue({ dnsNames: ['www.bank.example'] }),
    /has a certificate for other names$/,
  ],
  [
    'for the domain',
    () => authority.issue({ dnsNames: ['bank.example'] }),
    /has a certificate for other names$/,
  ],
  ['with the name in the common name only', () => authority.issue({ commonName: NAME }), /for other names$/],
  [
    'with the name beside other names in the common name',
    () => authority.issue({ commonName: NAME, dnsNames: ['x.example'] }),
    /for other names$/,
  ],
  [
    'with a part of the name as wildcard',
    () => authority.issue({ dnsNames: ['mta-s*.bank.example'] }),
    /for other names$/,
  ],
  ['for the address', () => authority.issue({ ipAddresses: ['127.0.0.1'] }), /for other names$/],
  [
    'that has expired',
    () => authority.issue({ dnsNames: [NAME], ...validity.expired() }),
    /has a certificate that has expired$/,
  ],
  [
    'that is not yet valid',
    () => authority.issue({ dnsNames: [NAME], ...validity.notYetValid() }),
    /not trusted \(CERT_NOT_YET_VALID\)$/,
  ],
  [
    'that is self-signed',
    () => selfSigned({ dnsNames: [NAME] }),
    /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  ],
  [
    'of another authority',
    async () => (await makeAuthority('Other CA')).issue({ dnsNames: [NAME] }),
    /not trusted \(UNABLE_TO/,
  ],
  [
    'for clients only',
    () => authority.issue({ dnsNames: [NAME], clientOnly: true }),
    /not trusted \(INVALID_PURPOSE\)$/,
  ],
]

describe('a policy from a server with a certificate', () => {
  for (const [title, make, why] of CERTIFICATES)
    it(`${title} is ${why ? 'not ' : ''}taken`, async () => {
      await using server = await PolicyServer.start(await make())
      const fetched = await fetchFrom(server.port)
      if (why === null) return assert.equal(fetched.kind, 'fetched')
      assertFails(fetched, why)
      assert.deepEqual(server.asked, [])
    })
})

describe('the server of a policy', () => {
  it('is not connected to at an address that is not public', async () => {
    await using server = await PolicyServer.start(certificate)
    for (const address of ['127.0.0.1', '10.0.0.1']) {
      const dns = new TableDns({ [`A ${NAME}`]: [address] })
      const why = new RegExp(
        `has no public address: "${address}"; others count with \\[mta_sts\\] private_addresses=true$`,
      )
      assertFails(await fetchFrom(server.port, { dns, allowPrivate: false }), why)
    }
    assert.equal(server.connectionsMade, 0)
  })

  it('is found at any of its addresses', async () => {
    await using server = await PolicyServer.start(certificate)
    const dns = new TableDns({ [`AAAA ${NAME}`]: ['::1'], [`A ${NAME}`]: ['127.0.0.2', '127.0.0.1'] })
    assert.equal((await fetchFrom(server.port, { dns })).kind, 'fetched')
    assert.deepEqual(dns.asked, [`AAAA ${NAME}`, `A ${NAME}`])
  })

  it('may be away', async () => {
    assertFails(await fetchFrom(await freePort()), /cannot be reached \(ECONNREFUSED\)$/)
  })

  it('may not be in DNS, which may fail', async () => {
    assertFails(await fetchFrom(1, { dns: new TableDns({}) }), /has no address$/)
    const dns = new TableDns({ [`A ${NAME}`]: 'fails' })
    assertFails(
      await fetchFrom(1, { dns }),
      /is unknown, since the DNS look-up of A mta-sts.* failed: SERVFAIL$/,
    )
  })

  it('is unknown where DNS itself breaks', async () => {
    const dns = { ask: () => Promise.reject(new Error('out of sockets')) }
    assertFails(await fetchFrom(1, { dns }), /cannot be asked: out of sockets$/)
  })
})

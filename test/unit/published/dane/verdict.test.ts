/** Which TLSA records vouch for which chains. Where OpenSSL's command is here, it must be of the same opinion. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { before, describe, it } from 'node:test'
import { createServer } from 'node:tls'
import * as x509 from '@peculiar/x509'
import type { TlsaRecord } from '../../../../plugins/enforce-tls/dns/answer.js'
import { tlsaSet } from '../../../../plugins/enforce-tls/published/dane/tlsa-set.js'
import { daneVerdict, type DaneVerdict } from '../../../../plugins/enforce-tls/published/dane/verdict.js'
import { issue, tlsa, type Issued } from '../../../support/chains.js'

const HOST = 'mx.bank.example'
const NAMES = [HOST, 'bank.example']
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl command here'

function verdictOf(
  records: readonly TlsaRecord[],
  chain: readonly Issued[],
  { names = NAMES, chainError = 'SELF_SIGNED_CERT_IN_CHAIN' } = {},
): DaneVerdict {
  const server = { chain: chain.map(({ node }) => node), names, chainError, now: Date.now() }
  return daneVerdict(tlsaSet(HOST, records), server)
}

/** Whether OpenSSL's own client authenticates a server that shows this chain. */
async function opensslAccepts(records: readonly TlsaRecord[], chain: readonly Issued[]): Promise<boolean> {
  const server = createServer({ key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') })
  server.on('tlsClientError', () => undefined)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const rows = records.flatMap(({ usage, selector, matchingType, data }) => [
    '-dane_tlsa_rrdata',
    `${usage} ${selector} ${matchingType} ${data.toString('hex')}`,
  ])
  const args = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-dane_tlsa_domain',
    HOST,
    '-dane_ee_no_namechecks',
    '-verify_return_error',
    '-no-CAfile',
    '-no-CApath',
    '-no-CAstore',
    ...rows,
  ]
  const client = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [client.stdout, client.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  client.stdin.end('Q\n')
  await once(client, 'close')
  server.close()
  return said.includes('DANE TLSA') && said.includes('Verify return code: 0 (ok)')
}

describe('TLSA records and a chain', () => {
  const chains = {} as Record<
    | 'root'
    | 'middle'
    | 'leaf'
    | 'foreign'
    | 'alone'
    | 'nameless'
    | 'otherName'
    | 'expired'
    | 'next'
    | 'moved',
    Issued
  >
  before(async () => {
    chains.root = await issue({ name: 'Root' })
    chains.middle = await issue({ name: 'Middle', by: chains.root })
    chains.leaf = await issue({ name: 'Leaf', by: chains.middle, ca: false, names: [HOST] })
    chains.foreign = await issue({ name: 'Foreign', ca: false, names: [HOST] })
    chains.alone = await issue({ name: 'Alone', ca: false, names: ['other.example'], until: -1 })
    chains.next = await issue({ name: 'Next', by: chains.root })
    chains.moved = await issue({ name: 'Leaf', by: chains.next, ca: false, names: [HOST] })
    chains.nameless = await issue({ name: HOST, by: chains.middle, ca: false })
    chains.otherName = await issue({
      name: 'Other',
      by: chains.middle,
      ca: false,
      names: ['mx.other.example'],
    })
    chains.expired = await issue({ name: 'Expired', by: chains.middle, ca: false, names: [HOST], until: -1 })
  })

  type Case = readonly [
    what: string,
    records: () => readonly TlsaRecord[],
    chain: () => readonly Issued[],
    expected: string | RegExp,
  ]
  const flipped = (record: TlsaRecord): TlsaRecord => ({
    ...record,
    data: Buffer.from(record.data.map((byte) => byte ^ 1)),
  })
  const all = [0, 1].flatMap((selector) => [0, 1, 2].map((matching) => [selector, matching] as const))

  const CASES: readonly Case[] = [
    ...all.map(([selector, matching]): Case => [
      `3 ${selector} ${matching} of the certificate`,
      () => [tlsa(3, selector, matching, chains.leaf)],
      () => [chains.leaf, chains.middle],
      `3 ${selector} ${matching}`,
    ]),
    ...all.map(([selector, matching]): Case => [
      `2 ${selector} ${matching} of the root`,
      () => [tlsa(2, selector, matching, chains.root)],
      () => [chains.leaf, chains.middle, chains.root],
      `2 ${selector} ${matching}`,
    ]),
    ...all.map(([selector, matching]): Case => [
      `2 ${selector} ${matching} of the authority in the middle`,
      () => [tlsa(2, selector, matching, chains.middle)],
      () => [chains.leaf, chains.middle],
      `2 ${selector} ${matching}`,
    ]),
    ...all.map(([selector, matching]): Case => [
      `3 ${selector} ${matching} of another certificate`,
      () => [tlsa(3, selector, matching, chains.foreign)],
      () => [chains.leaf, chains.middle],
      /^has a (certificate|public key) that is not the one of its TLSA record 3 . . [0-9a-f]{16}…$/,
    ]),
    [
      'usage 3: neither names nor dates matter',
      () => [tlsa(3, 1, 1, chains.alone)],
      () => [chains.alone],
      '3 1 1',
    ],
    [
      'usage 3 of the authority',
      () => [tlsa(3, 1, 1, chains.middle)],
      () => [chains.leaf, chains.middle],
      /not the one/,
    ],
    [
      'usage 2 and 3: either is enough (2)',
      () => [tlsa(3, 1, 1, chains.foreign), tlsa(2, 0, 1, chains.root)],
      () => [chains.leaf, chains.middle, chains.root],
      '2 0 1',
    ],
    [
      'usage 2 and 3: either is enough (3)',
      () => [tlsa(3, 1, 1, chains.leaf), tlsa(2, 0, 1, chains.foreign)],
      () => [chains.leaf],
      '3 1 1',
    ],
    [
      'the certificate of before and the next one',
      () => [tlsa(3, 1, 1, chains.foreign), tlsa(3, 1, 1, chains.leaf)],
      () => [chains.leaf],
      '3 1 1',
    ],

    [
      '2 0 1 of a root that the server does not send',
      () => [tlsa(2, 0, 1, chains.root)],
      () => [chains.leaf, chains.middle],
      /^does not send the authority \(CA\) that its TLSA record 2 0 1 [0-9a-f]{16}… names$/,
    ],
    [
      '2 0 0 of a root that the server does not send: the record holds it',
      () => [tlsa(2, 0, 0, chains.root)],
      () => [chains.leaf, chains.middle],
      '2 0 0',
    ],
    [
      '2 1 0 of a root that the server does not send: the record holds its key',
      () => [tlsa(2, 1, 0, chains.root)],
      () => [chains.leaf, chains.middle],
      '2 1 0',
    ],
    [
      '2 1 0 of another key',
      () => [tlsa(2, 1, 0, chains.foreign)],
      () => [chains.leaf, chains.middle],
      /does not send the authority/,
    ],
    [
      'a chain in another order',
      () => [tlsa(2, 0, 1, chains.root)],
      () => [chains.leaf, chains.root, chains.middle],
      '2 0 1',
    ],
    [
      'a chain with a link missing',
      () => [tlsa(2, 0, 1, chains.root)],
      () => [chains.leaf, chains.root],
      /^sends the authority "CN=Root" of its TLSA record 2 0 1 \S+, which has not issued its certificate$/,
    ],
    [
      'usage 2 of the certificate itself',
      () => [tlsa(2, 1, 1, chains.leaf)],
      () => [chains.leaf, chains.middle],
      /names its own certificate as an authority; that takes usage 3$/,
    ],
    [
      'usage 2: the certificate is for another host',
      () => [tlsa(2, 0, 1, chains.middle)],
      () => [chains.otherName, chains.middle],
      /^has a certificate for DNS:mx\.other\.example, not for mx\.bank\.example, bank\.example$/,
    ],
    [
      'usage 2: the name is in the common name only',
      () => [tlsa(2, 0, 1, chains.middle)],
      () => [chains.nameless, chains.middle],
      /^has a certificate for no name/,
    ],
    [
      'usage 2: the certificate has expired',
      () => [tlsa(2, 0, 1, chains.middle)],
      () => [chains.expired, chains.middle],
      /^sends a chain in which "CN=Expired" expired on /,
    ],
    [
      'the pinned authority behind a foreign certificate',
      () => [tlsa(2, 0, 1, chains.root)],
      () => [chains.foreign, chains.root],
      /has not issued its certificate/,
    ],
    [
      'the pinned authorities behind a foreign certificate',
      () => [tlsa(2, 0, 1, chains.middle), tlsa(2, 0, 1, chains.root)],
      () => [chains.foreign, chains.middle, chains.root],
      /has not issued its certificate; none of its 2 TLSA records fits$/,
    ],

    [
      'a stronger digest counts alone',
      () => [tlsa(3, 1, 1, chains.leaf), tlsa(3, 1, 2, chains.foreign)],
      () => [chains.leaf],
      /not the one of its TLSA record 3 1 2/,
    ],
    [
      '... for its own selector',
      () => [tlsa(3, 1, 1, chains.leaf), tlsa(3, 0, 2, chains.foreign)],
      () => [chains.leaf],
      '3 1 1',
    ],
    [
      '... and its own usage',
      () => [tlsa(3, 1, 1, chains.leaf), tlsa(2, 1, 2, chains.foreign)],
      () => [chains.leaf],
      '3 1 1',
    ],
    [
      '... beside whole certificates',
      () => [tlsa(3, 0, 0, chains.leaf), tlsa(3, 0, 2, chains.foreign)],
      () => [chains.leaf],
      '3 0 0',
    ],
    [
      '... only if it is one',
      () => [tlsa(3, 1, 1, chains.leaf), { ...tlsa(3, 1, 2, chains.foreign), data: Buffer.alloc(63) }],
      () => [chains.leaf],
      '3 1 1',
    ],
    [
      'a digest with one bit changed',
      () => [flipped(tlsa(3, 1, 1, chains.leaf))],
      () => [chains.leaf],
      /not the one/,
    ],
    [
      'a certificate with one bit changed',
      () => [flipped(tlsa(2, 0, 1, chains.root))],
      () => [chains.leaf, chains.middle, chains.root],
      /does not send/,
    ],
  ]

  for (const [what, records, chain, expected] of CASES) {
    it(what, async () => {
      const verdict = verdictOf(records(), chain())
      if (typeof expected === 'string') {
        assert.equal(verdict.why, '')
        assert.equal(verdict.reason, null)
        assert.ok(verdict.by)
        assert.equal(`${verdict.by.usage} ${verdict.by.selector} ${verdict.by.matchingType}`, expected)
      } else {
        assert.equal(verdict.by, null)
        assert.match(verdict.why, expected)
      }
      if (noOpenssl !== false) return
      const named = what.includes('common name only')
      // OpenSSL still reads the common name; we do not (RFC 9525).
      assert.equal(await opensslAccepts(records(), chain()), named || typeof expected === 'string', 'OpenSSL')
    })
  }
})

describe('chains of usage 2 that must not be believed', () => {
  let root: Issued
  before(async () => {
    root = await issue({ name: 'Root' })
  })
  const leafOf = (by: Issued) => issue({ name: 'Leaf', by, ca: false, names: [HOST] })
  const expectRefusal = async (
    chain: readonly Issued[],
    anchor: Issued,
    why: RegExp,
    openssl = false,
  ): Promise<void> => {
    const verdict = verdictOf([tlsa(2, 1, 1, anchor)], chain)
    assert.equal(verdict.by, null)
    assert.match(verdict.why, why)
    if (noOpenssl === false)
      assert.equal(await opensslAccepts([tlsa(2, 1, 1, anchor)], chain), openssl, 'OpenSSL')
  }

  it('a certificate that only claims to be issued by the authority', async () => {
    const foreign = await issue({ name: 'Foreign' })
    const leaf = await issue({ name: 'Leaf', by: foreign, claims: root, ca: false, names: [HOST] })
    await expectRefusal([leaf, root], root, /has not issued its certificate/)
  })

  it('issued by a certificate that is no authority', async () => {
    const server = await issue({ name: 'Server', by: root, ca: false, names: ['shop.example'] })
    await expectRefusal(
      [await leafOf(server), server, root],
      root,
      /"CN=Server" has issued a certificate but is no authority/,
    )
  })

  it('more authorities in a row than allowed', async () => {
    const short = await issue({ name: 'Short', by: root, pathLength: 0 })
    const below = await issue({ name: 'Below', by: short })
    await expectRefusal(
      [await leafOf(below), below, short, root],
      short,
      /has more authorities below it than it allows/,
    )
    const fits = verdictOf([tlsa(2, 1, 1, short)], [await leafOf(short), short, root])
    assert.equal(fits.why, '')
  })

  it('an authority that has expired, or is not valid yet; with a valid one of the same key it is believed', async () => {
    const old = await issue({ name: 'Middle', by: root, from: -20, until: -1 })
    const leaf = await leafOf(old)
    // OpenSSL does not look at the dates of an authority in the middle that a record names.
    await expectRefusal([leaf, old, root], old, /"CN=Middle" expired on/, true)
    const future = await issue({ name: 'Middle', by: root, from: 1, keysOf: old })
    await expectRefusal([leaf, future, root], future, /"CN=Middle" is valid only from/, true)
    await expectRefusal([leaf, old, root], root, /"CN=Middle" expired on/)
    const renewed = await issue({ name: 'Middle', by: root, keysOf: old })
    assert.equal(verdictOf([tlsa(2, 0, 1, root)], [leaf, old, renewed, root]).why, '')
  })

  it('a certificate that is not for servers', async () => {
    const leaf = await issue({
      name: 'Leaf',
      by: root,
      ca: false,
      names: [HOST],
      purpose: x509.ExtendedKeyUsage.emailProtection,
    })
    await expectRefusal([leaf, root], root, /"CN=Leaf" is not meant for servers/)
  })

  it('a critical extension that nobody knows', async () => {
    const more = [new x509.Extension('1.2.3.4', true, new Uint8Array([5, 0]))]
    const leaf = await issue({ name: 'Leaf', by: root, ca: false, names: [HOST], more })
    await expectRefusal([leaf, root], root, /critical extension/)
  })

  it('an authority for certain names only: its limits are not known here', async () => {
    for (const permitted of ['other.example', 'bank.example']) {
      const name = Buffer.from(permitted)
      const head = [0x30, name.length + 6, 0xa0, name.length + 4, 0x30, name.length + 2, 0x82, name.length]
      const value = Buffer.concat([Buffer.from(head), name])
      const more = [new x509.Extension('2.5.29.30', true, value)]
      const middle = await issue({ name: 'Middle', by: root, more })
      const chain = [await leafOf(middle), middle, root]
      const openssl = permitted === 'bank.example'
      await expectRefusal(chain, root, /"CN=Middle" may issue for certain names only/, openssl)
    }
  })

  it('what OpenSSL has found beyond an unknown authority', async () => {
    const chain = [await leafOf(root), root]
    for (const chainError of ['', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED'])
      assert.equal(verdictOf([tlsa(2, 1, 1, root)], chain, { chainError }).why, '')
    const { why } = verdictOf([tlsa(2, 1, 1, root)], chain, { chainError: 'CA_MD_TOO_WEAK' })
    assert.equal(why, 'sends a chain that is not valid (CA_MD_TOO_WEAK)')
    // Usage 3 is about nothing but the certificate.
    assert.equal(
      verdictOf([tlsa(3, 1, 1, chain[0] as Issued)], chain, { chainError: 'CA_MD_TOO_WEAK' }).why,
      '',
    )
  })

  it('issued with the key of the authority, in another name', async () => {
    const other = await issue({ name: 'Other' })
    const leaf = await issue({ name: 'Leaf', by: root, claims: other, ca: false, names: [HOST] })
    await expectRefusal([leaf, root], root, /has not issued its certificate/)
  })

  it('an authority that must not sign certificates', async () => {
    const more = [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)]
    const middle = await issue({ name: 'Middle', by: root, more })
    await expectRefusal([await leafOf(middle), middle, root], root, /has not issued its certificate/)
  })

  it('look-alikes, however many, are not all tried', async (t) => {
    const above = await issue({ name: 'Above' })
    const copies = await Promise.all(
      Array.from({ length: 9 }, () => issue({ name: 'Root', keysOf: root, by: above })),
    )
    const alike = await Promise.all(Array.from({ length: 30 }, () => issue({ name: 'Above' })))
    const leaf = await leafOf(root)
    const verify = t.mock.method(X509Certificate.prototype, 'verify')
    const verdict = verdictOf([tlsa(2, 1, 1, above)], [leaf, ...copies, ...alike, above])
    assert.equal(verdict.by, null)
    assert.equal(verify.mock.callCount(), 50)
  })
})

describe('names of usage 2', () => {
  it('are the base domain, the next-hop domain and what its CNAME records lead to; wildcards are one label', async () => {
    const root = await issue({ name: 'Root' })
    const rows: readonly (readonly [borne: string, accepted: boolean])[] = [
      ['mx.bank.example', true],
      ['bank.example', true],
      ['expanded.example', true],
      ['*.bank.example', true],
      ['*.example', false],
      ['*.mx.bank.example', false],
      ['m*.bank.example', false],
      ['x.mx.bank.example', false],
      ['notbank.example', false],
    ]
    for (const [borne, accepted] of rows) {
      const leaf = await issue({ name: 'Leaf', by: root, ca: false, names: [borne] })
      const names = [...NAMES, 'expanded.example']
      const { reason } = verdictOf([tlsa(2, 0, 1, root)], [leaf, root], { names })
      assert.equal(reason, accepted ? null : 'certificate-host-mismatch', borne)
    }
  })
})

it('nothing vouches for a server without a certificate, or a host without records', async () => {
  const leaf = await issue({ name: 'Leaf' })
  assert.equal(verdictOf([tlsa(3, 1, 1, leaf)], []).why, 'has no certificate')
  assert.equal(verdictOf([], [leaf]).by, null)
})

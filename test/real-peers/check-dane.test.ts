/** What `enforce-tls check` says of DANE, for really signed zones and real handshakes: Debian's NSD, Unbound and ldns. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { formatResolver } from '../../plugins/enforce-tls/dns/resolver-list.js'
import { inProcess, type Ran } from '../cli/enforce-tls.js'
import { issue, tlsa, type Issued } from '../support/chains.js'
import { zoneLine } from '../support/dane-partners.js'
import { packagesMissing } from '../support/debian-package.js'
import { SignedZones } from '../support/signed-zones.js'
import { startPeer, type PeerOptions, type SmtpPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const NET = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
const TLSA = '_25._tcp.mx'

interface World extends AsyncDisposable {
  /** Resolvers, as `--dns` takes them. */
  readonly validating: string
  readonly trusting: string
  readonly folder: string
}

/** A zone with a host `mx` and what more; the server at its address sends this chain, or has no TLS. */
interface Zone {
  readonly name: string
  readonly records: readonly string[]
  readonly chain?: readonly Issued[]
  readonly signed?: 'no'
  readonly broken?: (lines: readonly string[]) => readonly string[]
}

async function zonesOf(): Promise<Zone[]> {
  const root = await issue({ name: 'Root' })
  const middle = await issue({ name: 'Middle', by: root })
  const other = await issue({ name: 'Other' })
  const leaf = (name: string) => issue({ name, by: middle, ca: false, names: [`mx.${name}`] })
  const good = await leaf('good.example')
  const stripped = await leaf('stripped.example')
  return [
    { name: 'good.example', chain: [good], records: [zoneLine(TLSA, tlsa(3, 1, 1, good))] },
    {
      name: 'sent.example',
      chain: [await leaf('sent.example'), middle, root],
      records: [zoneLine(TLSA, tlsa(2, 0, 1, root))],
    },
    {
      name: 'unsent.example',
      chain: [await leaf('unsent.example'), middle],
      records: [zoneLine(TLSA, tlsa(2, 0, 1, root))],
    },
    {
      name: 'several.example',
      chain: [await leaf('several.example')],
      records: [
        zoneLine(TLSA, tlsa(1, 1, 1, good)),
        zoneLine(TLSA, tlsa(3, 1, 1, other)),
        '@ MX 20 mx.good.example.',
        '@ MX 30 mx.plain.example.',
      ],
    },
    { name: 'plain.example', records: [] },
    { name: 'cleartext.example', records: [zoneLine(TLSA, tlsa(3, 1, 1, good))] },
    {
      name: 'unsigned.example',
      chain: [good],
      signed: 'no',
      records: [zoneLine(TLSA, tlsa(3, 1, 1, good)), 'hosted MX 10 mx.good.example.'],
    },
    {
      name: 'stripped.example',
      chain: [stripped],
      records: [zoneLine(TLSA, tlsa(3, 1, 1, stripped))],
      broken: (lines) => lines.filter((line) => !/\sRRSIG\s+TLSA\s/.test(line)),
    },
  ]
}

async function start(): Promise<World> {
  const peers: SmtpPeer[] = []
  const zones = await zonesOf()
  const served = await SignedZones.start(
    zones.map(({ records, ...zone }, index) => ({
      ...zone,
      records: [`@ MX 10 mx`, `mx A ${NET}.${index + 1}`, ...records].join('\n'),
    })),
  )
  const folder = new TemporaryFolder('check-dane')
  for (const [index, { chain }] of zones.entries()) {
    const host = `${NET}.${index + 1}`
    const tls: PeerOptions = chain
      ? { tls: { key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') } }
      : { starttls: false }
    peers.push(await startPeer({ host, port: 25, ...tls }))
  }
  const [validating, trusting] = [await served.resolver('validating'), await served.resolver('trusting')]
  mkdirSync(join(folder.path, 'config'))
  const files = {
    'enforce-tls.ini': `[store]\ntype=file\n[dns]\nresolver[]=${formatResolver(validating)}\n`,
    'outbound.ini': 'local_mx_ok=true\n',
    me: 'mta.acme.example\n',
  }
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder.path, 'config', name), content)
  return {
    validating: formatResolver(validating),
    trusting: formatResolver(trusting),
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(peers.map((peer) => peer.close()))
      await served.close()
      folder.close()
    },
  }
}

const missing =
  packagesMissing('dns') || (process.getuid?.() === 0 ? false : 'it takes root to listen on port 25')

describe('what check says of DANE', { skip: missing }, () => {
  let world: World
  before(async () => {
    world = await start()
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
  })

  const check = (args: readonly string[], dns = world.validating): Promise<Ran> =>
    inProcess(['check', ...args, '--config', world.folder, '--dns', dns], { partners: openOwnPartners })
  const checked = async (domain: string, dns?: string): Promise<PartnerCheck> => {
    const ran = await check([domain, '--json'], dns)
    assert.equal(ran.stderr, '')
    return JSON.parse(ran.stdout) as PartnerCheck
  }

  const ROWS: readonly (readonly [domain: string, outcome: string, sentence: RegExp])[] = [
    ['good.example', 'vouched', /^DANE vouches for mx\.good\.example\.$/],
    ['sent.example', 'vouched', /^DANE vouches for mx\.sent\.example\.$/],
    [
      'unsent.example',
      'not-vouched',
      /^DANE does not vouch for mx\.unsent\.example: the server does not send the authority \(CA\) that its TLSA record 2 0 1 [0-9a-f]{16}… names\.$/,
    ],
    [
      'several.example',
      'partly',
      /^DANE vouches for mx\.good\.example, but not for mx\.several\.example \(the server has a public key that is not the one of its TLSA record 3 1 1 [0-9a-f]{16}…\) and mx\.plain\.example \(it has no TLSA records\)\.$/,
    ],
    ['plain.example', 'none', /^DANE does not apply to mx\.plain\.example: it has no TLSA records\.$/],
    [
      'cleartext.example',
      'not-vouched',
      /^DANE does not vouch for mx\.cleartext\.example: the server does not offer STARTTLS\.$/,
    ],
    [
      'unsigned.example',
      'none',
      /^DANE does not apply to mx\.unsigned\.example: its addresses are not signed with DNSSEC\.$/,
    ],
    [
      'hosted.unsigned.example',
      'host-only',
      /^DANE vouches for mx\.good\.example, but the MX records of hosted\.unsigned\.example are not signed with DNSSEC, so they could be forged\.$/,
    ],
    [
      'stripped.example',
      'unknown',
      /^Whether DANE vouches for stripped\.example is unknown: the DNS look-up of TLSA _25\._tcp\.mx\.stripped\.example failed: 127\.0\.0\.1:\d+ answers SERVFAIL/,
    ],
  ]
  for (const [domain, outcome, sentence] of ROWS)
    it(`${domain}: ${outcome}`, async () => {
      const { dane, verdict, hosts } = await checked(domain)
      assert.equal(dane?.outcome, outcome)
      assert.match(dane.sentence, sentence)
      // Nothing requires it, so it changes nothing.
      assert.equal(verdict, hosts.some(({ protocol }) => protocol !== null) ? 'delivered' : 'bounced')
    })

  const LEVEL_ROWS: readonly (readonly [domain: string, defer: string, encrypt: string, none: string])[] = [
    ['good.example', 'delivered', 'delivered', 'delivered'],
    ['sent.example', 'delivered', 'delivered', 'delivered'],
    ['unsent.example', 'waits tlsa-invalid', 'waits tlsa-invalid', 'waits tlsa-invalid'],
    ['several.example', 'delivered', 'delivered', 'delivered'],
    ['plain.example', 'waits dane-required', 'bounced starttls-not-supported', 'free'],
    [
      'cleartext.example',
      'waits starttls-not-supported',
      'waits starttls-not-supported',
      'waits starttls-not-supported',
    ],
    ['unsigned.example', 'waits dane-required', 'delivered', 'free'],
    ['hosted.unsigned.example', 'waits dane-required', 'delivered', 'delivered'],
    ['stripped.example', 'not-known dnssec-invalid', 'not-known dnssec-invalid', 'not-known dnssec-invalid'],
  ]
  for (const [domain, ...expected] of LEVEL_ROWS)
    it(`${domain} at level dane: ${[...new Set(expected)].join(', ')}`, async () => {
      const found = await Promise.all(
        ['defer', 'encrypt', 'none'].map(async (otherwise) => {
          const words = [domain, '--level', 'dane', '--otherwise', otherwise, '--json']
          const { stdout } = await check(words)
          const { verdict, hosts } = JSON.parse(stdout) as PartnerCheck
          const [failure] = verdict === 'delivered' ? [] : hosts.map((host) => host.failure?.class)
          return [verdict, ...(failure ? [failure] : [])].join(' ')
        }),
      )
      assert.deepEqual(found, expected)
    })

  it('says that mail waits, or that TLS would not be required, and ends with the exit code', async () => {
    const waits = await check(['unsent.example', '--level', 'dane-only'])
    assert.equal(waits.code, 1)
    assert.match(
      waits.stdout.replace(/\n +/g, ' '),
      /^unsent\.example: mail would wait, and bounce when it has waited too long\. mx\.unsent\.example does not send the authority \(CA\) that its TLSA record/,
    )
    const free = await check(['unsigned.example', '--level', 'dane', '--otherwise', 'none'])
    assert.equal(free.code, 0)
    assert.match(
      free.stdout,
      /^unsigned\.example: mail would be delivered, and TLS would not be required\.$/m,
    )
  })

  it('is one of the levels that its servers fulfil', async () => {
    const { levels } = await checked('good.example')
    assert.deepEqual(levels, ['encrypt', 'dane', 'published'])
    assert.deepEqual((await checked('unsent.example')).levels, ['encrypt'])
  })

  it('shows for a person what is signed, and each record with what becomes of it', async () => {
    const { code, stdout } = await check(['several.example'])
    assert.equal(code, 0)
    assert.match(stdout, /^ {2}DNSSEC +MX: signed; addresses: signed$/m)
    assert.match(
      stdout,
      /^ {2}TLSA +1 1 1 [0-9a-f]{16}…: does not count, mail servers do not use certificate usage 1 \(RFC 7672\)$/m,
    )
    assert.match(stdout, /^ +3 1 1 [0-9a-f]{16}…: no, tlsa-mismatch$/m)
    assert.match(stdout, /^ {2}TLSA +3 1 1 [0-9a-f]{16}…: yes$/m)
    assert.match(stdout, /^ {2}TLSA +none$/m)
    const { stdout: hosted } = await check(['hosted.unsigned.example'])
    assert.match(hosted, /^ {2}DNSSEC +MX: not signed; addresses: signed$/m)
    const { stdout: plain } = await check(['plain.example'])
    assert.doesNotMatch(plain, /DNSSEC|TLSA {2}/)
    assert.match(plain, /^ {2}DANE does not apply to mx\.plain\.example: it has no TLSA records\.$/m)
    const { stdout: cleartext } = await check(['cleartext.example'])
    assert.match(cleartext, /^ {2}TLSA +3 1 1 [0-9a-f]{16}…: not compared$/m)
  })

  it('has all of it as data', async () => {
    const { hosts } = await checked('unsent.example')
    const [dane] = hosts.map((host) => host.dane)
    assert.deepEqual(
      { ...dane, records: dane?.records.map(({ data, ...rest }) => ({ ...rest, digits: data.length })) },
      {
        outcome: 'not-vouched',
        detail: dane?.detail,
        mxAuthentic: true,
        addressesAuthentic: true,
        base: 'mx.unsent.example',
        records: [
          {
            usage: 2,
            selector: 0,
            matchingType: 1,
            digits: 64,
            matches: false,
            reason: 'authority-not-sent',
            detail: dane?.detail,
          },
        ],
      },
    )
  })

  it('is about the host that --mx names, whoever it belongs to', async () => {
    const { dane, hosts } = JSON.parse(
      (await check(['bank.example', '--mx', 'mx.good.example:25', '--json'])).stdout,
    ) as PartnerCheck
    assert.equal(dane?.sentence, 'DANE vouches for mx.good.example.')
    assert.equal(hosts[0]?.dane?.mxAuthentic, null)
    const { stdout } = await check(['good.example', '--mx', `${NET}.1`])
    assert.match(stdout, /^ {2}DANE does not apply: it needs the name of a host, not its address\.$/m)
  })

  it('is not asked of a resolver that does not validate, and the check goes on', async () => {
    const ran = await check(['good.example'], world.trusting)
    assert.equal(ran.code, 0)
    assert.match(
      ran.stdout.replace(/\n +/g, ' '),
      / DANE and MTA-STS were not checked: 127\.0\.0\.1:\d+ does not validate DNSSEC: it does not mark its answer about the root zone as authentic\. Name a resolver that validates with --dns\.$/m,
    )
  })

  it('comes from the resolver of the settings', async () => {
    // Haraka's own look-ups would ask the system: the host is named.
    const words = ['check', 'good.example', '--mx', `mx.good.example`, '--config', world.folder]
    const { stdout } = await inProcess(words, { partners: openOwnPartners })
    assert.match(stdout, /^ {2}DANE vouches for mx\.good\.example\.$/m)
    assert.match(stdout, /^ {2}DNSSEC +addresses: signed$/m)
  })

  it('is a column of a list, with what is wrong below', async () => {
    const { stdout } = await check(['good.example', 'unsent.example', 'plain.example'])
    assert.match(stdout, /^│ partner +│ level +│ mail +│ DANE +│ because +│$/m)
    const cells = [...stdout.matchAll(/^│ (\w+\.example) +│ \w+ +│ \w+ +│ (\w+) /gm)].map(
      ([, ...each]) => each,
    )
    assert.deepEqual(cells, [
      ['good.example', 'yes'],
      ['unsent.example', 'no'],
      ['plain.example', 'none'],
    ])
    assert.match(
      stdout,
      /^unsent\.example: DANE does not vouch for mx\.unsent\.example: the server does not send/m,
    )
    assert.doesNotMatch(stdout, /DANE vouches/)
    const plain = await check(['plain.example', 'nowhere.example'])
    assert.doesNotMatch(plain.stdout, /DANE/)
    const unasked = await check(['good.example', 'plain.example'], world.trusting)
    assert.equal(unasked.stdout.match(/^DANE and MTA-STS were not checked/gm)?.length, 1)
  })
})

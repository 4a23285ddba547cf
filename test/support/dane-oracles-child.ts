/**
 * What becomes of mail to the same partners by a Haraka with this plugin, by Postfix and by Exim, each told to deliver over
 * DANE or not at all, and what Postfix's own client and our verdict say of them: runs in a network of its own, as root
 * (`unshare --net --mount`), with signed zones, an Unbound on port 53 and a server for each partner on port 25, and
 * prints one JSON document.
 */
import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { DnsClient } from '../../plugins/enforce-tls/dns/client.js'
import { lookUpTlsa } from '../../plugins/enforce-tls/published/dane/tlsa-look-up.js'
import { daneVerdict } from '../../plugins/enforce-tls/published/dane/verdict.js'
import { lookUpAddresses } from '../../plugins/enforce-tls/published/host-addresses.js'
import { lookUpMailHosts } from '../../plugins/enforce-tls/published/mail-hosts.js'
import { tlsa, type Issued } from './chains.js'
import { danePartners, TLSA_NAME, zoneLine, type Partner } from './dane-partners.js'
import { serverEnvironment, unpackedServer } from './debian-package.js'
import { SignedZones, type SignedZone } from './signed-zones.js'
import {
  relayedBy,
  startEximDaneRelay,
  startPostfixDaneRelay,
  type DaneRelay,
  type Relayed,
} from './dane-relays.js'
import { logPairs } from './evidence.js'
import { startHaraka } from './haraka.js'
import { fileStoreConfig } from './rules.js'
import { startPeer } from './smtp-peer.js'
import { TemporaryFolder } from './temporary-folder.js'

/** `none`: nothing is published; `insecure`: the MX records are not authentic; `failed`: a look-up fails. */
export type Opinion = 'verified' | 'refused' | 'none' | 'insecure' | 'unusable' | 'failed'

export interface Opinions {
  readonly what: string
  /** Without a delivery. */
  readonly ours: Opinion
  /** Of Postfix's client. */
  readonly postfix: Opinion
  /** What became of a message by each, and what was said of it. */
  readonly delivery: Readonly<Record<Sender, Relayed>>
  /** For a person, where something is not as it should be. */
  readonly said: string
}

/** Who sends. */
export type Sender = 'haraka' | 'postfix' | 'exim'

/** Postfix's client takes two seconds for each. */
const AT_A_TIME = 15
/** Postfix wants to know them, though its client runs as root. */
const ACCOUNTS = ['postfix', 'postdrop', 'nobody'].map((name, i) => ({ name, id: 61_001 + i }))
const MAIN_CF = `compatibility_level = 3.6
myhostname = client.example
mail_owner = postfix
setgid_group = postdrop
smtp_dns_support_level = dnssec
shlib_directory = ${unpackedServer('postfix')}/usr/lib/postfix
`
async function main(): Promise<void> {
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  await using folder = new TemporaryFolder('dane-beside-postfix')
  const all = await danePartners()
  const [first] = all
  const addressed = all.map((partner, i) => ({ ...partner, address: `192.0.2.${i + 1}` }))
  for (const { address } of addressed) execFileSync('ip', ['addr', 'add', `${address}/32`, 'dev', 'lo'])
  const records = all.flatMap(({ zone, records: lines }) => [`$ORIGIN ${zone}.`, ...lines])
  const zones: readonly SignedZone[] = [
    { name: 'bank.example', records: records.join('\n') },
    {
      name: 'unsigned.example',
      signed: 'no',
      records: [
        ...addressed.map(({ address }, i) => `p${i + 1} A ${address}`),
        '@ MX 10 mx.p1.bank.example.',
      ].join('\n'),
    },
    {
      name: 'stripped.example',
      records: `mx A 192.0.2.1\n${zoneLine(TLSA_NAME, tlsa(3, 1, 1, (first as Partner).chain[0] as Issued))}`,
      broken: (lines) => lines.filter((line) => !/\sRRSIG\s+TLSA\s/.test(line)),
    },
  ]
  writeFileSync(join(folder.path, 'main.cf'), MAIN_CF)
  await using served = await SignedZones.start(zones)
  const dns = new DnsClient([await served.resolver('validating', 53)])
  writeFileSync(join(folder.path, 'resolv.conf'), 'nameserver 127.0.0.1\noptions trust-ad\n')
  execFileSync('mount', ['--bind', join(folder.path, 'resolv.conf'), '/etc/resolv.conf'])
  const peers = await Promise.all(
    addressed.map(({ chain, address }) => startPeer({ host: address, port: 25, tls: tlsOf(chain) })),
  )
  const asked = [
    ...addressed.map(({ what, zone, chain }) => ({ what, domain: zone, chain })),
    {
      what: 'an unsigned domain at a host with records',
      domain: 'unsigned.example',
      chain: (first as Partner).chain,
    },
  ]
  const postfix = serverEnvironment(unpackedServer('postfix'), folder.path, ACCOUNTS)
  const environment = { ...postfix, MAIL_CONFIG: folder.path }
  const recipients = asked.map(({ domain }) => `x@${domain}`)
  const byHaraka = await deliveredByHaraka(recipients)
  const byPostfix = await delivered(await startPostfixDaneRelay(), 'postfix', recipients)
  const byExim = await delivered(await startEximDaneRelay(), 'exim', recipients)
  const atATime = pLimit(AT_A_TIME)
  const opinions = await Promise.all(
    asked.map(({ what, domain, chain }, index) =>
      atATime(async (): Promise<Opinions> => {
        const ours = await ourOpinion(dns, domain, chain)
        const said = await postfixSays(domain, environment)
        const delivery = {
          haraka: byHaraka[index] as Relayed,
          postfix: byPostfix[index] as Relayed,
          exim: byExim[index] as Relayed,
        }
        return { what, ours, postfix: opinionOf(said), delivery, said }
      }),
    ),
  )
  // What a sender says is one thing, what has arrived another.
  const arrived = peers.flatMap(({ messages }) => messages.map(({ from, to: [to] }) => `${from} ${to ?? ''}`))
  const claimed = opinions.flatMap(({ delivery }, index) =>
    Object.entries(delivery)
      .filter(([, { is }]) => is === 'delivered')
      .map(([sender]) => `ann@${sender}.example ${recipients[index] ?? ''}`),
  )
  if (JSON.stringify(arrived.sort()) !== JSON.stringify(claimed.sort()))
    throw new Error(`arrived: ${arrived.join(', ')}; claimed: ${claimed.join(', ')}`)
  await Promise.all(peers.map((peer) => peer.close()))
  process.stdout.write(JSON.stringify(opinions))
}

async function delivered(
  relay: DaneRelay,
  sender: Sender,
  to: readonly string[],
): Promise<readonly Relayed[]> {
  try {
    return await relayedBy(relay, `ann@${sender}.example`, to)
  } finally {
    await relay.peer.close()
  }
}

/** By a rule of level `dane`; the resolver is that of resolv.conf. */
async function deliveredByHaraka(recipients: readonly string[]): Promise<readonly Relayed[]> {
  await using haraka = await startHaraka({
    plugins: ['test-relay', 'enforce-tls'],
    config: fileStoreConfig({ 'haraka.example': [{ to: ['.example'], action: { level: 'dane' } }] }),
    outbound: { temp_fail_intervals: '1h' },
  })
  for (const to of recipients) await haraka.send({ from: 'ann@haraka.example', to })
  const outcomes = () => logPairs(haraka.log).filter(({ kind }) => kind === 'outcome')
  await haraka.until(() => outcomes().length === recipients.length, 'all outcomes', 60_000)
  return recipients.map((to) => {
    const outcome = outcomes().find(({ domain }) => to === `x@${domain ?? ''}`)
    const { result, class: name = '', detail = '' } = outcome ?? {}
    const is = result === 'delivered' ? result : result === 'deferred' ? 'waits' : 'bounced'
    return { is, said: `${name} ${detail}` }
  })
}

function tlsOf(chain: readonly Issued[]): { key: string; cert: string } {
  return { key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') }
}

async function ourOpinion(dns: DnsClient, domain: string, chain: readonly Issued[]): Promise<Opinion> {
  const found = await lookUpMailHosts(dns, domain)
  if (found.kind !== 'hosts') return 'failed'
  if (!found.authentic) return 'insecure'
  const addresses = await lookUpAddresses(dns, found.hosts[0]?.host ?? '')
  if (addresses.kind !== 'addresses') return 'failed'
  const published = await lookUpTlsa(dns, addresses, 25)
  if (published.kind !== 'usable') return published.kind
  const names = [published.base, domain, found.name]
  const nodes = chain.map(({ node }) => node)
  const { by } = daneVerdict(published.set, { chain: nodes, names, chainError: '', now: Date.now() })
  return by ? 'verified' : 'refused'
}

/** What Postfix's client says of the servers of a domain, at the level `dane-only`. */
async function postfixSays(domain: string, env: NodeJS.ProcessEnv): Promise<string> {
  const root = unpackedServer('postfix')
  const client = spawn(
    join(root, 'usr/sbin/posttls-finger'),
    ['-c', '-l', 'dane-only', '-L', 'summary', domain],
    {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  for (const stream of [client.stdout, client.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => (said += more))
  await once(client, 'close')
  return said
}

function opinionOf(said: string): Opinion {
  // It warns and goes on where Postfix itself stops.
  if (said.includes('MX RRset insecure')) return 'insecure'
  if (said.includes('no TLSA records found')) return 'none'
  if (/TLSA records unusable|no usable TLSA records/.test(said)) return 'unusable'
  if (/lookup error/i.test(said)) return 'failed'
  if (said.includes('Verified TLS connection established')) return 'verified'
  if (/\b(Unt|T)rusted TLS connection established/.test(said)) return 'refused'
  throw new Error(`Postfix's client said ${said}`)
}

void main()

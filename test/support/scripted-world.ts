/**
 * Partners whose records change at will: a resolver whose answers are a table, all of them authentic and good for no longer
 * than it takes to read them; mail servers on port 25 of addresses of their own, and a web server of policies. The zones
 * are not signed, and nothing but the resolver's word says that they are.
 */
import type { ServerResponse } from 'node:http'
import type { Answer } from 'dns-packet'
import type { TlsaRecord } from '../../plugins/enforce-tls/dns/answer.js'
import { formatResolver } from '../../plugins/enforce-tls/dns/resolver-list.js'
import { makeAuthority, type Authority } from './certificates.js'
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { freeNet } from './low-ports.js'
import { PolicyServer, sendPolicy } from './policy-server.js'
import { trustingConfig, type TestRule } from './rules.js'
import { ScriptedResolver } from './scripted-resolver.js'
import { homePlugin, startedTogether } from './started-together.js'
import { startPeer, type PeerOptions, type SmtpPeer } from './smtp-peer.js'

/** The records of one question. */
type Records =
  | { readonly MX: readonly string[] }
  | { readonly A: readonly string[] }
  | { readonly TLSA: readonly TlsaRecord[] }
  | { readonly TXT: readonly string[] }
  | 'fails'
  | 'silent'

/** A text, or what the policy's server does. */
export type Policy = string | ((response: ServerResponse) => void)

export interface ScriptedOptions {
  /** Mail servers by name, each a good one of the authority unless it says otherwise. */
  readonly hosts: Readonly<Record<string, PeerOptions>>
  /** MX hosts by domain. @default each host's parent domain has it */
  readonly mx?: Readonly<Record<string, readonly string[]>>
  /** Domains whose MX records no signature vouches for. @default none */
  readonly unsigned?: readonly string[]
  /** By host. */
  readonly tlsa?: Readonly<Record<string, readonly TlsaRecord[]>>
  /** By domain. */
  readonly policies?: Readonly<Record<string, Policy>>
  readonly rules: Readonly<Record<string, readonly TestRule[]>>
  /** Lines of `[tls]`. */
  readonly ini?: string
  readonly haraka?: HarakaOptions
  readonly authority?: Authority
  /** Whether the resolver validates from the start on. @default true */
  readonly validates?: ScriptedResolver['validates']
}

export interface ScriptedWorld extends AsyncDisposable {
  readonly haraka: Haraka
  readonly peers: Readonly<Record<string, SmtpPeer>>
  readonly resolver: ScriptedResolver
  /** Of all senders. */
  readonly mailbox: SmtpPeer
  readonly authority: Authority
  /** Answers a question such as `TXT _mta-sts.bank.example` like this from now on. */
  answer(question: string, records: Records): void
  readonly setTlsa: (host: string, ...records: readonly TlsaRecord[]) => void
  readonly setPolicy: (domain: string, policy: Policy, id?: string) => void
  /** How often a domain's policy was asked for. */
  fetches(domain: string): number
  writeRules(rules: Readonly<Record<string, readonly TestRule[]>>): void
}

export function startScriptedWorld(options: ScriptedOptions): Promise<ScriptedWorld> {
  return startedTogether((add) => start(options, add))
}

async function start(
  {
    hosts,
    mx = {},
    tlsa = {},
    policies = {},
    rules,
    ini = '',
    haraka: wanted = {},
    ...more
  }: ScriptedOptions,
  add: <T extends AsyncDisposable>(each: T) => T,
): Promise<Omit<ScriptedWorld, typeof Symbol.asyncDispose>> {
  const net = await freeNet()
  const authority = more.authority ?? (await makeAuthority('Trusted'))
  const table = new Map<string, Records>()
  const peers: Record<string, SmtpPeer> = {}
  for (const [index, [name, behaviour]] of Object.entries(hosts).entries()) {
    const host = `${net}.${index + 1}`
    const own = await authority.issue({ dnsNames: [name] })
    const tls = { ...own, ...behaviour.tls }
    peers[name] = add(await startPeer({ host, port: 25, hostname: name, ...behaviour, tls }))
    table.set(`A ${name}`, { A: [host] })
    table.set(`MX ${name.slice(name.indexOf('.') + 1)}`, { MX: [name] })
  }
  for (const [domain, names] of Object.entries(mx)) table.set(`MX ${domain}`, { MX: names })
  const setTlsa: ScriptedWorld['setTlsa'] = (host, ...records) =>
    void table.set(`TLSA _25._tcp.${host}`, { TLSA: records })
  for (const [host, records] of Object.entries(tlsa)) setTlsa(host, ...records)
  const texts = new Map<string, Policy>()
  const setPolicy: ScriptedWorld['setPolicy'] = (domain, policy, id = '1') => {
    texts.set(domain, policy)
    table.set(`TXT _mta-sts.${domain}`, { TXT: [`v=STSv1; id=${id}`] })
    table.set(`A mta-sts.${domain}`, { A: [`${net}.254`] })
  }
  for (const [domain, policy] of Object.entries(policies)) setPolicy(domain, policy)
  const dnsNames = ['mta-sts.invalid', ...Object.keys(policies).map((domain) => `mta-sts.${domain}`)]
  const web = add(
    await PolicyServer.start(
      await authority.issue({ dnsNames }),
      (response, { headers: { host = '' } }) => {
        const policy = texts.get(host.replace('mta-sts.', '')) ?? ''
        if (typeof policy === 'function') policy(response)
        else sendPolicy(response, policy)
      },
      { host: `${net}.254`, port: 443 },
    ),
  )
  const resolver = add(
    await ScriptedResolver.start(({ name, type, reply }) => {
      const records = table.get(`${type} ${name.toLowerCase()}`)
      if (records === 'silent') return
      if (records === 'fails') return reply({ rcode: 2 })
      const isUnsigned = type === 'MX' && more.unsigned?.includes(name.toLowerCase())
      return reply({ answers: records ? answersOf(name, records) : [], ...(isUnsigned ? { ad: false } : {}) })
    }),
  )
  resolver.validates = more.validates ?? true
  const mailbox = add(await startPeer())
  const config = trustingConfig(
    authority,
    rules,
    `${ini}\n[dns]\nresolver[]=${formatResolver(resolver.address)}\n[mta_sts]\nprivate_addresses=true\n`,
  )
  const { extraPlugins = {}, ...others } = wanted
  const own = { 'test-home': homePlugin('acme.example', mailbox) }
  const haraka = add(
    await startHaraka({
      plugins: ['test-relay', ...Object.keys({ ...own, ...extraPlugins }), 'enforce-tls'],
      extraPlugins: { ...own, ...extraPlugins },
      outbound: { temp_fail_intervals: '1h*99' },
      ...others,
      config: { ...config, ...wanted.config },
    }),
  )
  return {
    haraka,
    peers,
    resolver,
    mailbox,
    authority,
    answer: (question, records) => void table.set(question, records),
    setTlsa,
    setPolicy,
    fetches: (domain) => web.asked.filter(({ page }) => page.startsWith(`mta-sts.${domain} `)).length,
    writeRules: (changed) =>
      haraka.writeConfig({
        'enforce-tls.rules.json': trustingConfig(authority, changed)['enforce-tls.rules.json'],
      }),
  }
}

function answersOf(name: string, records: Exclude<Records, string>): Answer[] {
  const ttl = 0
  if ('MX' in records)
    return records.MX.map((exchange, index) => ({
      type: 'MX',
      name,
      ttl,
      data: { preference: (index + 1) * 10, exchange },
    }))
  if ('A' in records) return records.A.map((data) => ({ type: 'A', name, ttl, data }))
  if ('TXT' in records) return records.TXT.map((data) => ({ type: 'TXT', name, ttl, data }))
  return records.TLSA.map(({ data: certificate, ...parts }) => ({
    type: 'TLSA',
    name,
    ttl,
    data: { ...parts, certificate },
  }))
}

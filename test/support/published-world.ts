/**
 * Partners that publish what their mail servers are, as a Haraka with the plugin finds them: really signed zones behind a
 * resolver that validates, a mail server for each partner on port 25 of an address of its own, their policies on port
 * 443 of another, and one authority that Haraka trusts. Senders of `home` get their bounces in a mailbox.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatResolver } from '../../plugins/enforce-tls/dns/resolver-list.js'
import { makeAuthority, type Authority } from './certificates.js'
import type { Issued } from './chains.js'
import { logPairs, type Pairs } from './evidence.js'
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { freeNet } from './low-ports.js'
import { PolicyServer, sendPolicy } from './policy-server.js'
import { trustingConfig, type TestRule } from './rules.js'
import { SignedZones, type SignedZone } from './signed-zones.js'
import { homePlugin, startedTogether } from './started-together.js'
import { startPeer, type PeerOptions, type SmtpPeer } from './smtp-peer.js'

/** What is in a partner's place: the addresses of its mail server and of its policy. */
export interface Place {
  readonly mx: string
  readonly web: string
}

/** A partner: a zone below the root. */
export interface Partner extends Partial<Pick<SignedZone, 'signed' | 'broken'>> {
  readonly zone: string
  /** @default an MX host `mx` at its address */
  readonly hosts?: (place: Place) => readonly string[]
  readonly records?: readonly string[]
  /** What the mail server sends; without it the server has a certificate of the authority for `mx.<zone>`. */
  readonly chain?: readonly Issued[]
  readonly server?: PeerOptions
  /** Of `_mta-sts`. @default one, where there is a policy */
  readonly txt?: readonly string[]
  /** A text, or what the policy's server does. */
  readonly policy?: string | ((response: ServerResponse) => void)
  /** Whether the policy's server has a certificate for its name. @default true */
  readonly isNamed?: boolean
  /** Zones that belong to it. */
  readonly more?: (place: Place) => readonly SignedZone[]
}

export interface WorldOptions {
  readonly partners: readonly Partner[]
  readonly rules: Readonly<Record<string, readonly TestRule[]>>
  /** Domain of all senders, whose names are below it. */
  readonly home: string
  /** Lines of enforce-tls.ini, those of `[tls]` first. */
  readonly ini?: string
  readonly resolver?: 'validating' | 'trusting'
  readonly haraka?: HarakaOptions
  readonly authority?: Authority
}

/** A policy in mode enforce that lists these hosts. */
export function policyFor(...hosts: readonly string[]): string {
  return [
    'version: STSv1',
    'mode: enforce',
    ...hosts.map((host) => `mx: ${host}`),
    'max_age: 604800',
    '',
  ].join('\n')
}

/** Says for each deferral what the recipients are marked with. */
const DEFERRALS_PLUGIN = `
exports.hook_deferred = (next, hmail, { err, delay }) => {
  const { mail_from, rcpt_to, domain } = hmail.todo
  const [{ reason, dsn_action, dsn_status, dsn_code, dsn_msg, dsn_remote_mta }] = rcpt_to
  const marks = { reason, dsn_action, dsn_status, dsn_code, dsn_msg, dsn_remote_mta }
  const line = { from: mail_from.original ?? String(mail_from), domain, delay, err: String(err.message ?? err), ...marks }
  process.stdout.write('test-deferred ' + JSON.stringify(line) + '\\n')
  next()
}
`

/** What a deferral says, and what its recipient is marked with. */
export interface Deferral {
  readonly from: string
  readonly domain: string
  readonly err: string
  readonly delay: number
  readonly reason: string
  readonly dsn_action: string
  readonly dsn_status: string
  readonly dsn_code: number
  readonly dsn_msg: string
  readonly dsn_remote_mta?: string
}

/** Running partners and the Haraka that sends to them. */
export interface PublishedWorld extends AsyncDisposable {
  readonly haraka: Haraka
  /** By zone. */
  readonly peers: Readonly<Record<string, SmtpPeer>>
  readonly places: Readonly<Record<string, Place>>
  readonly policies: PolicyServer
  /** Of all senders. */
  readonly mailbox: SmtpPeer
  /** What a policy's server does from now on. */
  setPolicy(zone: string, policy: Partner['policy']): void
  /** How often a zone's policy was asked for. */
  fetches(zone: string): number
  /** The log's lines about attempts and outcomes. */
  lines(): readonly Pairs[]
  deferrals(): readonly Deferral[]
}

export function startPublishedWorld(options: WorldOptions): Promise<PublishedWorld> {
  return startedTogether((add) => start(options, add))
}

async function start(
  {
    partners,
    rules,
    home,
    ini = '',
    resolver = 'validating',
    haraka: harakaOptions = {},
    ...more
  }: WorldOptions,
  add: <T extends AsyncDisposable>(each: T) => T,
): Promise<Omit<PublishedWorld, typeof Symbol.asyncDispose>> {
  const net = await freeNet()
  const authority = more.authority ?? (await makeAuthority('Trusted'))
  const places = Object.fromEntries(
    partners.map(({ zone }, index) => [zone, { mx: `${net}.${index + 1}`, web: `${net}.254` }]),
  )
  const placeOf = (zone: string): Place => places[zone] ?? { mx: '', web: '' }
  const zones = add(await SignedZones.start(partners.flatMap((each) => zonesOf(each, placeOf(each.zone)))))
  const { address, port } = await zones.resolver(resolver)
  const peers: Record<string, SmtpPeer> = {}
  for (const { zone, chain, server } of partners) {
    const tls = chain
      ? { key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') }
      : await authority.issue({ dnsNames: [`mx.${zone}`] })
    const hostname = `mx.${zone}`
    const options = { host: placeOf(zone).mx, port: 25, hostname, ...server, tls: { ...tls, ...server?.tls } }
    peers[zone] = add(await startPeer(options))
  }
  const policies = new Map(partners.map(({ zone, policy }) => [zone, policy]))
  const named = partners.filter(({ policy, isNamed = true }) => policy !== undefined && isNamed)
  const certificate = await authority.issue({
    dnsNames: ['mta-sts.invalid', ...named.map(({ zone }) => `mta-sts.${zone}`)],
  })
  const answer = (response: ServerResponse, { headers: { host = '' } }: IncomingMessage): void => {
    const policy = policies.get(host.replace('mta-sts.', ''))
    if (typeof policy === 'function') return policy(response)
    if (policy !== undefined) return sendPolicy(response, policy)
    response.writeHead(404).end()
  }
  const web = add(await PolicyServer.start(certificate, answer, { host: `${net}.254`, port: 443 }))
  const mailbox = add(await startPeer())
  const { extraPlugins = {}, config = {}, ...others } = harakaOptions
  const own = { 'test-deferrals': DEFERRALS_PLUGIN, 'test-home': homePlugin(home, mailbox), ...extraPlugins }
  const haraka = add(
    await startHaraka({
      plugins: ['test-relay', ...Object.keys(own), 'enforce-tls'],
      extraPlugins: own,
      outbound: { temp_fail_intervals: '1h' },
      ...others,
      config: {
        ...trustingConfig(
          authority,
          rules,
          `${ini}\n[dns]\nresolver[]=${formatResolver({ address, port })}\n[mta_sts]\nprivate_addresses=true\n`,
        ),
        ...config,
      },
    }),
  )
  return {
    haraka,
    peers,
    places,
    policies: web,
    mailbox,
    setPolicy: (zone, policy) => void policies.set(zone, policy),
    fetches: (zone) => web.asked.filter(({ page }) => page.startsWith(`mta-sts.${zone} `)).length,
    lines: () => logPairs(haraka.log),
    deferrals: () =>
      [...haraka.log.matchAll(/^test-deferred (.*)$/gm)].map(([, line = '']) => JSON.parse(line) as Deferral),
  }
}

function zonesOf(
  { zone, hosts = onItsOwn, records = [], signed, broken, txt, policy, more }: Partner,
  place: Place,
): readonly SignedZone[] {
  const announced = txt ?? (policy === undefined ? [] : ['v=STSv1; id=1'])
  const lines = [
    ...hosts(place),
    ...records,
    ...announced.map((text) => `_mta-sts TXT "${text}"`),
    ...(policy === undefined ? [] : [`mta-sts A ${place.web}`]),
  ]
  const own = { name: zone, records: lines.join('\n'), ...(signed && { signed }), ...(broken && { broken }) }
  return [own, ...(more?.(place) ?? [])]
}

function onItsOwn({ mx }: Place): readonly string[] {
  return ['@ MX 10 mx', `mx A ${mx}`]
}

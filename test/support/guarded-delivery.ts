/**
 * One delivery of a guarded item without Haraka: a fake queue item, real servers on loopback, and surroundings of the
 * guard that note what they are asked. The guard and all below it are the product's own.
 */
import { createSecureContext, type SecureContext } from 'node:tls'
import constants from 'haraka-constants'
import type { DeliveryEvent } from '../../plugins/enforce-tls/delivery/delivery-events.js'
import type { GuardContext } from '../../plugins/enforce-tls/delivery/guard-context.js'
import { Guard } from '../../plugins/enforce-tls/delivery/guard.js'
import type { TrustLookUp } from '../../plugins/enforce-tls/delivery/named-trust.js'
import { TrustProblem } from '../../plugins/enforce-tls/delivery/tls/trust-files.js'
import { hostOf, placeOf } from '../../plugins/enforce-tls/delivery/next-hop.js'
import { ConnectionPool } from '../../plugins/enforce-tls/delivery/connections/pool.js'
import { SessionCache } from '../../plugins/enforce-tls/delivery/tls/session-cache.js'
import type { HarakaAddress, HarakaMx } from '../../plugins/enforce-tls/haraka/types.js'
import { requirementOf, type Requirement } from '../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../plugins/enforce-tls/rules/rule.js'
import type { Gateway } from '../../plugins/enforce-tls/settings/gateways.js'
import type { Settings } from '../../plugins/enforce-tls/settings/types.js'
import { FakeHaraka, fakeAddress, type HookAnswer } from './fake-haraka.js'
import { FakeHmail, fakeOf } from './fake-hmail.js'
import type { PeerBehaviour } from './peer-behaviour.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'
import { until } from './until.js'

const NO_TRUSTS: TrustLookUp = {
  get: (name) => {
    throw new TrustProblem(`${name} does not exist`)
  },
}

/** Longer than any server of a test takes that is not meant to be late, in milliseconds. */
const PATIENCE = 2000

/** What plugins name by mistake, and Node.js throws at. */
const UNUSABLE = { 'bad port': { port: 70_000 }, 'bad bind': { port: 25, bind: 'no address' } }

/** The secret of the marks on mail that goes through a gateway. */
export const MARK_KEY = 'key of the marks'

export interface DeliveryOptions {
  /** The servers of bank.example by their order, as `mx1`, `mx2` and so on: how each behaves, or what is there instead. */
  readonly hosts?: readonly (PeerBehaviour | 'down' | 'no address' | 'bad port' | 'bad bind')[]
  /** @default cfo@bank.example alone */
  readonly to?: readonly string[]
  /** Empty for `<>`. @default ann@acme.example */
  readonly from?: string
  /** @default encrypt */
  readonly action?: RelayWithTls
  /** What the rules say, and what plugins answer to `send_email`. @default to enforce `action`, and to go on */
  readonly decide?: (
    guard: Guard,
    item: FakeHmail,
    requirement: Requirement,
  ) => HookAnswer | Promise<HookAnswer> | undefined
  /** Trusted authorities, PEM. @default none */
  readonly ca?: string
  /** `[failure] action`. @default bounce */
  readonly failureAction?: 'bounce' | 'defer'
  /** `[main] trusted_next_hops`. @default none */
  readonly trustedNextHops?: readonly string[]
  /** @default 60 */
  readonly deferSeconds?: number
  /** Milliseconds. */
  readonly replyTimeout?: number
  readonly failures?: number
  readonly notes?: Record<string, unknown>
  /** What the guard's surroundings do otherwise than here. */
  readonly surroundings?: Partial<GuardContext>
  /** @default false */
  readonly resumption?: boolean
  /** Deliver several messages over one connection. */
  readonly reuse?: boolean
  /** `[gateways]`. @default none */
  readonly gateways?: readonly Gateway[]
  /** `[tls] connections_per_host`. @default 20 */
  readonly perHost?: number
}

/** The requirement of one rule. */
export function required(action: RelayWithTls = { level: 'encrypt' }): Requirement {
  return requirementOf(action, 'bank.example', { owner: 'acme.example', id: 'r1', name: 'Bank' })
}

/** Starts the servers, and makes the item; `run` sends it. */
export async function makeDelivery(options: DeliveryOptions = {}): Promise<GuardedDelivery> {
  const hosts: HarakaMx[] = []
  const peers: SmtpPeer[] = []
  for (const [index, host] of (options.hosts ?? [{}]).entries()) {
    const name = `mx${index + 1}.bank.example`
    if (host === 'no address') hosts.push({ exchange: name, priority: index })
    else if (host === 'bad port' || host === 'bad bind')
      hosts.push({ ...UNUSABLE[host], exchange: '127.0.0.1', priority: index, from_dns: name })
    else {
      const peer = await startPeer({ hostname: name, ...(host === 'down' ? {} : host) })
      peers.push(peer)
      hosts.push(peer.route({ name, priority: index }))
      if (host === 'down') await peer.goDown()
    }
  }
  return new GuardedDelivery(options, hosts, peers)
}

export class GuardedDelivery implements AsyncDisposable {
  readonly haraka = new FakeHaraka()
  readonly item: FakeHmail
  readonly events: DeliveryEvent[] = []
  /** Of the latest attempt. */
  guard: Guard | null = null
  readonly #recipients: readonly HarakaAddress[]
  readonly #sessions = new SessionCache()
  #connections: ConnectionPool | undefined
  readonly #context: SecureContext

  /** @param hosts what the hook `get_mx` answers @param peers those of them that are servers */
  constructor(
    readonly options: DeliveryOptions,
    hosts: readonly HarakaMx[],
    readonly peers: readonly SmtpPeer[],
  ) {
    const { to = ['cfo@bank.example'], from = 'ann@acme.example', ca = [], notes = {} } = options
    this.#context = createSecureContext({ ca, minVersion: 'TLSv1.2' })
    this.#recipients = to.map(fakeAddress)
    this.item = new FakeHmail(this.haraka, {
      mail_from: fakeAddress(from),
      rcpt_to: [...this.#recipients],
      notes,
    })
    this.item.num_failures = options.failures ?? 0
    this.haraka.hooks['get_mx'] = () => [constants.ok, hosts]
    this.haraka.hooks['send_email'] = (item) => this.#decide(item)
    this.haraka.hooks['delivered'] = (item, recipients) => {
      Guard.delivered(item, recipients as HarakaAddress[])
      return [constants.cont]
    }
  }

  get told(): readonly string[] {
    return this.haraka.told
  }

  /** What bounces and hooks of others read of each recipient. */
  get statuses(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#recipients.map(({ user, dsn_action, dsn_status, dsn_remote_mta }) => [
        user,
        [dsn_action, dsn_status, firstLabel(dsn_remote_mta ?? '')].filter(Boolean).join(' '),
      ]),
    )
  }

  /** What those who look on were told: of each attempt, and of what became of the recipients. */
  get seen(): readonly string[] {
    return this.events.map((event) => {
      if (event.kind !== 'attempt' && event.kind !== 'outcome') return event.kind
      const failure = event.failure ? (event.failure.class ?? 'not TLS') : 'ok'
      if (event.kind === 'attempt') return `${firstLabel(event.host)} ${failure}`
      return `${event.result} ${failure} ${event.status ?? 'no status'}`
    })
  }

  /** Puts the guard on, as the hook `send_email` does first of all. */
  attach(item = this.item): Guard {
    return Guard.attach(item, this.#surroundings)
  }

  /** Hands the item to Haraka's delivery, and waits until Haraka has let go of it and of its parts. */
  async run(): Promise<void> {
    this.item.send()
    await this.settled()
  }

  /** Time passes: what waits in the queue has its next attempt. */
  async again(): Promise<void> {
    for (const next of this.haraka.waiting.splice(0)) next()
    await this.settled()
  }

  async settled(): Promise<void> {
    await this.until(() => this.haraka.underWay.size === 0)
    for (const peer of this.peers) await peer.waitForSilence()
  }

  async until(condition: () => boolean): Promise<void> {
    const soFar = (): string => [this.told.join(', '), ...this.haraka.log].join('\n')
    await until(condition, { what: () => `what was to happen; so far: ${soFar()}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.close()))
  }

  #decide(item: FakeHmail): HookAnswer | Promise<HookAnswer> {
    this.guard = this.attach(item)
    const requirement = required(this.options.action)
    const { decide } = this.options
    if (decide) return decide(this.guard, item, requirement) ?? [constants.cont]
    this.guard.enforce(requirement)
    return [constants.cont]
  }

  get #surroundings(): GuardContext {
    const {
      deferSeconds = 60,
      replyTimeout = PATIENCE,
      failureAction = 'bounce',
      trustedNextHops = [],
    } = this.options
    const settings = {
      main: { deferSeconds, trustedNextHops },
      tls: {
        replyTimeout,
        handshakeTimeout: replyTimeout,
        connectionReuse: this.options.reuse ?? false,
        connectionIdle: 2000,
        connectionMaxMessages: 100,
        connectionsPerHost: this.options.perHost ?? 20,
      },
      failure: { action: failureAction, delayWarning: 0 },
    } as unknown as Settings
    this.#connections ??= new ConnectionPool(
      () => settings.tls,
      () => 100,
    )
    return {
      settings: () => ({ ...settings, gateways: this.options.gateways ?? [] }),
      connections: this.#connections,
      me: () => 'mta.test.example',
      outbound: () => this.haraka.outbound,
      skips: () => false,
      requireTls: () => ({ settings: { policy: 'enforce', policyFor: [] }, own: [] }),
      published: () => {
        throw new TypeError('nothing published is asked for')
      },
      makeMx: (hop) => ({ ...hop }),
      markKey: () => Promise.resolve(MARK_KEY),
      turns: () => Infinity,
      isLastTry: ({ num_failures }) => num_failures >= this.haraka.intervals.length,
      retriesLeft: ({ num_failures }) =>
        this.haraka.intervals.slice(num_failures).reduce((sum, interval) => sum + interval * 1000, 0),
      trusts: () => NO_TRUSTS,
      secureContext: () => this.#context,
      sessions: (_context, mx, requirement) =>
        this.options.resumption ? this.#sessions.slot(hostOf(mx), placeOf(mx), requirement) : null,
      composeBounce: ({ tlsToBlame, mayQuote, mayBeDelivered }) => {
        const about = tlsToBlame ? 'TLS' : 'no TLS reason'
        const contents = `bounce about ${about}${mayQuote ? ', may quote' : ''}${mayBeDelivered ? ', may be delivered' : ''},`
        return Promise.resolve({ contents, heldTo: null, instead: null, redacted: null })
      },
      divide: (item, groups) => {
        const users = groups.map((group) => group.map(({ user }) => user).join())
        fakeOf(item).note(`divided into ${users.join(' | ')}`)
        return Promise.resolve()
      },
      splitOff: (item, recipients) => Promise.resolve(fakeOf(item).part(recipients)),
      keepAsError: (path) => {
        this.haraka.told.push('kept as error file')
        return Promise.resolve(`error.${path}`)
      },
      waiting: {
        waits: () => undefined,
        ended: () => undefined,
        givingUp: () => null,
        release: () => null,
        works: () => undefined,
        gatewayWorks: () => undefined,
        aheadOf: () => null,
      },
      emit: (event) => void this.events.push(event),
      ...this.options.surroundings,
    }
  }
}

function firstLabel(host: string): string {
  return host.replace(/\..*/, '')
}

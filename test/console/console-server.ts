/**
 * The console on a real HTTP server in this process, on a rules file or a Redis of the test's own, with a user of
 * every role. Its clients look at every answer of the API: one that the OpenAPI document does not describe fails.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes, scryptSync } from 'node:crypto'
import path from 'node:path'
import type { Rights } from '../../plugins/enforce-tls/console/auth/account.js'
import { openAccountStore } from '../../plugins/enforce-tls/console/auth/open-account-store.js'
import type { AccountStore } from '../../plugins/enforce-tls/console/auth/account-store.js'
import type { ConsoleOptions } from '../../plugins/enforce-tls/console/console-context.js'
import { createConsole } from '../../plugins/enforce-tls/console/console.js'
import { mountConsole } from '../../plugins/enforce-tls/console/mount.js'
import { packagedPreview } from '../../plugins/enforce-tls/console/preview-bounce.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import type { Settings } from '../../plugins/enforce-tls/settings/types.js'
import type { DeliveryLog } from '../../plugins/enforce-tls/store/delivery-log.js'
import {
  openDeliveryLog,
  openPartnerFacts,
  openSharedHashes,
  openStore,
} from '../../plugins/enforce-tls/store/open-store.js'
import type { PartnerFacts } from '../../plugins/enforce-tls/store/partner-facts.js'
import type { SharedHashes } from '../../plugins/enforce-tls/store/shared-hashes.js'
import type { RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'
import type { SeenStore } from '../../plugins/enforce-tls/store/standing.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { Client } from './client.js'

/** Users of every role, by name. */
export const USERS = {
  admin: { role: 'admin', domains: [] },
  acme: { role: 'domain-admin', domains: ['acme.example'] },
  other: { role: 'domain-admin', domains: ['other.example'] },
  viewer: { role: 'viewer', domains: [] },
  'acme-viewer': { role: 'viewer', domains: ['acme.example'] },
} as const satisfies Record<string, Rights>
export type UserName = keyof typeof USERS

/** What a test may set. */
export interface ConsoleServerOptions {
  /** The URL of a Redis. @default a rules file */
  readonly redis?: string
  /** Keys of the sections. */
  readonly console?: Readonly<Record<string, string | number>>
  readonly evidence?: Readonly<Record<string, string | number>>
  readonly failure?: Readonly<Record<string, string | number>>
  /** Further sections. */
  readonly more?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Starts a console for a test. */
export async function startConsole(options: ConsoleServerOptions = {}): Promise<ConsoleServer> {
  const server = new ConsoleServer(options)
  await server.start()
  return server
}

/** The password of a user. */
export function passwordOf(name: string): string {
  return `${name}-and-a-long-password`
}

export class ConsoleServer implements AsyncDisposable {
  readonly #folder = new TemporaryFolder('console')
  readonly #server: Server
  readonly rulesFile = path.join(this.#folder.path, 'rules.json')
  readonly store: RuleStore
  readonly accounts: AccountStore
  readonly deliveries: DeliveryLog
  readonly waiting: SharedHashes
  readonly partnerFacts: PartnerFacts
  /** What the console would have logged. */
  readonly logged: string[] = []
  /** What the console's check of a partner answers. */
  checkPartner: ConsoleOptions['checkPartner'] = () => Promise.reject(new Error('no check in this test'))
  /** Whether its Haraka would offer STARTTLS to those who bring mail. */
  offersTls: boolean | null = null
  /** The store that its Haraka has seen last. */
  seen: SeenStore | null = null
  #settings: Settings

  constructor({ redis, console = {}, evidence = {}, failure = {}, more = {} }: ConsoleServerOptions) {
    this.#settings = toSettings({
      store: redis === undefined ? { type: 'file', file: this.rulesFile } : {},
      redis: redis === undefined ? {} : { url: redis },
      console: { enabled: 'true', ...console },
      evidence,
      failure,
      ...more,
    })
    this.store = openStore(this.#settings)
    this.accounts = openAccountStore(this.#settings)
    this.deliveries = openDeliveryLog(this.#settings)
    this.waiting = openSharedHashes(this.#settings)
    this.partnerFacts = openPartnerFacts(this.#settings)
    const answer = mountConsole(createConsole, {
      store: this.store,
      accounts: this.accounts,
      settings: () => this.#settings,
      previewBounce: (request) => packagedPreview(request, this.#settings, null),
      deliveries: this.deliveries,
      waiting: this.waiting,
      partnerFacts: this.partnerFacts,
      checkPartner: (question) => this.checkPartner(question),
      offersTls: () => this.offersTls,
      memory: { seen: () => this.seen, onEmptyStore: () => 'auto' },
      logError: (sentence) => this.logged.push(sentence),
    })
    this.#server = createServer((request, response) =>
      answer(request, response, () => response.writeHead(404).end('somebody else')),
    )
  }

  async start(): Promise<void> {
    for (const [name, rights] of Object.entries(USERS)) await this.addUser(name, rights)
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
  }

  /** With a hash that is quick to compute: tests are many. */
  async addUser(name: string, rights: Rights, password = passwordOf(name)): Promise<void> {
    const salt = randomBytes(8)
    const hash = scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 })
    const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const user = {
      ...rights,
      password: `$scrypt$ln=4,r=8,p=1$${base64(salt)}$${base64(hash)}`,
      changedAt: new Date().toISOString(),
    }
    await this.accounts.write('users', name, await this.accounts.read('users', name), JSON.stringify(user))
  }

  set(settings: Partial<Settings['console']>): void {
    this.#settings = { ...this.#settings, console: { ...this.#settings.console, ...settings } }
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/enforce-tls/`
  }

  /** A browser that nobody signed in with. */
  client(): Client {
    return new Client(this.url)
  }

  /** A browser of a user. */
  async signedIn(name: UserName): Promise<Client> {
    const client = this.client()
    await client.signIn(name, passwordOf(name))
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await this.accounts.close()
    await this.deliveries.close()
    await this.waiting.close()
    await this.partnerFacts.close()
    await this.store.close()
    this.#folder.close()
  }
}

/**
 * Where deliveries and checks of a Haraka ask what partners publish: resolvers that validate, and MTA-STS policies that
 * are kept where the rules are. Opened when it is first needed: without a rule that asks for it, it costs nothing.
 */
import { DnsClient } from '../dns/client.js'
import { resolversFor } from '../dns/resolver-list.js'
import type { PublishedSources } from '../published/domain-facts.js'
import { policyFetcher } from '../published/mta-sts/policy-fetch.js'
import type { StsPolicyStore } from '../published/mta-sts/policy-store.js'
import { StsPolicies } from '../published/mta-sts/sts-policies.js'
import type { Settings } from '../settings/types.js'
import { openStsPolicies } from '../store/open-store.js'
import { errorMessage } from '../text/error-message.js'

export interface PartnerSourcesOptions {
  readonly settings: () => Pick<Settings, 'dns' | 'mtaSts'>
  /** Where the rules are. */
  readonly storePlace: Pick<Settings, 'store' | 'redis'>
  /** The authorities that are trusted, as PEM texts. */
  readonly anchors: () => readonly string[]
  /** Told that the store of policies fails. */
  readonly onStoreFailure: (why: string) => void
  /** Told of each resolver that does not validate, and what comes of it, as a sentence without a full stop. */
  readonly onNotValidating: (why: string) => void
}

/** What is asked. */
export interface OpenSources extends PublishedSources {
  readonly dns: DnsClient
}

/** The sources of one process. */
export class PartnerSources {
  readonly #options: PartnerSourcesOptions
  #store: (StsPolicyStore & { close?(): Promise<void> }) | null = null
  #open: OpenSources | null = null

  constructor(options: PartnerSourcesOptions) {
    this.#options = options
  }

  /** The sources by the settings in force. @throws {StoreError} for a `redis.url` that can't be meant. */
  get(): OpenSources {
    if (this.#open) return this.#open
    const { settings, storePlace, anchors, onStoreFailure } = this.#options
    const { dns: dnsSettings, mtaSts } = settings()
    const dns = new DnsClient(resolversFor(dnsSettings.resolver))
    this.#store ??= openStsPolicies(storePlace)
    const fetchPolicy = policyFetcher({ dns, ca: anchors(), allowPrivate: mtaSts.privateAddresses })
    const policies = new StsPolicies({ dns, fetchPolicy, store: this.#store, onStoreFailure })
    this.#open = { dns, policyOf: (domain, options) => policies.policyOf(domain, options) }
    void this.#tellWhoValidates(dns)
    return this.#open
  }

  /** At start, where the settings name resolvers: whether they validate, before mail waits for it. */
  begin(): void {
    const { resolver } = this.#options.settings().dns
    if (resolver.length > 0) void this.#tellWhoValidates(new DnsClient(resolver))
  }

  /** Total. */
  async #tellWhoValidates(dns: DnsClient): Promise<void> {
    const { onNotValidating } = this.#options
    try {
      const all = await dns.validation()
      const doubtful = all.filter(({ validates }) => validates !== true)
      const sequel =
        doubtful.length < all.length
          ? 'others are asked instead'
          : 'mail that rules hold to what partners publish (DANE, MTA-STS) waits until one does'
      for (const { resolver, why } of doubtful)
        onNotValidating(`${resolver === '' ? '' : `DNS resolver ${resolver} `}${why}; ${sequel}`)
    } catch (error) {
      onNotValidating(`whether DNS resolvers validate DNSSEC is unknown: ${errorMessage(error)}`)
    }
  }

  /** The settings have changed: what was learned by the old ones is forgotten, but for the policies in the store. */
  renew(): void {
    this.#open = null
  }

  /** Gives the store's connection back. */
  async close(): Promise<void> {
    await this.#store?.close?.()
  }
}

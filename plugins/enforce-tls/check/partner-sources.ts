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

export interface PartnerSourcesOptions {
  readonly settings: () => Pick<Settings, 'dns' | 'mtaSts'>
  /** Where the rules are. */
  readonly storePlace: Pick<Settings, 'store' | 'redis'>
  /** The authorities that are trusted, as PEM texts. */
  readonly anchors: () => readonly string[]
  /** Told that the store of policies fails. */
  readonly onStoreFailure: (why: string) => void
}

/** What is asked. */
export interface OpenSources extends PublishedSources {
  readonly dns: DnsClient
}

/** The sources of one process. */
export class PartnerSources {
  readonly #options: PartnerSourcesOptions
  #store: ReturnType<typeof openStsPolicies> | null = null
  #open: OpenSources | null = null

  constructor(options: PartnerSourcesOptions) {
    this.#options = options
  }

  /** The sources by the settings in force. */
  get(): OpenSources {
    if (this.#open) return this.#open
    const { settings, storePlace, anchors, onStoreFailure } = this.#options
    const { dns: dnsSettings, mtaSts } = settings()
    const dns = new DnsClient(resolversFor(dnsSettings.resolver))
    // A question to DNS alone opens no connection to the store.
    const open = () => (this.#store ??= openStsPolicies(storePlace))
    const store: StsPolicyStore = {
      get: async (domain) => await open().get(domain),
      put: async (domain, value) => await open().put(domain, value),
    }
    const fetchPolicy = policyFetcher({ dns, ca: anchors(), allowPrivate: mtaSts.privateAddresses })
    const policies = new StsPolicies({ dns, fetchPolicy, store, onStoreFailure })
    this.#open = { dns, policyOf: (domain, options) => policies.policyOf(domain, options) }
    return this.#open
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

/** What the guard and the check need of the Haraka that they run in: its name, its modules, its settings. */
import path from 'node:path'
import { readFileSync } from 'node:fs'
import type {
  HarakaConnection,
  HarakaMx,
  HarakaOutbound,
  HarakaOutboundConfig,
  HarakaOutboundTls,
  HarakaPlugin,
  HarakaTransactions,
} from './types.js'
import { comparableDomain } from '../rules/address.js'
import type { RouteContext } from './onward-route.js'

/** Views of one Haraka. Everything is looked up when it is asked for: modules are not there before all plugins are. */
export class HarakaRuntime {
  readonly #plugin: HarakaPlugin

  constructor(plugin: HarakaPlugin) {
    this.#plugin = plugin
  }

  /** Its name, found in Haraka's own way. */
  get name(): string {
    return this.outbound.net_utils.get_primary_host_name()
  }

  /** Its name, and the domains that it is the end of (`host_list`), as they are compared. */
  get ownDomains(): readonly string[] {
    return [this.name, ...this.#plugin.config.get('host_list', 'list')].map(comparableDomain)
  }

  get outbound(): HarakaOutbound {
    return this.#plugin.haraka_require('outbound') as HarakaOutbound
  }

  get outboundConfig(): HarakaOutboundConfig['cfg'] {
    return (this.#plugin.haraka_require('outbound/config') as HarakaOutboundConfig).cfg
  }

  /** What `tls.ini` says of a host. */
  tlsOptions(mx: HarakaMx): ReturnType<HarakaOutboundTls['get_tls_options']> {
    return (this.#plugin.haraka_require('outbound/tls') as HarakaOutboundTls).get_tls_options(mx)
  }

  /** As long as its retries go on, in milliseconds. */
  get retriesLast(): number {
    return (this.outboundConfig.temp_fail_intervals ?? []).reduce((sum, interval) => sum + interval * 1000, 0)
  }

  /** The ports that `smtp.ini` has it listen on. */
  get #ports(): number[] {
    const { main = {} } = this.#plugin.config.get('smtp.ini', 'ini')
    const listen = [...String(main['listen'] as string | undefined).matchAll(/:(\d+)\s*(?:,|$)/g)].map(
      ([, port]) => Number(port),
    )
    return [...listen, Number(main['port'] ?? 25)]
  }

  /** What decides where its outbound queue would send the message of a connection. */
  routeContext({ local }: HarakaConnection): RouteContext {
    const { outbound, name, outboundConfig } = this
    return {
      plugin: this.#plugin,
      outbound,
      me: name,
      localMxOk: outboundConfig.local_mx_ok,
      ports: [...this.#ports, ...(local.port === null ? [] : [local.port])],
    }
  }

  /** Notes for a message, of the kind that plugins use the methods of. */
  notes(content: Readonly<Record<string, unknown>>): object {
    const transactions = this.#plugin.haraka_require('transaction') as HarakaTransactions
    const Notes = transactions.createTransaction().notes.constructor as new (notes: object) => object
    return new Notes({ ...content })
  }

  /** Whether its HTTP server is on. */
  get hasHttp(): boolean {
    const { main = {} } = this.#plugin.config.get('http.ini', 'ini')
    return Boolean(main['listen'])
  }

  /** The operator's bounce templates, or ours. */
  get bounceTemplates(): BounceTemplates {
    return {
      text: this.#template('enforce-tls.bounce_message'),
      html: this.#template('enforce-tls.bounce_message_html'),
    }
  }

  /** The operator's templates of the notice that a message is delayed, or ours. */
  get delayTemplates(): BounceTemplates {
    return {
      text: this.#template('enforce-tls.delay_message'),
      html: this.#template('enforce-tls.delay_message_html'),
    }
  }

  #template(name: string): readonly string[] {
    const lines = this.#plugin.config.get(name, 'data')
    if (lines.length > 0 || name.endsWith('_html')) return lines
    // An unreadable template must not make a bounce without From and To.
    return readFileSync(path.resolve(__dirname, '..', '..', '..', '..', 'config', name), 'utf8').split('\n')
  }
}

/** The operator's templates, or the package's. */
export interface BounceTemplates {
  /** Header lines, an empty line, and the text. */
  readonly text: readonly string[]
  /** Empty for a bounce without HTML. */
  readonly html: readonly string[]
}

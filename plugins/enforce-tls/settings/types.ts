/** All settings as one type, with unit and default of each; `schema.ts` reads them and a test holds the two together. */
import type { Resolver } from '../dns/resolver-list.js'
import type { TlsVersion } from '../rules/levels.js'
import type { Language } from '../text/language.js'
import type { Gateway } from './gateways.js'
import type { RedisSettings } from './redis.js'
import type { RequireTlsSettings } from './requiretls.js'
import type { TrustSettings } from './trust.js'

/** What `[main] on_empty_store` may say. */
export type OnEmptyStore = 'auto' | 'defer' | 'deliver'

/** What `[evidence] addresses` may say. */
export type AddressesMode = 'none' | 'hash' | 'full'

/** Where rules are kept. */
export interface StoreSettings {
  /** @default redis */
  readonly type: 'redis' | 'file'
  /** The rules file; a relative path counts from the config folder. @default enforce-tls.rules.json */
  readonly file: string
}

/** All settings. */
export interface Settings {
  readonly main: {
    /** What happens to mail whose rules can't be read. @default defer */
    readonly onStoreFailure: 'defer' | 'deliver'
    /** What happens to mail while the store is empty: wait where rules were seen before, wait in any case, or never. @default auto */
    readonly onEmptyStore: OnEmptyStore
    /** How long such mail waits for the next look, in seconds. @default 60 */
    readonly deferSeconds: number
    /** Log what would bounce, enforce nothing. @default false */
    readonly reportOnly: boolean
    /** Whether outgoing rules cover mail for local recipients that another plugin hands on. @default incoming */
    readonly forwardedMail: 'incoming' | 'outgoing'
    /** Next hops (host, host:port or socket path) that count as secure without TLS. @default none */
    readonly trustedNextHops: readonly string[]
  }
  readonly store: StoreSettings
  readonly redis: RedisSettings
  readonly cache: {
    /** Most owners kept compiled in memory. @default 100000 */
    readonly maxOwners: number
  }
  readonly tls: {
    /** Lowest TLS version of any enforced delivery. @default TLSv1.2 */
    readonly minVersion: TlsVersion
    /** For a whole greeting, and the whole reply to a command (RFC 5321 section 4.5.3.2), in milliseconds. @default 300000 */
    readonly replyTimeout: number
    /** From STARTTLS to established TLS, in milliseconds. @default 30000 */
    readonly handshakeTimeout: number
    /** Resume TLS sessions. @default true */
    readonly sessionResumption: boolean
    /** Deliver several messages over one connection. @default true */
    readonly connectionReuse: boolean
    /** How long an open connection waits for another message, in milliseconds. @default 2000 */
    readonly connectionIdle: number
    /** Most messages over one connection. @default 100 */
    readonly connectionMaxMessages: number
    /** Most connections of one process to one address and port, or socket path, for covered mail. @default 20 */
    readonly connectionsPerHost: number
    /** Extra trusted CA certificates, a PEM file; a relative path counts from the config folder. @default none */
    readonly ca: string
  }
  readonly dns: {
    /** Resolvers that validate DNSSEC, asked for what partners publish. @default the loopback ones of resolv.conf */
    readonly resolver: readonly Resolver[]
  }
  readonly mtaSts: {
    /** Whether servers of MTA-STS policies may have private addresses. @default false */
    readonly privateAddresses: boolean
  }
  readonly failure: {
    /** What happens when every host failed for a permanent TLS reason. @default bounce */
    readonly action: 'bounce' | 'defer'
    /** How much of the message a bounce carries. @default minimal */
    readonly bounceContent: 'minimal' | 'full'
    /** After which time a sender is told that a message waits for TLS, in milliseconds; 0 for never. @default 14400000 */
    readonly delayWarning: number
    /** Whether administrators may release a single message from what its rules require. @default false */
    readonly allowRelease: boolean
    /** The language of bounces and notices, where neither the message nor the sender's domain says one. @default en */
    readonly language: Language
  }
  readonly evidence: {
    /** Write the delivery log, which `enforce-tls report` reads. @default true */
    readonly stream: boolean
    /** About the most entries that the delivery log keeps. @default 100000 */
    readonly maxEntries: number
    /** Older entries are dropped, in milliseconds. @default 7776000000 */
    readonly maxAge: number
    /** How the delivery log names sender, recipients and Message-ID: not, by keyed hashes, or in full. @default hash */
    readonly addresses: AddressesMode
  }
  readonly console: {
    /** Serve the console at /enforce-tls/ of Haraka's own HTTP server. @default false */
    readonly enabled: boolean
    /** A session ends when nothing was asked in it for so long, in milliseconds. @default 1800000 */
    readonly sessionIdle: number
    /** A session ends this long after the sign-in, in milliseconds. @default 43200000 */
    readonly sessionMax: number
    /** Whose X-Forwarded-For and X-Forwarded-Proto are believed: nobody's, those of so many proxies, or of these addresses. @default false */
    readonly trustProxy: false | number | readonly string[]
  }
  readonly metrics: {
    /** Serve them where Haraka has an HTTP server. @default true */
    readonly enabled: boolean
    /** Addresses and networks that may read them. @default loopback */
    readonly allow: readonly string[]
  }
  readonly alert: {
    /** Who gets a mail when TLS to a partner begins to fail, or works again. @default nobody */
    readonly to: readonly string[]
    /** The From of such mails. @default MAILER-DAEMON at Haraka's own name */
    readonly from: string
    /** How long changes are gathered before a mail, in milliseconds. @default 30000 */
    readonly delay: number
    /** The least time between two mails, in milliseconds. @default 3600000 */
    readonly interval: number
  }
  readonly tlsRpt: {
    /** Send reports on TLS (RFC 8460) to partners that ask for them. @default false */
    readonly enabled: boolean
    /** Who reports, by name. @default none */
    readonly organization: string
    /** Whom partners may ask, its domain as A-labels; the From of reports. @default none */
    readonly contact: string
    /** Whether servers that take reports over HTTPS may have private addresses. @default false */
    readonly privateAddresses: boolean
  }
  readonly report: {
    /** Who gets a report on covered mail. @default nobody */
    readonly to: readonly string[]
    /** Its From, with its domain as A-labels. @default MAILER-DAEMON at Haraka's own name */
    readonly from: string
    /** How often, and of which period: the calendar week (Monday to Sunday) or month before, in UTC. @default week */
    readonly every: 'week' | 'month'
    /** Whose mail it is about; without one, all. @default none */
    readonly owner: string
  }
  readonly suggest: {
    /** Observe deliveries that no rule covers, for suggestions of rules. @default false */
    readonly enabled: boolean
    /** After how many deliveries in a row that fulfilled a level it is suggested. @default 10 */
    readonly deliveries: number
    /** The least time between the first and the last of them, in milliseconds. @default 604800000 */
    readonly period: number
    /** After which time without a delivery a partner is forgotten, in milliseconds. @default 2592000000 */
    readonly forgetAfter: number
    /** About the most partners that are remembered, of all sending domains together. @default 5000 */
    readonly maxPartners: number
  }
  readonly requiretls: RequireTlsSettings
  /** By the name in `[trust:<name>]`. @default none */
  readonly trusts: Readonly<Record<string, TrustSettings>>
  /** Where rules may send mail instead of to the recipients' servers (`via`). @default none */
  readonly gateways: readonly Gateway[]
}

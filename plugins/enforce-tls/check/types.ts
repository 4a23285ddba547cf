/** A check of a partner: the request, what it needs around it, and the result. */
import type { SecureContext } from 'node:tls'
import type { CheckEnvelope, Exchange } from '../delivery/tls/inside-tls.js'
import type { Dns } from '../dns/answer.js'
import type { Validation } from '../dns/validating-resolver.js'
import type { TrustLookUp } from '../delivery/named-trust.js'
import type { FailureClass } from '../delivery/failure-classes.js'
import type { TlsTimeouts } from '../delivery/tls/request.js'
import type { PeerReply } from '../delivery/outcome.js'
import type { HarakaMx } from '../haraka/types.js'
import type { Level } from '../rules/levels.js'
import type { PublishedSources } from '../published/domain-facts.js'
import type { HostRequirement } from '../published/host-requirement.js'
import type { DecidedBy, Requirement } from '../rules/requirement.js'
import type { OnFailure } from '../rules/levels.js'
import type { Gateway } from '../settings/gateways.js'
import type { CertificateFacts } from './certificate-facts.js'
import type { DaneCheck, HostDane } from './dane-types.js'
import type { StsCheck, TlsReportsCheck } from './sts-types.js'

/** What to check about a partner. */
export interface CheckRequest {
  /** Lower case, A-labels. */
  readonly domain: string
  /** The recipient's address where one was given. */
  readonly recipient?: string | undefined
  readonly requirement: Requirement
  /** For the levels `fingerprint` and `secure`, where the requirement itself lists none. */
  readonly also?:
    { readonly fingerprints?: readonly string[]; readonly names?: readonly string[] } | undefined
  /** Tried with MAIL and RCPT inside TLS; without it, a check stops at EHLO. */
  readonly envelope?: CheckEnvelope | undefined
  /** Checked instead of the hosts that DNS names; a name is resolved. */
  readonly mx?: { readonly host: string; readonly port: number } | undefined
  /** The gateway of the settings that `mx` is, which is asked as one. */
  readonly gateway?: Gateway | undefined
  /** Whether to look up what the partner publishes about its TLS, too. @default false */
  readonly published?: boolean | undefined
  /** Ends the check early; what is unknown by then stays so. */
  readonly signal?: AbortSignal | undefined
}

/** The surroundings of a check, those of a delivery. */
export interface CheckContext {
  readonly network: MailNetwork
  /** DNS that knows what is authentic; asked only about what is published. */
  readonly validatingDns: ValidatingDns
  /** The MTA-STS policy of a domain. Never rejects. */
  readonly policyOf: PublishedSources['policyOf']
  /** Where a user names its resolvers. */
  readonly resolverSetting: '[dns] resolver' | '--dns'
  /** The name given in EHLO. */
  readonly helo: string
  /** Whether a next hop counts as secure without TLS. */
  readonly isTrusted: (mx: HarakaMx) => boolean
  /** Whether Haraka delivers to hosts that DNS says are this machine (`local_mx_ok` of outbound.ini). */
  readonly localMxOk: boolean
  /** The named trusts of the settings. */
  readonly trusts: TrustLookUp
  readonly secureContext: (mx: HarakaMx, requirement: HostRequirement) => SecureContext
  /** How long a server may take to accept a connection, in milliseconds. */
  readonly connectTimeout: number
  readonly timeouts: TlsTimeouts
  /** What happens to a message that no host may have, where no rule says otherwise. */
  readonly failureAction: OnFailure
  /** Those of the settings; absent where they are unknown. */
  readonly gateways?: readonly Gateway[]
}

/**
 * What would happen to a message: it would leave over a session that fulfils the requirement, or because nothing is
 * published and nothing is required then (`free`), or to a gateway that takes it (`rerouted`); it would wait, and bounce if nothing is mended until Haraka's
 * retries end; it would bounce at once; or that is unknown, since a later attempt may end otherwise.
 */
export type PartnerVerdict = 'delivered' | 'free' | 'rerouted' | 'waits' | 'bounced' | 'not-known'

/** Why a host can't have the message; `detail` is one line. */
export interface CheckFailure {
  /** `null` where TLS is not to blame. */
  readonly class: FailureClass | null
  readonly temporary: boolean
  readonly detail: string
  /** Enhanced status code (RFC 3463) that a bounce would give. */
  readonly status: string
  /** What the server answered, where it is that; of unknown content. */
  readonly reply?: PeerReply
}

/** One address of one host, as it was found. */
export interface HostCheck {
  /** The host's name, or its address where it has none. */
  readonly host: string
  /** Of the MX record, 0 for the domain's own address; `null` for a host that was checked instead. */
  readonly priority: number | null
  /** Address and port; `null` where DNS has no address. */
  readonly to: string | null
  /** `null` for a host that was not checked. */
  readonly reachable: boolean | null
  /** Whether STARTTLS is offered; `null` where it did not come to that. */
  readonly starttls: boolean | null
  /** Whether REQUIRETLS is offered inside TLS; `null` where it did not come to that. */
  readonly requiretls: boolean | null
  readonly protocol: string | null
  readonly cipher: string | null
  readonly certificate: CertificateFacts | null
  /** Commands and replies inside TLS; a line each, of unknown content. */
  readonly dialogue: readonly Exchange[]
  /** Which levels the host fulfils; empty where that is unknown. */
  readonly levels: readonly LevelCheck[]
  /** What DANE says of the server; `null` where it was not looked up. */
  readonly dane: HostDane | null
  /** Whether the domain's MTA-STS policy lists the host; `null` where there is none that is enforced or tested. */
  readonly listed: boolean | null
  /** Why mail goes there without requiring TLS: nothing is published, a clause about the host; `null` where that is not so. */
  readonly free: string | null
  /** Why this host need not be who it says it is, or only half: a clause about it; `null` where that is not so. */
  readonly remark: string | null
  /** Counts as secure without TLS (`trusted_next_hops`), so it was not checked. */
  readonly trustedNextHop: boolean
  /** Why it can't have the message; `null` for a host that can. */
  readonly failure: CheckFailure | null
}

/** The result; what `enforce-tls check --json` prints. */
export interface PartnerCheck {
  readonly domain: string
  readonly recipient: string | null
  readonly level: Level
  readonly requirement: Omit<Requirement, 'decidedBy'>
  /** The rules that require it; empty where the level was given. */
  readonly decidedBy: readonly DecidedBy[]
  readonly verdict: PartnerVerdict
  /** The verdict in one sentence. */
  readonly reason: string
  /** In the order in which a delivery tries them. */
  readonly hosts: readonly HostCheck[]
  /** The gateway that mail would go through, and how it was found; absent for none, and where it could not be asked. */
  readonly gateway?: GatewayCheck
  /** Where no server was found: what a bounce would say, and its enhanced status code. */
  readonly noHost?: { readonly status: string; readonly reason: string }
  /** Whether DANE would vouch for the servers; `null` where it was not looked up. */
  readonly dane: DaneCheck | null
  /** The MTA-STS policy; `null` where it was not looked up. */
  readonly mtaSts: StsCheck | null
  /** Whether the domain asks for reports on TLS; `null` where it was not looked up. */
  readonly tlsReports: TlsReportsCheck | null
  /** Which levels all servers fulfil that were reached; empty where none was. */
  readonly levels: readonly Level[]
  /** Remarks, such as on certificates that expire soon; a sentence each. */
  readonly remarks: readonly string[]
  /** RFC 3339, UTC. */
  readonly checkedAt: string
}

/** How a gateway was found; what `enforce-tls check --gateway --json` prints. */
export interface GatewayCheck {
  /** Its name in `[gateways]`. */
  readonly gateway: string
  readonly host: string
  readonly port: number
  readonly implicitTls: boolean
  readonly level: Level
  /** What it has to fulfil. */
  readonly requirement: Omit<Requirement, 'decidedBy'>
  /** The named trust that its session is held to; `null` for none. */
  readonly trust: string | null
  /** Whether a login is set for it, and which mechanisms of AUTH it offers; `null` where it did not come to that. */
  readonly auth: { readonly needed: boolean; readonly offered: readonly string[] | null }
  /** `delivered`: it would get the mail; `waits`: mail waits until it is mended; or that is unknown now. */
  readonly verdict: 'delivered' | 'waits' | 'not-known'
  /** The verdict in one sentence. */
  readonly reason: string
  readonly hosts: readonly HostCheck[]
  readonly remarks: readonly string[]
  /** RFC 3339, UTC. */
  readonly checkedAt: string
}

/** DNS by resolvers that validate, or are found not to. */
export interface ValidatingDns extends Dns {
  /** Asks each resolver whether it validates. Never rejects. */
  readonly validation: () => Promise<readonly Validation[]>
}

/** DNS, by Haraka's library. */
export interface MailNetwork {
  /** MX records, or the domain's own addresses; in any order. Rejects when DNS fails. */
  readonly hostsOf: (domain: string) => Promise<readonly HarakaMx[]>
  /** Each host once for each of its addresses; hosts without any are left out. Never rejects. */
  readonly addressesOf: (hosts: readonly HarakaMx[]) => Promise<readonly HarakaMx[]>
}

/** One level and whether a host fulfils it. */
export interface LevelCheck {
  readonly level: Level
  readonly passes: boolean
  readonly class: FailureClass | null
  /** Why not. */
  readonly detail: string | null
}

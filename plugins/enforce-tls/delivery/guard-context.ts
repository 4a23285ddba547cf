/** What a guard needs from its surroundings, so that it can be tried with others. */
import type { SecureContext } from 'node:tls'
import type { HarakaAddress, HarakaMailItem, HarakaMx, HarakaOutbound } from '../haraka/types.js'
import type { PublishedSources } from '../published/domain-facts.js'
import type { HostRequirement } from '../published/host-requirement.js'
import type { PolicyContext } from '../requiretls/policy.js'
import type { DecidedBy, Requirement } from '../rules/requirement.js'
import type { Gateway } from '../settings/gateways.js'
import type { Settings } from '../settings/types.js'
import type { ConnectionPool } from './connections/pool.js'
import type { DeliveryEvent } from './delivery-events.js'
import type { Attempt } from './outcome.js'
import type { TrustLookUp } from './named-trust.js'
import type { WaitingList } from './waiting.js'
import type { SessionSlot } from './tls/session-cache.js'

/** What a notice says of a message that is tried again. */
export interface Delay {
  /** When it is given up. */
  readonly until: Date
  /** Those that the sender may be notified of. */
  readonly recipients: readonly HarakaAddress[]
}

/** Of a message that asks for REQUIRETLS: whose word holds. */
export interface AskedFor {
  /** What rules alone require; `null` for nothing. */
  readonly byRules: Requirement | null
  /** What the message alone asks for. */
  readonly bySender: Requirement
}

/** What a bounce, or a notice of delay, is to be about. */
export interface BounceRequest {
  readonly item: HarakaMailItem
  readonly requirement: Requirement | null
  /** Absent for a message that asks for nothing itself, or of which that is not known. */
  readonly asked?: AskedFor
  /** It names neither rules nor recipients: it may travel where REQUIRETLS is unknown. */
  readonly isRedacted?: true
  readonly attempts: readonly Attempt[]
  /** Whether TLS is what the message failed for; else `reason` is another one, such as an unknown user. */
  readonly tlsToBlame: boolean
  /** Haraka's reason, one clause; of unknown content. */
  readonly reason: string
  /** The gateway that it has come to; absent for none. */
  readonly through?: Pick<Gateway, 'name' | 'host'>
  /** An administrator has ended the tries: what is told of attempts was before that, and no server was asked now. */
  readonly isGivenUp?: true
  /** A server was sent the whole message and gave no answer, so that it may have been delivered. */
  readonly mayBeDelivered?: true
  /** For a message that is not given up, only delayed. */
  readonly delayed?: Delay
  /** Whether reason and recipients may quote the message: a server said them after MAIL. */
  readonly mayQuote: boolean
}

/** A bounce, ready to be queued. */
export interface Bounce {
  /** The whole message, lines ending in CRLF. */
  readonly contents: string
  /** The rules that hold for the bounce itself, because it shows what they protect; `null` for none. */
  readonly heldTo: readonly DecidedBy[] | null
  /** What goes instead where its way has no TLS: the same in minimal; `null` for one that needs none. */
  readonly instead: string | null
  /**
   * What goes instead where its way has no REQUIRETLS: that a message was not delivered, and which one (RFC 8689
   * section 5); `null` where the message did not ask for it. What it stands for asks for REQUIRETLS itself.
   */
  readonly redacted: string | null
}

/** The surroundings of all guards of a process. */
export interface GuardContext {
  readonly settings: () => Settings
  /** This server's name. */
  readonly me: () => string
  readonly outbound: () => HarakaOutbound
  /** Whether Haraka skips a host, because it is this machine (`local_mx_ok` of `outbound.ini`). */
  readonly skips: (mx: HarakaMx) => boolean
  /** What policies hold for messages that ask for REQUIRETLS. */
  readonly requireTls: () => PolicyContext
  /** The named trusts of the settings in force. */
  readonly trusts: () => TrustLookUp
  readonly secureContext: (mx: HarakaMx, requirement: HostRequirement) => SecureContext
  /** Where the session with a server is cached; `null` where none is to be resumed. */
  readonly sessions: (
    context: SecureContext,
    mx: HarakaMx,
    requirement: HostRequirement,
  ) => SessionSlot | null
  /** The secret of the marks on mail that goes through a gateway. Never rejects. */
  readonly markKey: () => Promise<string>
  /** Where it is asked what partners publish. */
  readonly published: () => PublishedSources
  /** A next hop as Haraka has them. */
  readonly makeMx: (hop: { exchange: string; from_dns?: string; port?: number; priority: number }) => HarakaMx
  /** Whether an item that fails now for a temporary reason is given up. */
  readonly isLastTry: (item: HarakaMailItem) => boolean
  /** How long an item that fails now is tried again after its next try, in milliseconds. */
  readonly retriesLeft: (item: HarakaMailItem) => number
  /** How many messages Haraka delivers at once. */
  readonly turns: () => number
  /** The connections that covered mail shares. */
  readonly connections: ConnectionPool
  readonly composeBounce: (request: BounceRequest) => Promise<Bounce>
  /** Divides an item into one for each group of its recipients; the item itself is gone then. */
  readonly divide: (item: HarakaMailItem, groups: readonly (readonly HarakaAddress[])[]) => Promise<void>
  /** Gives some of an item's recipients an item of their own. */
  readonly splitOff: (item: HarakaMailItem, recipients: readonly HarakaAddress[]) => Promise<HarakaMailItem>
  /** Sets a queue file aside as `error.*`; gives its new name. */
  readonly keepAsError: (path: string) => Promise<string>
  /** Who knows what waits, and what is ordered for it. */
  readonly waiting: WaitingList
  /** Reports to the observers. Total. */
  readonly emit: (event: DeliveryEvent) => void
}

/**
 * What happens to messages that rules are about, for the observers: log, delivery log, metrics, alerts. What an
 * observer throws is logged and goes nowhere, and nobody waits for it.
 */
import { addressText } from '../haraka/address.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import type { HostRequirement } from '../published/host-requirement.js'
import type { Level } from '../rules/levels.js'
import type { Requirement } from '../rules/requirement.js'
import { ignoredNoOf, messageIdOf, type IgnoredNo } from './message-id.js'
import { isOwnNotice } from './own-notice.js'
import { itemIdOf } from './queue-name.js'
import type { AttemptFailure, Tested } from './outcome.js'
import type { Departure } from './own-socket.js'
import type { OnwardSaid } from './tls/onward-mail.js'
import { TlsSession } from './tls/session.js'

/** What all events have. */
interface About {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The message, as in Haraka's log. */
  readonly uuid: string
  /** The queue item, as `itemIdOf` names it: parts of a divided message share all else; absent where that is not known. */
  readonly item?: string | null
  /** The envelope's sender; empty for `<>`. Of unknown content, as all addresses are. */
  readonly sender: string
  /** The recipients' domain, in lower case and as A-labels. */
  readonly domain: string
  readonly recipients: readonly string[]
  /** How many rounds of tries have failed before, as Haraka counts them; absent where that is not known. */
  readonly tries?: number
  /** The message's Message-ID, where it is looked for; `null` where it has none, or can't be read. Never rejects. */
  readonly messageId?: Promise<string | null> | undefined
  /** Of a message that requires TLS: why `TLS-Required: No` would not count, and whether it says that; absent where it is not looked for. */
  readonly ignoredNo?: IgnoredNo
  /** It is of a bounce, or a notice of delay, that this plugin has written, and so of no message. */
  readonly isNotice?: true
}

/** The gateway that a message goes through. */
export interface Via {
  /** Its name in `[gateways]`. */
  readonly gateway: string
  /** What the recipients' own servers failed for; `null` where they were not to be tried. */
  readonly instead: {
    readonly host: string
    readonly failure: AttemptFailure
    /** As it held there; absent where it was not come to. */
    readonly requirement?: HostRequirement
  } | null
}

/** One try at one host of a message that requires TLS has ended. */
export interface AttemptEnded extends About {
  readonly kind: 'attempt'
  /** As it holds at the host. */
  readonly requirement: HostRequirement
  /** The host's name, or its address or socket path where it has none. */
  readonly host: string
  /** Where the connection went: an address and port, or a socket path. */
  readonly to: string
  /** The address that this server connected from; absent where there was no connection. */
  readonly source: string | undefined
  /** A plugin has named the host, or it is a gateway: it says nothing of the recipients' domain. */
  readonly isNamed?: true
  /** The gateway that the host is, by name; absent for one of the recipients' own servers. */
  readonly gateway?: string
  /** What the rules require, where `requirement` is what their gateway has to fulfil; absent elsewhere. */
  readonly ruleLevel?: Level
  readonly session: TlsSession | null
  /** How MAIL was said where nothing was required of the connection; absent where something was, and before MAIL. */
  readonly departure?: Departure
  /** What a policy of mode `testing` makes of the host; absent where there is none, or that is unknown. */
  readonly tested?: Tested
  /** How MAIL was said, as for REQUIRETLS; absent where nobody asks for it, and before MAIL could be said. */
  readonly requireTls?: OnwardSaid
  /**
   * `null`: TLS is as required, or none is, and the server spoke to the end; what came of it is in the outcome.
   */
  readonly failure: AttemptFailure | null
}

/** What an {@link Outcome} can be. */
export const OUTCOME_RESULTS = [
  'delivered',
  'delivered-as-usual',
  'rerouted',
  'via-gateway',
  'deferred',
  'bounced',
  'kept',
  'freed',
] as const
/** What a {@link ReportEvent} can be, worst first: a message that several rules saw counts with the worst of what they say. */
export const REPORT_RESULTS = [
  'would-bounce',
  'would-wait',
  'unknown',
  'would-deliver-as-usual',
  'would-deliver',
] as const

/** What became of a message that requires TLS, for some or all of its recipients. */
export interface Outcome extends About {
  readonly kind: 'outcome'
  /** As it holds at the last host tried. */
  readonly requirement: HostRequirement
  /**
   * `delivered-as-usual`: nothing was required at that host, so it may have gone in the clear. `kept`: there is no sender
   * to notify, so it is kept in the queue folder as `error.*`. `deferred` is not final. `rerouted`: a gateway has taken it,
   * because no server of the recipients could as required; `via-gateway`: a gateway has taken it, as the rules say. Of its
   * way on from there nothing is known. `freed`: it was put off before, and now TLS is not required of it any more; Haraka
   * delivers it as usual, and of that nothing is known.
   */
  readonly result: (typeof OUTCOME_RESULTS)[number]
  /** The last host tried; empty where there was none. */
  readonly host: string
  /** Where that connection went; empty where there was none. */
  readonly to: string
  /** The session over which it was delivered. */
  readonly session: TlsSession | null
  /** Why it was not delivered, where TLS is to blame; else `null`. */
  readonly failure: AttemptFailure | null
  /** The enhanced status code (RFC 3463), where one is known. */
  readonly status: string | null
  /** Why it was not delivered, in words, where TLS is not to blame: they may quote a server, and through it the message. */
  readonly words?: string
  /** An administrator has ended the tries. */
  readonly givenUp?: { readonly by: string; readonly reason: string }
  /** Where it has come to a gateway. */
  readonly via?: Via
  /** What the rules require, where `requirement` is what their gateway has to fulfil; absent elsewhere. */
  readonly ruleLevel?: Level
  /** Of a delivery: whether it was handed on with REQUIRETLS; absent where nobody asked for that. */
  readonly requireTls?: OnwardSaid
}

/** What a rule in report mode would have done. */
export interface ReportEvent extends About {
  readonly kind: 'report'
  /** As it holds at the host, where what is published there is known. */
  readonly requirement: HostRequirement
  /**
   * `would-wait`: it would have been tried again, and bounced in the end. `would-deliver-as-usual`: nothing would have been
   * required. `unknown`: whether the delivery fulfils the requirement could not be judged.
   */
  readonly result: (typeof REPORT_RESULTS)[number]
  /** The host that took the message, in words. */
  readonly host: string
  /** The session over which it was delivered; `null` for none, and where it could not be seen. */
  readonly session: TlsSession | null
  /** What it would have bounced or waited for. */
  readonly failure: AttemptFailure | null
  /** The message says `TLS-Required: No`, so that it would have been free of that. */
  readonly isWaived?: true
}

/** A recipient of incoming mail was refused on a session without TLS, or would have been. */
export interface Refused extends About {
  readonly kind: 'refusal'
  readonly requirement: Requirement
  readonly result: 'refused' | 'would-refuse'
}

/** An administrator lets one message go without what its rules require. */
export interface ReleaseEvent extends About {
  readonly kind: 'release'
  /** What it goes without. */
  readonly requirement: Pick<Requirement, 'level' | 'decidedBy'>
  /**
   * `granted`: leave was given; `begun`: MAIL is being said to a server, so that the message may leave from now on; `sent`: a
   * server has taken it; `lapsed`: the leave has ended before the message was gone, so that no later attempt is under it.
   */
  readonly result: 'granted' | 'begun' | 'sent' | 'lapsed'
  /** The host, and where that connection went; empty for none yet. */
  readonly host: string
  readonly to: string
  /** How MAIL was said; absent for none yet, and where it could not be seen. */
  readonly departure?: Departure
  readonly by: string
  readonly reason: string
  /** The administrator's order: one item can be released several times. */
  readonly order: string
}

/** What a {@link WaiverEvent} can be. */
export const WAIVER_RESULTS = ['waived', 'waived-begun', 'waived-sent'] as const

/**
 * The header of a message says `TLS-Required: No` (RFC 8689), so that it goes without what its rules require only because the
 * recipients' domain publishes it.
 */
export interface WaiverEvent extends About {
  readonly kind: 'waiver'
  /** What it goes without. */
  readonly requirement: Pick<Requirement, 'level' | 'decidedBy'>
  /**
   * `waived`: so it was decided, before each attempt, and Haraka tries to deliver it as usual; `waived-begun`: MAIL is being
   * said to a server, so that the message may leave from now on; `waived-sent`: a server has taken it.
   */
  readonly result: (typeof WAIVER_RESULTS)[number]
  /** The host, and where that connection went; empty for none yet. */
  readonly host: string
  readonly to: string
  /** How MAIL was said; absent for none yet, and where it could not be seen. */
  readonly departure?: Departure
}

/** What a {@link NoticeEvent} can be. */
export const NOTICE_RESULTS = ['notice-delivered', 'notice-waits', 'notice-replaced', 'undelivered'] as const

/** What became of the bounce of a message, or of the notice that it is delayed. */
export interface NoticeEvent extends About {
  readonly kind: 'notice'
  /** What the message required. */
  readonly requirement: Pick<Requirement, 'level' | 'decidedBy'>
  /**
   * `notice-replaced`: it could not be sent as securely as it has to be, so that one which only names the message was
   * queued instead. `undelivered`: it is kept as `file`, and the sender knows nothing.
   */
  readonly result: (typeof NOTICE_RESULTS)[number]
  /** The last server of the sender that was tried, and where that connection went; empty for none. */
  readonly host: string
  readonly to: string
  /** The session over which it was delivered. */
  readonly session: TlsSession | null
  /** Why it was not delivered, where TLS is to blame; else `null`. */
  readonly failure: AttemptFailure | null
  /** Why it was not delivered, in words that may quote a server. */
  readonly words?: string
  /** Of a delivery: whether it was handed on with REQUIRETLS; absent where nobody asks for that. */
  readonly requireTls?: OnwardSaid
  /** Of one that is kept: its name in the queue folder of a node. */
  readonly file?: string
  readonly node?: string
}

/** Anything that is reported to observers. */
export type DeliveryEvent =
  AttemptEnded | Outcome | ReportEvent | Refused | ReleaseEvent | WaiverEvent | NoticeEvent

/** An observer. Called synchronously on the delivery path: keep it short, put work off. */
export type DeliveryObserver = (event: DeliveryEvent) => void

/** Hands events on. */
export class DeliveryEvents {
  readonly #observers: DeliveryObserver[] = []
  readonly #onProblem: (error: unknown) => void

  /** @param onProblem called with what an observer throws; must not throw */
  constructor(onProblem: (error: unknown) => void) {
    this.#onProblem = onProblem
  }

  /** Adds an observer, for as long as the process lasts. */
  observe(observer: DeliveryObserver): void {
    this.#observers.push(observer)
  }

  /** Reports to all observers. Total. */
  emit(event: DeliveryEvent): void {
    for (const observer of this.#observers) {
      try {
        observer(event)
      } catch (error) {
        this.#onProblem(error)
      }
    }
  }
}

/** What all events of an item have in common. */
export function aboutItem(item: HarakaMailItem, recipients: readonly HarakaAddress[]): About {
  const { uuid, domain, mail_from } = item.todo
  const ignoredNo = ignoredNoOf(item)
  return {
    at: Date.now(),
    uuid,
    item: itemIdOf(item.filename),
    sender: addressText(mail_from),
    domain,
    recipients: recipients.map(addressText),
    tries: item.num_failures,
    messageId: messageIdOf(item),
    ...(ignoredNo ? { ignoredNo } : {}),
    ...(isOwnNotice(item) ? ({ isNotice: true } as const) : {}),
  }
}

/**
 * Whether an event is of a notice of this plugin, and so says nothing of messages, partners or the service. What an
 * administrator released is told all the same, whatever it was.
 */
export function isOfNotice({ kind, isNotice }: Pick<DeliveryEvent, 'kind' | 'isNotice'>): boolean {
  return isNotice === true && kind !== 'release'
}

/** The shape of a report on deliveries: what `enforce-tls report --json` prints, and all other formats are made of. */
import type { FailureClass } from '../delivery/failure-classes.js'
import type { LogGap } from '../observe/delivery-log/gap.js'
import type { Level } from '../rules/levels.js'

/**
 * What became of messages that require TLS. The unit is a message to the recipients of one domain; one that
 * only some of its recipients got counts once for each result.
 */
export interface EnforcedCounts {
  /** The sum of `delivered` to `other`. */
  readonly messages: number
  readonly delivered: number
  /** Of those delivered, the ones that were handed on with REQUIRETLS; not a part of the sum. */
  readonly requiretls: number
  /** Handed to a gateway over a verified session; of their way on from there nothing is known. */
  readonly rerouted: number
  readonly bounced: number
  /** From the null sender, undeliverable, kept in the queue folder as `error.*`. */
  readonly kept: number
  /** Deferred, and without a final result since. */
  readonly waiting: number
  /** Sent once without what is required, since an administrator said so; `DeliveryReport.releases` has each. */
  readonly released: number
  /** With a result that this version does not know. */
  readonly other: number
  /**
   * Not among `messages`: delivered with or without TLS, since nothing was required of that server: their domains publish
   * nothing and the rules require nothing then, or REQUIRETLS was no more than a wish of the sender.
   */
  readonly asUsual: number
  /**
   * Not among `messages`: put off while they required TLS, until it was not required of them any more. Haraka then tries them
   * as usual, and what becomes of that is not in the log.
   */
  readonly freed: number
  /** Not among `messages`: freed of what their rules require by their senders (`TLS-Required: No`), and tried as usual. */
  readonly waived: number
  /** Of those waived, the ones of which MAIL was said in the clear, at any attempt. */
  readonly waivedClear: number
  /** Of those waived, the ones that left over TLS; of the rest nothing is known. */
  readonly waivedTls: number
}

/** What rules in report mode would have done. */
export interface ReportedCounts {
  /** The sum of the following five. */
  readonly messages: number
  readonly wouldBounce: number
  /** Tried again, and bounced in the end. */
  readonly wouldWait: number
  readonly wouldDeliver: number
  /** Nothing would have been required: their domains publish nothing, and the rules require nothing then. */
  readonly wouldDeliverAsUsual: number
  /** Whether the delivery fulfils the requirement could not be judged. */
  readonly unknown: number
}

/** Delivered messages by protocol version. */
export interface VersionShare {
  /** Such as `TLSv1.3`; `null` for trusted next hops, which may do without TLS. */
  readonly version: string | null
  readonly messages: number
  /** Of all delivered messages, from 0 to 1. */
  readonly share: number
}

/** Delivered messages of one cipher. */
export interface CipherShare {
  readonly cipher: string
  readonly messages: number
  /** Of all delivered messages whose cipher is known. */
  readonly share: number
}

/** Failed attempts of one class. */
export interface ClassFailures {
  readonly class: FailureClass
  readonly attempts: number
  /** Messages with such an attempt, by recipient domain, whatever became of them. */
  readonly messages: number
  /** Most attempts first. */
  readonly partners: readonly { readonly domain: string; readonly attempts: number }[]
}

/** A recipient domain. */
export interface PartnerReport {
  readonly domain: string
  readonly enforced: EnforcedCounts
  readonly reported: ReportedCounts
  /** Delivered messages by protocol version; `none` for trusted next hops. */
  readonly versions: Readonly<Record<string, number>>
  /** Failed attempts by class; those without any are left out. */
  readonly failures: Readonly<Partial<Record<FailureClass, number>>>
}

/** A rule by what people call it. */
export interface NamedRule {
  readonly owner: string
  readonly id: string
  /** What it is called, or was; `null` where nothing knows. */
  readonly name: string | null
  /** Whether the name alone says which one it is: it is there, and no other rule of its owner is called so. */
  readonly unique: boolean
}

/** A queue item that an administrator let go once without what its rules require; parts of a message are items. */
export interface ReportedRelease {
  /** The order, by which log and history name it; `null` where a version has written it that did not say. */
  readonly order: string | null
  /** The message in Haraka's log. */
  readonly uuid: string
  /** When leave was given, in ISO 8601; `null` where that is not in the log. */
  readonly granted: string | null
  /** When MAIL was said to a server for the first time, so that it may have left; `null` where no entry says so. */
  readonly begun: string | null
  /** When a server took it; `null` where no entry says so. */
  readonly sent: string | null
  /** How MAIL was said, the worst of all times: `clear`, `unknown`, or `tls`; `null` where no entry says that it was. */
  readonly how: 'clear' | 'unknown' | 'tls' | null
  /**
   * What became of it in the end, where it did not go without what is required: a result, or `lapsed` where
   * the leave ended unused; `null` where no entry says so.
   */
  readonly outcome: string | null
  readonly by: string
  readonly reason: string
  /** The sender: its address where the log names it, else its domain; empty for `<>`. */
  readonly from: string
  /** The recipients that the log names; hashes are left out. */
  readonly to: readonly string[]
  /** The recipients' domain. */
  readonly domain: string
  readonly recipients: number
  readonly rules: readonly NamedRule[]
}

/** What one rule in report mode observed. */
export interface RuleReport extends NamedRule {
  readonly reported: ReportedCounts
  /** Those whose mail would have bounced or waited, most messages first. */
  readonly partners: readonly {
    readonly domain: string
    readonly wouldBounce: number
    readonly wouldWait: number
  }[]
}

/** A partner's certificate whose chain a rule relies on, and that expires soon. */
export interface ExpiringCertificate {
  readonly domain: string
  /** The MX host that showed it last. */
  readonly host: string
  readonly level: Level
  readonly issuer: string
  /** SHA-256, as `AB:CD:…`. */
  readonly fingerprint: string
  /** ISO 8601, UTC. */
  readonly expires: string
  /** Whole days from the making of the report; negative where it has expired. */
  readonly daysLeft: number
}

/** Mail of partners that came in the clear. */
export interface IncomingCounts {
  /** Recipients rejected. */
  readonly refused: number
  /** Recipients that a rule in mode `report` would have rejected. */
  readonly wouldRefuse: number
}

/** A report on deliveries. All times are ISO 8601 in UTC. */
export interface DeliveryReport {
  readonly generated: string
  /** The period: from `since` on, before `until`. */
  readonly since: string
  readonly until: string
  /** What it is limited to; `null` for no limit. */
  readonly owner: string | null
  readonly domain: string | null
  /** When the log's first entry in the period was written; `null` where there is none. */
  readonly firstEntry: string | null
  /** When the oldest entry of the whole log was written; `null` for none. What was before is in no report. */
  readonly logBegins: string | null
  readonly enforced: EnforcedCounts
  /**
   * Messages of which at least one attempt went without what their rules require, or may have, and that are among none of
   * those in `enforced` of which that is said.
   */
  readonly attemptedWithout: number
  readonly reported: ReportedCounts
  readonly incoming: IncomingCounts
  /** Most messages first. */
  readonly versions: readonly VersionShare[]
  /** Delivered messages by the cipher of their session, most messages first. */
  readonly ciphers: readonly CipherShare[]
  /** Most messages first, then most attempts. */
  readonly failures: readonly ClassFailures[]
  /** Most messages first. */
  readonly partners: readonly PartnerReport[]
  /** Rules in report mode, most messages first. */
  readonly rules: readonly RuleReport[]
  /** Messages that were released, in order of time; also those that only the history has. */
  readonly releases: readonly ReportedRelease[]
  /** Whether the history could not be compared, so that releases which only it has are missing. */
  readonly historyUnknown: boolean
  /** Times in the period of which the log says itself that it does not have everything, in its order. */
  readonly gaps: readonly LogGap[]
  /** Soonest first. */
  readonly expiring: readonly ExpiringCertificate[]
  /** Every UTC day of the period that has an entry, in order. */
  readonly days: readonly ({ readonly date: string } & EnforcedCounts & ReportedCountsOfDay)[]
}

/** What a day has beside the counts of enforced messages. */
export interface ReportedCountsOfDay {
  readonly wouldBounce: number
  readonly wouldWait: number
}

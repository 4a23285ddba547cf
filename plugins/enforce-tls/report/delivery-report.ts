/** The shape of a report on deliveries: what `enforce-tls report --json` prints, and all other formats are made of. */
import type { FailureClass } from '../delivery/failure-classes.js'
import type { Level } from '../rules/levels.js'

/**
 * What became of messages that require TLS. The unit is a message to the recipients of one domain; one that
 * only some of its recipients got counts once for each result.
 */
export interface EnforcedCounts {
  /** The sum of the following five. */
  readonly messages: number
  readonly delivered: number
  /** Handed to a gateway over a verified session; of their way on from there nothing is known. */
  readonly rerouted: number
  readonly bounced: number
  /** From the null sender, undeliverable, kept in the queue folder as `error.*`. */
  readonly kept: number
  /** Deferred, and without a final result since. */
  readonly waiting: number
  /**
   * Not among `messages`: delivered with or without TLS, since their domains publish nothing and the rules require nothing
   * then.
   */
  readonly asUsual: number
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

/** Failed attempts of one class. */
export interface ClassFailures {
  readonly class: FailureClass
  readonly attempts: number
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

/** What one rule in report mode observed. */
export interface RuleReport {
  readonly owner: string
  readonly id: string
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
  readonly reported: ReportedCounts
  readonly incoming: IncomingCounts
  /** Most messages first. */
  readonly versions: readonly VersionShare[]
  /** Most attempts first. */
  readonly failures: readonly ClassFailures[]
  /** Most messages first. */
  readonly partners: readonly PartnerReport[]
  /** Rules in report mode, most messages first. */
  readonly rules: readonly RuleReport[]
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

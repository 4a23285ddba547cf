/** A message rule: its shape as stored, and what a problem with one looks like. Pure. */
import type { Level, OnFailure, Onward, Otherwise, TlsVersion } from './levels.js'
import type { Flaw } from './flaw.js'

/** What a rule makes of the messages it matches. */
export interface RelayWithTls {
  readonly level: Level
  /** Lowest TLS version for this rule. @default `[tls] min_version` */
  readonly minVersion?: TlsVersion
  /** Level `secure`: names that the certificate may have besides the recipient's domain. @default none */
  readonly names?: readonly string[]
  /** Level `fingerprint`: SHA-256 fingerprints of certificates or public keys; one of them must fit. */
  readonly fingerprints?: readonly string[]
  /** Levels `dane`, `mta-sts` and `published`: what holds where nothing is published. @default `defer` */
  readonly otherwise?: Otherwise
  /** What happens when no host fulfils the rule. @default `[failure] action` */
  readonly onFailure?: OnFailure
  /** The `[trust:<name>]` of the settings that its sessions are made with. @default the authorities and certificate of all */
  readonly trust?: string
  /**
   * The gateway that mail goes through, by its name in `[gateways]`: what no host could take with `onFailure` `reroute`,
   * otherwise all of it. @default none
   */
  readonly via?: string
  /** Whether mail is handed on with REQUIRETLS, where the partner offers it or only then. @default without */
  readonly requireOnward?: Onward
}

/** Conditions on one field: any of the one list matches, and none of the other; at least one list is there. */
export interface AnyAndNone {
  readonly matchesAny?: readonly string[]
  readonly matchesNone?: readonly string[]
}

/** Addresses: patterns, and `group:<name>` for all patterns of a group. */
export type AddressCriterion = AnyAndNone

/** Texts: words, or a regular expression written `/…/` or `/…/i`. */
export type TextCriterion = AnyAndNone

/** Texts of all header fields of one name, whatever its case. */
export interface HeaderCriterion extends TextCriterion {
  readonly name: string
}

/** Conditions on a message; all of them must hold, and there is at least one. */
export interface Criteria {
  /** The envelope recipient. */
  readonly to?: AddressCriterion
  /** The envelope sender. */
  readonly from?: AddressCriterion
  readonly subject?: TextCriterion
  readonly header?: readonly HeaderCriterion[]
}

/** Which mail a rule looks at: what leaves, or what comes in. */
export type Direction = 'outgoing' | 'incoming'

/** A message rule as it is stored, a field of `enforce-tls:rules:<owner>`. */
export interface Rule {
  readonly name: string
  /** What people want to remember about the rule. */
  readonly comment?: string
  readonly direction: Direction
  readonly enabled: boolean
  /** A rule in mode `report` never changes a delivery; what it would have required is reported. @default enforce */
  readonly mode?: 'enforce' | 'report'
  /** Place in the owner's list, 1 is the top; equal positions are ordered by rule id. */
  readonly position: number
  /** From when on the rule acts, RFC 3339 with offset. @default always */
  readonly startsAt?: string
  /** When the rule no longer acts, RFC 3339 with offset. @default never */
  readonly expiresAt?: string
  readonly criteria: Criteria
  /** A rule that is off may have no action yet; one that is on without one is not valid. */
  readonly actions: { readonly relayWithTls?: RelayWithTls }
}

/** Whether it was chosen yet what the rule does. */
export function hasAction({ actions }: Pick<Rule, 'actions'>): boolean {
  return actions.relayWithTls !== undefined
}

/** What a rule does; one whose action was not chosen yet is off, and requires nothing. */
export function actionOf({ actions }: Pick<Rule, 'actions'>): RelayWithTls {
  return actions.relayWithTls ?? NO_ACTION
}

export const NO_ACTION: RelayWithTls = { level: 'none' }

/** One thing wrong with a rule. */
export interface RuleProblem extends Flaw {
  /** Path of the field, such as `criteria.to.matchesAny[0]`; empty for the rule as a whole. */
  readonly field: string
}

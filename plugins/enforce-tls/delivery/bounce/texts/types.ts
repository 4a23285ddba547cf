/**
 * The texts of a bounce and of a notice of delay, as functions of what is to be said. One file has one language, and has
 * all of it: the rest of this room decides what is said and never puts a sentence together. Every value that they get is
 * one line; lists may be long.
 */
import type { Language } from '../../../text/language.js'
import type { FailureClass } from '../../failure-classes.js'

/** What became of the message. */
export type Fate = 'failed' | 'delayed'

/**
 * What the servers that failed have in common: there is no encryption, the certificate is not as required, the server is
 * not known by what its domain publishes, or could not even be looked up, the settings here cannot be used, some of each,
 * or it is the gateway; `rejected`, `given-up` and `other` where TLS is not to blame.
 */
export type Problem =
  | 'encryption'
  | 'certificate'
  | 'server'
  | 'look-up'
  | 'ours'
  | 'mixed'
  | 'gateway'
  | 'rejected'
  | 'given-up'
  | 'other'

/** Who can mend it: the recipient's side, this one, one of both, each its part, or first of all the sender. */
export type Side = 'theirs' | 'ours' | 'either' | 'both' | 'sender'

/** The result, in short. */
export interface Result {
  readonly fate: Fate
  readonly problem: Problem
  readonly domain: string
  readonly recipients: readonly string[]
  /** Whether several servers are meant. */
  readonly several: boolean
  /**
   * Of a gateway: what it failed for, that it has rejected the message, or that it could not be used instead of the
   * servers; absent for none.
   */
  readonly gateway?: FailureClass | 'rejected' | 'instead' | undefined
}

/** The servers that failed. */
export interface Servers {
  readonly problem: Problem
  readonly domain: string
  /** Empty where they are unknown. */
  readonly hosts: readonly string[]
  /** What a single one failed for; `null` for several, or where TLS is not to blame. */
  readonly failure: FailureClass | null
}

/** A rule by name, and whose it is. */
export interface RuleName {
  readonly name: string
  /** `null` for the whole mail system. */
  readonly owner: string | null
}

/** Whose word it is: that of rules, of the message itself, which was sent with REQUIRETLS (RFC 8689), or of both. */
export type Asker = 'rules' | 'sender' | 'both'

/** What a message can do without: all encryption, a check, or encryption beyond the next server. */
export type Without = 'encryption' | 'check' | 'onward'

/** What is required. */
export interface Demand {
  /** None where they are withheld. */
  readonly rules: readonly RuleName[]
  readonly asker: Asker
  readonly of:
    | 'onward'
    | 'encryption'
    | 'certificate'
    | 'dane-certificate'
    | 'sts-certificate'
    | 'settings'
    | 'published'
    | 'tls'
    | 'verified-tls'
  /** Where what is published is required: which of it. */
  readonly sources: readonly ('dane' | 'mta-sts' | 'any')[]
  /** Whether it is required only where there is any. */
  readonly whereThereIsAny: boolean
}

/** The gateway that a message was to go through. */
export interface GatewayFailure {
  readonly name: string
  readonly host: string
  /** `null` where TLS is not to blame. */
  readonly failure: FailureClass | null
  /** What was seen, or the reason that it gave; empty for nothing. */
  readonly detail: string
  readonly rules: readonly RuleName[]
}

/** What the administrators of the recipient's servers are asked for. */
export interface Request {
  /** Theirs; the domain itself stands for those that are unknown. */
  readonly hosts: readonly string[]
  /** The recipient's domain. */
  readonly domain: string
  /** The lowest TLS version that is taken. */
  readonly version: string
  /** What a certificate has to name; the domain may also be a subdomain of it. */
  readonly certificateName: 'host' | 'domain' | 'host and domain' | { readonly is: string }
  /** Whether an authority is agreed on, instead of all that are trusted. */
  readonly agreedAuthority: boolean
}

/** The words for one class of failure. */
export interface FailureTexts {
  /** What the sender can do, as sentences. */
  readonly advice: string
  /**
   * What to ask their administrators for, as sentences in the words of their trade; `null` where it is not theirs to mend.
   * Nothing of the rule and of the message is in it.
   */
  readonly ask: ((request: Request) => string) | null
}

/** What stands above and before the parts. */
export interface Labels {
  readonly from: string
  readonly advice: string
  readonly tell: string
  readonly contact: string
  readonly link: string
  readonly reason: string
  readonly message: string
  readonly to: string
  readonly subject: string
  readonly dated: string
  readonly messageId: string
  readonly code: string
  readonly tried: string
}

/** All texts in one language. */
export interface NoticeTexts {
  readonly language: Language
  readonly labels: Labels
  readonly title: (fate: Fate, problem: Problem) => string
  readonly subjectLine: (result: Result) => string
  /** The first sentence. */
  readonly result: (result: Result) => string
  /** Whose side has to act, as one sentence. */
  readonly side: (side: Side, fate: Fate, domain: string) => string
  /** What the servers failed for, as one sentence. */
  readonly reason: (servers: Servers) => string
  readonly demand: (demand: Demand) => string
  readonly triedOften: string
  /** Behind what the servers, or the gateway, failed for before an administrator ended the tries. */
  readonly givenUp: string
  /** What a message waited for that an administrator ended the tries of, where TLS is not to blame. */
  readonly givenUpReason: (reason: string) => string
  readonly givenUpAdvice: string
  /** What stands in the way where TLS is not to blame. @param gateway that said it; absent for none */
  readonly otherReason: (reason: string, gateway?: { readonly name: string; readonly host: string }) => string
  /** In place of a server's words, which may quote the message. @param codes what it answered; empty for nothing */
  readonly discreetReason: (codes: readonly string[]) => string
  /** What a server answered to the message, as the end of a line about it. */
  readonly answered: (answers: readonly string[]) => string
  readonly otherAdvice: string
  readonly delayAdvice: (until: string) => string
  readonly whatTlsIs: string
  readonly whatPublishingIs: string
  readonly whatLookingUpIs: string
  readonly whatAGatewayIs: string
  /** What one server failed for, as one sentence. */
  readonly failed: (failure: FailureClass, host: string) => string
  readonly failures: Readonly<Record<FailureClass, FailureTexts>>
  /** Behind the advice of a failure: how to send the message in spite of it, as one sentence. */
  readonly wayOut: (without: Without, asker: Asker) => string
  /** Behind what the recipients' own servers failed for. */
  readonly gatewayInstead: (gateway: GatewayFailure) => string
  /** Where the rules have all go through it. */
  readonly gatewayOnly: (gateway: GatewayFailure) => string
  /** In place of what became of a message that a server was sent whole and has not confirmed. */
  readonly unconfirmed: {
    readonly subjectLine: (domain: string) => string
    readonly title: string
    readonly result: (recipients: readonly string[]) => string
    /** In front of all other reasons. */
    readonly reason: string
    /** In front of other advice. */
    readonly advice: string
  }
  /** Behind the demand for a server that promises REQUIRETLS: that MAIL with it failed there, and no more. */
  readonly failedAtOnward: (hosts: readonly string[]) => string
  /** The paragraph for their administrators. @param sentences what they are asked for */
  readonly ask: (about: {
    readonly me: string
    readonly domain: string
    readonly sentences: readonly string[]
  }) => string
  /** In place of what is known and not shown. */
  readonly withheld: string
  readonly unknown: string
  /** In place of a rule and of its owner. */
  readonly none: string
  readonly writtenBy: (me: string) => string
  /** A time in UTC. @param offset of the sender's clock from it, in minutes; `null` where that is unknown, or there is none */
  readonly time: (time: Date, offset: number | null) => string
}

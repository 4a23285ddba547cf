/** What the API answers, as the pages use it; `openapi.json` describes all of it. */
export type Direction = 'outgoing' | 'incoming'
export type Level =
  'none' | 'encrypt' | 'fingerprint' | 'verify' | 'secure' | 'dane' | 'mta-sts' | 'published'
/** What holds where a partner publishes nothing; `defer` where a rule does not say. */
export const OTHERWISE = ['defer', 'encrypt', 'none'] as const
export type Otherwise = (typeof OTHERWISE)[number]
export type Role = 'admin' | 'domain-admin' | 'viewer'

export interface Session {
  readonly user: string
  readonly role: Role
  readonly domains: readonly string[]
  readonly csrf: string | null
}

/** The languages of bounces, as the API has them. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl'] as const
export type Language = (typeof LANGUAGES)[number]

export function isLanguage(value: string): value is Language {
  return LANGUAGES.some((language) => language === value)
}

export interface DomainRow {
  readonly domain: string
  readonly enabled: boolean
  readonly rules: { readonly outgoing: number; readonly incoming: number; readonly enabled: number }
  readonly problems: readonly string[]
  /** Whom its senders can ask about a bounce. */
  readonly contact: string | null
  /** Where they can read more. */
  readonly link: string | null
  /** Of bounces to its senders, where a message says none. */
  readonly language: Language | null
  readonly failures24h: number | null
  readonly etag: string | null
}

/** A domain with its details. */
export interface DomainDetails extends DomainRow {
  /** Senders of the domain that have rules of their own. */
  readonly senders: readonly { readonly owner: string; readonly rules: number }[]
}

export type ListName = 'matchesAny' | 'matchesNone'
export type Lists = { readonly [name in ListName]?: readonly string[] }
export type Header = Lists & { readonly name: string }

export interface Criteria {
  readonly to?: Lists
  readonly from?: Lists
  readonly subject?: Lists
  readonly header?: readonly Header[]
}

export interface Action {
  readonly level: Level
  readonly minVersion?: string
  readonly names?: readonly string[]
  readonly fingerprints?: readonly string[]
  readonly otherwise?: Otherwise
  readonly trust?: string
  readonly onFailure?: 'bounce' | 'defer' | 'reroute'
  readonly via?: string
  readonly requireOnward?: 'offered' | 'must'
}

export interface Rule {
  readonly name: string
  readonly comment?: string
  readonly direction: Direction
  readonly enabled: boolean
  readonly mode?: 'enforce' | 'report'
  readonly position?: number
  readonly startsAt?: string
  readonly expiresAt?: string
  readonly criteria: Criteria
  /** Only a rule that is off may have no action yet. */
  readonly actions: { readonly relayWithTls?: Action }
}

/** What holds where a rule does not say, and which gateways it can name. */
export interface RuleSettings {
  readonly minVersion: string
  readonly onFailure: 'bounce' | 'defer'
  readonly gateways: readonly string[]
}

/** What a rule does as things stand, as the server says. */
export interface Effect {
  readonly status: 'active' | 'partly' | 'reports' | 'no-effect' | 'inactive' | 'waits' | 'off'
  readonly summary: string
  readonly sentences: readonly string[]
}

/** The same of a rule that a change concerns. */
export interface NamedEffect extends Effect {
  readonly owner: string
  readonly id: string
  readonly name: string
}

export interface StoredRule {
  readonly owner: string
  readonly id: string
  /** `null` for what is no valid rule. */
  readonly effect: Effect | null
  /** Anything, where `problem` is not null. */
  readonly rule: Rule
  readonly etag: string
  readonly problem: string | null
  /** In a list: the first rule with the very same criteria. */
  readonly sameAs?: { readonly id: string; readonly name: string } | null
}

export interface RuleList {
  readonly owner: string
  readonly active: boolean
  readonly rules: readonly StoredRule[]
}

export interface Group {
  readonly name: string
  readonly patterns: readonly string[]
  readonly etag: string
  readonly problem: string | null
  /** Of a group by itself: the rules that refer to it. */
  readonly usedBy?: readonly {
    readonly owner: string
    readonly id: string
    readonly name: string
    readonly enabled: boolean
    readonly direction: Direction
  }[]
  readonly usedByOthers?: number
  /** Rules that cannot be read, each a sentence. */
  readonly unread?: readonly string[]
}

export interface Validated {
  readonly value: string
  readonly problem: string | null
  readonly normalised?: string
  readonly suggestion?: readonly string[]
}

interface DecidedBy {
  readonly owner: string
  readonly id: string
  readonly name: string
}

export interface Explanation {
  readonly from: string
  readonly to: string
  readonly direction: Direction
  /** Whether the requirement is unknown because of entries that are not valid. */
  readonly waits: boolean
  readonly requirement: {
    readonly level: Level
    readonly minVersion?: string
    /** `false`: to a partner that publishes nothing, the message may leave in the clear. */
    readonly encrypted: boolean
    readonly onward?: NonNullable<Action['requireOnward']>
  } | null
  readonly decidedBy: readonly DecidedBy[]
  readonly reported: readonly { readonly level: Level; readonly decidedBy: readonly DecidedBy[] }[]
  readonly certain: boolean
  /** Why Haraka takes no rules from this store, where that is so: what happens is unknown then. */
  readonly notTaken?: string
  /** What `TLS-Required: No` in its header comes to; `null` for nothing. */
  readonly waiver: { readonly effect: string; readonly sentence: string } | null
  readonly dependsOn: readonly { readonly name: string; readonly fields: readonly string[] }[]
  readonly dependsOnLeft: number
  readonly owners: readonly {
    readonly owner: string
    readonly awake: boolean
    readonly problems: readonly {
      readonly key: string | null
      readonly field: string | null
      readonly problem: string
    }[]
    readonly rules: readonly { readonly id: string; readonly name: string; readonly state: string }[]
  }[]
  readonly reportOnly: boolean
}

/** What becomes of a message now. */
export interface TryResult {
  readonly explanation: Explanation
  readonly check: PartnerCheck | null
  readonly outcome:
    'delivered' | 'free' | 'rerouted' | 'as-usual' | 'required' | 'waits' | 'bounced' | 'depends' | 'unknown'
  readonly sentence: string
  readonly bounce: { readonly subject: string; readonly text: string } | null
}

export interface CertificateFacts {
  readonly issuer: string
  readonly names: readonly string[]
  readonly validTo: string | null
  readonly daysLeft: number | null
  readonly chain: { readonly trusted: boolean; readonly problem: string | null }
  readonly fingerprints: { readonly certificate: string; readonly publicKey: string }
}

/** A TLSA record, and whether the server's certificates fit it; `null` where none was seen. */
export interface RecordDane {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: string
  readonly matches: boolean | null
  readonly detail: string | null
}

export interface HostCheck {
  readonly host: string
  readonly to: string | null
  readonly requiretls?: boolean | null
  readonly protocol: string | null
  readonly cipher: string | null
  readonly certificate: CertificateFacts | null
  readonly dialogue: readonly { readonly asked: string; readonly answered: string | null }[]
  readonly levels: readonly {
    readonly level: Level
    readonly passes: boolean
    readonly detail: string | null
  }[]
  readonly dane: { readonly records: readonly RecordDane[] } | null
  readonly listed: boolean | null
  readonly free: string | null
  readonly trustedNextHop: boolean
  readonly failure: { readonly temporary: boolean; readonly detail: string } | null
}

export interface PartnerCheck {
  readonly domain: string
  readonly level: Level
  readonly requirement: {
    readonly minVersion?: string
    readonly namesAnyOf: readonly (readonly string[])[]
    readonly fingerprintsAnyOf: readonly (readonly string[])[]
    readonly published: readonly { readonly otherwise: Otherwise; readonly isOnward?: true }[]
    readonly onward?: NonNullable<Action['requireOnward']>
    readonly trusts?: readonly { readonly name: string }[]
  }
  readonly verdict: 'delivered' | 'free' | 'rerouted' | 'waits' | 'bounced' | 'not-known'
  readonly reason: string
  readonly hosts: readonly HostCheck[]
  readonly dane: { readonly sentence: string } | null
  readonly mtaSts: {
    readonly sentence: string
    readonly policy: { readonly problems: readonly string[] } | null
  } | null
  readonly tlsReports: { readonly sentence: string } | null
  readonly remarks: readonly string[]
  readonly checkedAt: string
}

export interface HistoryEntry {
  readonly id: string
  readonly at: string
  readonly by: string
  readonly key: 'rules' | 'domains' | 'groups' | 'releases' | 'users' | 'tokens'
  readonly owner: string
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  /** `from` and `to` are too long for the history. */
  readonly leftOut: boolean
  readonly differences: readonly string[]
  /** What became of it; only the latest change can be undone. */
  readonly standing: 'latest' | 'undone' | 'changed' | 'event'
  /** The next change of the same. */
  readonly next: { readonly by: string; readonly at: string } | null
}

/** A change that is not made yet, as the API takes it. */
export type Change =
  | { readonly owner: string; readonly id: string; readonly enabled: boolean }
  | { readonly owner: string; readonly id: string; readonly rule: Rule }
  | { readonly owner: string; readonly id: string; readonly move: Target }
  | { readonly owner: string; readonly id: string; readonly remove: true }
  | { readonly domain: string; readonly enabled: boolean }
  | { readonly domain: string; readonly remove: true }
  | { readonly group: string; readonly patterns: readonly string[] }
  | { readonly undo: string }
  | {
      readonly several: {
        readonly action: 'enable' | 'disable' | 'delete'
        readonly rules: readonly { readonly owner: string; readonly id: string }[]
      }
    }

/** A partner that a change brings under a requirement. */
export interface ImpactPartner {
  readonly target: string
  readonly action: Action
}

/** What a change would do. */
export interface Impact {
  readonly asks: boolean
  /** Goes with the change, which is not made where it would do something else by then. */
  readonly asked: string
  readonly rules: readonly (NamedEffectOf & {
    readonly step: string
    readonly sentences: readonly string[]
  })[]
  readonly more: number
  readonly seen: readonly string[]
  readonly partners: readonly ImpactPartner[]
  readonly morePartners: number
  readonly unnamed: readonly string[]
}

type NamedEffectOf = Pick<NamedEffect, 'owner' | 'id' | 'name' | 'status'>

interface Counts {
  readonly messages: number
  readonly delivered: number
  /** Of those delivered: handed on with REQUIRETLS. */
  readonly requiretls: number
  /** Handed to a gateway. */
  readonly rerouted: number
  readonly bounced: number
  readonly kept: number
  readonly waiting: number
  readonly released: number
  /** Delivered with or without TLS, and not among `messages`. */
  readonly asUsual: number
  /** Their senders waive TLS; not among `messages`. */
  readonly waived: number
}

/** The part of a delivery report that the overview shows. */
export interface DeliveryReport {
  readonly since: string
  readonly until: string
  readonly firstEntry: string | null
  readonly logBegins: string | null
  /** What it comes to, in sentences. */
  readonly conclusion: {
    readonly required: string
    readonly verdict: string
    readonly limits: readonly string[]
    readonly uncovered: readonly object[]
  }
  readonly enforced: Counts
  /** The same of the period before; `null` where the log does not have all of that. */
  readonly before?: Counts | null
  readonly versions: readonly { readonly version: string | null; readonly messages: number }[]
  readonly ciphers: readonly { readonly cipher: string; readonly messages: number }[]
  /** Most messages first. */
  readonly failures: readonly {
    readonly class: string
    readonly messages: number
    readonly attempts: number
    readonly partners: readonly { readonly domain: string; readonly attempts: number }[]
    readonly morePartners: number
  }[]
  /** The first ones, those first that most mail failed for. */
  readonly partners: readonly {
    readonly domain: string
    readonly enforced: Counts
    readonly failures: Readonly<Record<string, number>>
  }[]
  /** Of lists, how many are left out; of partners, how many some mail failed for in all. */
  readonly left: { readonly failing: number; readonly expiring: number }
  readonly expiring: readonly {
    readonly domain: string
    readonly host: string
    readonly expires: string
    readonly daysLeft: number
  }[]
  readonly days: readonly ({
    readonly date: string
    readonly wouldBounce: number
    readonly wouldWait: number
  } & Counts)[]
}

/** One attempt or outcome of a message. */
export interface MessageStep {
  readonly kind: string
  readonly result: string
  readonly at: string
  readonly says: string
  readonly reason: string | null
  readonly recipients: number
  readonly server: string | null
  readonly address: string | null
  readonly protocol: string | null
  readonly cipher: string | null
  readonly certificate: {
    readonly fingerprint: string
    readonly issuer: string | null
    readonly expires: string | null
  } | null
  /** Whether it was handed on with REQUIRETLS; `null` where nobody asked for that. */
  readonly requiretls: 'yes' | 'no' | 'refused' | null
  readonly status: string | null
}

/** What became of a message. */
export const MESSAGE_STATES = [
  'delivered',
  'rerouted',
  'waiting',
  'bounced',
  'kept',
  'released',
  'freed',
  'waived',
  'reported',
  'rejected',
  'mixed',
  'unknown',
] as const

export interface Message {
  readonly uuid: string
  /** `null` where only the domain is known. */
  readonly sender: string | null
  readonly from: string
  readonly to: readonly string[]
  readonly domain: string
  readonly recipients: number
  readonly messageId: string | null
  readonly rules: readonly { readonly owner: string; readonly id: string; readonly name?: string }[]
  readonly level: string
  readonly first: string
  readonly last: string
  readonly state: (typeof MESSAGE_STATES)[number]
  readonly nextStep: string | null
  /** Whether a check of the recipients' servers would show what fails. */
  readonly check: { readonly gateway: string | null } | null
  readonly steps: readonly MessageStep[]
  /** Attempts without what is required, or whose sender had waived it. */
  readonly exposures: readonly { readonly result: string; readonly how: 'clear' | 'tls' | 'unknown' }[]
}

export interface MessageList {
  readonly messages: readonly Message[]
  readonly logBegins: string | null
}

/** Whether a message was encrypted, in sentences. */
export interface Statement {
  readonly question: string
  readonly answer: 'yes' | 'not-as-required' | 'no' | 'not-delivered' | 'unknown'
  readonly sentence: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly verified: readonly string[]
  readonly notVerified: readonly string[]
}

/** Where a rule goes: before or after another one. */
export type Target = { readonly before: string } | { readonly after: string }

/** What can be ordered for mail that waits. */
export type WaitingAction = 'retry' | 'fail' | 'release'

/** A message that waits. */
export interface WaitingMessage {
  readonly id: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly recipientCount: number
  readonly domain: string
  readonly rules: readonly { readonly owner: string; readonly id: string; readonly name: string }[]
  /** Stands for what is required of whom. */
  readonly demand: string
  /** Class of failure. */
  readonly class: string
  /** Why it waits, in one sentence without a full stop. */
  readonly why: string
  readonly since: string
  readonly next: string
  readonly until: string
  readonly tries: number
  readonly ordered: string
  readonly releasedBy: string
}

/** The Haraka that say what waits. */
export interface WaitingNodes {
  readonly nodes: readonly {
    /** Empty for who may not see everything. */
    readonly name: string
    readonly seen: string
    readonly down: boolean
    readonly more: boolean
    /** `null` for some. */
    readonly untried: number | null
  }[]
  readonly mayRelease: boolean
}

/** What became of an order. */
export interface OrderResult {
  readonly id: string
  readonly done: boolean | null
  readonly says: string
}

/** What an account may see and change. */
export interface Rights {
  readonly role: Role
  readonly domains: readonly string[]
}

/** A user of the console. */
export interface Person {
  readonly name: string
  /** `null` for an entry that is not valid. */
  readonly role: Role | null
  readonly domains: readonly string[]
  readonly passwordSetAt: string | null
  readonly invitedUntil: string | null
  readonly etag: string
}

/** A one-time link, as far as it is not the address of these pages. */
export interface Invitation {
  readonly secret: string
  readonly expiresAt: string
}

export interface ShownSession {
  readonly id: string
  readonly createdAt: string
  readonly seenAt: string
  readonly address: string | null
  readonly agent: string | null
  /** Of one's own sessions: whether it is this one. */
  readonly current?: boolean
}

export interface TokenRow {
  readonly id: string
  readonly name: string
  readonly role: Role | null
  readonly domains: readonly string[]
  readonly createdAt: string | null
  readonly createdBy: string | null
  readonly expiresAt: string | null
  readonly usedAt: string | null
  readonly valid: boolean
}

/** A rule that a partner would fulfil, by what was seen of it. */
export interface Suggestion {
  readonly owner: string
  readonly partner: string
  readonly level: string
  readonly deliveries: number
  readonly sentences: readonly string[]
}

/** What is suggested, and why there may be nothing. */
export interface Suggestions {
  readonly enabled: boolean
  readonly observed: number
  readonly needed: { readonly deliveries: number; readonly days: number }
  readonly lost: { readonly deliveries: number; readonly last: string | null }
  readonly total: number
  readonly suggestions: readonly Suggestion[]
}

/** A rule among those of all owners, and how it names the partner that was asked for. */
export interface FoundRule extends StoredRule {
  readonly names: readonly {
    readonly as: 'domain' | 'subdomains' | 'address' | 'everyone'
    readonly pattern: string
    readonly group: string | null
    readonly except: boolean
  }[]
}

/** What is known of a partner beside its rules, deliveries and waiting mail. */
export interface Partner {
  readonly domain: string
  readonly groups: readonly { readonly name: string; readonly patterns: readonly string[] }[]
  readonly certificate: {
    readonly at: string
    readonly host: string
    readonly protocol: string | null
    readonly fingerprint: string
    readonly issuer: string | null
    readonly expires: string | null
  } | null
  readonly published: {
    readonly at: string
    readonly policies: readonly {
      readonly type: 'tlsa' | 'sts'
      readonly testing?: boolean
      readonly domain: string
      readonly strings: readonly string[]
    }[]
  } | null
}

/** Whose rules refer to which group. */
export interface GroupUseList {
  readonly uses: readonly GroupUse[]
  /** Rules that cannot be read, each a sentence. */
  readonly unread: readonly string[]
}

/** Whose rules refer to a group. */
export interface GroupUse {
  readonly group: string
  readonly rules: number
  readonly owners: readonly string[]
}

/** What a search found. */
export interface Hits {
  readonly hits: readonly {
    readonly kind: 'partner' | 'domain' | 'rule' | 'group'
    readonly name: string
    readonly rule: { readonly owner: string; readonly id: string; readonly direction: Direction } | null
  }[]
  readonly complete: boolean
  /** Rules that cannot be read, each a sentence. */
  readonly unread: readonly string[]
}

/** What became of several rules that were changed at once. */
export interface RulesChanged {
  readonly results: readonly {
    readonly owner: string
    readonly id: string
    readonly done: boolean
    readonly problem: string | null
  }[]
  readonly effects: readonly NamedEffect[]
}

/** How the store stands that the rules are in. */
export interface StoreState {
  /** Why what is in force is unknown; `null` where it is not. */
  readonly problem: string | null
  readonly warnings: readonly string[]
}

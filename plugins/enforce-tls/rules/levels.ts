/**
 * The ordered table of enforcement levels, weakest first. The words and their meaning are Postfix's
 * (`TLS_README`, "TLS policy levels") where it has them; nothing else in the code repeats the list.
 */

/** One row of the table. */
export interface LevelDefinition {
  readonly name: string
  /** What a person reads about it in the command and the documentation. */
  readonly summary: string
  /** Whether the session must be encrypted at all. */
  readonly encrypted: boolean
  /** Whether the certificate's chain must end at a trusted authority. */
  readonly trusted: boolean
  /** What the certificate must name: the MX host, the recipient's domain, or nothing in particular. */
  readonly names: 'nothing' | 'mx-host' | 'domain'
  /** Whether the certificate, or its key, must be one of those that the rule lists. */
  readonly pinned: boolean
  /** What the partner publishes, and must fulfil; `null` where that does not matter. */
  readonly published: PublishedBy | null
}

/** What partners publish of their TLS: TLSA records (RFC 7672), a policy (RFC 8461), or either. */
export type PublishedBy = 'dane' | 'mta-sts' | 'published'

/**
 * Weakest first: a level's rank is its place in this list. The last three are above the others in kind rather than in
 * rank, since what they ask for is up to the partner.
 */
export const LEVELS = [
  {
    name: 'none',
    summary: 'no TLS required; exempts from the rules below it',
    encrypted: false,
    trusted: false,
    names: 'nothing',
    pinned: false,
    published: null,
  },
  {
    name: 'encrypt',
    summary: 'TLS, any certificate',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: false,
    published: null,
  },
  {
    name: 'fingerprint',
    summary: 'TLS, and the certificate or its public key is one that the rule lists',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: true,
    published: null,
  },
  {
    name: 'verify',
    summary: 'TLS, a trusted certificate that names the MX host',
    encrypted: true,
    trusted: true,
    names: 'mx-host',
    pinned: false,
    published: null,
  },
  {
    name: 'secure',
    summary:
      "TLS, a trusted certificate that names the recipient's domain, a subdomain of it, or a listed name",
    encrypted: true,
    trusted: true,
    names: 'domain',
    pinned: false,
    published: null,
  },
  {
    name: 'dane',
    summary: 'TLS that a TLSA record of the MX host vouches for, proved by DNSSEC',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: false,
    published: 'dane',
  },
  {
    name: 'mta-sts',
    summary:
      "TLS to an MX host that the domain's MTA-STS policy (mode enforce) lists, with a trusted certificate that names it",
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: false,
    published: 'mta-sts',
  },
  {
    name: 'published',
    summary:
      'DANE for MX hosts that have TLSA records, otherwise MTA-STS; with both, the policy must list the host, too',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: false,
    published: 'published',
  },
] as const satisfies readonly LevelDefinition[]

/** What holds where a partner publishes nothing: the mail waits, any TLS will do, or none is needed. */
export const OTHERWISE = ['defer', 'encrypt', 'none'] as const

/** One of them; `defer` where a rule does not say. */
export type Otherwise = (typeof OTHERWISE)[number]

/** The name of an enforcement level. */
export type Level = (typeof LEVELS)[number]['name']

/** The names of all levels, weakest first. */
export const LEVEL_NAMES: readonly Level[] = LEVELS.map((level) => level.name)

/** The row of a level. */
export function definitionOf(level: Level): LevelDefinition {
  const row = LEVELS[rankOf(level)]
  if (!row) throw new TypeError(`${level} is no level`)
  return row
}

/** The place of a level in the table; a higher rank is stricter. */
function rankOf(level: Level): number {
  return LEVEL_NAMES.indexOf(level)
}

/** The stricter one of two levels. */
export function stricter(a: Level, b: Level): Level {
  return rankOf(a) >= rankOf(b) ? a : b
}

/** TLS protocol versions that can be demanded, weakest first. Older ones are never spoken (RFC 8996). */
export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** A TLS protocol version as Node.js names it. */
export type TlsVersion = (typeof TLS_VERSIONS)[number]

/** The later one of two TLS versions. */
export function later(a: TlsVersion, b: TlsVersion): TlsVersion {
  return TLS_VERSIONS.indexOf(a) >= TLS_VERSIONS.indexOf(b) ? a : b
}

/**
 * Whether mail is handed on with REQUIRETLS (RFC 8689), so that it stays encrypted behind the next server, too: where that
 * offers it, or only then. The stricter one is the last.
 */
export const ONWARD = ['offered', 'must'] as const

/** One of them. */
export type Onward = (typeof ONWARD)[number]

/** What a rule can ask for when its demand can't be met. */
export const ON_FAILURE = ['bounce', 'defer', 'reroute'] as const

/** One of them. */
export type OnFailure = (typeof ON_FAILURE)[number]

/**
 * The ordered table of enforcement levels, weakest first. The words and their meaning are Postfix's
 * (`TLS_README`, "TLS policy levels"); nothing else in the code repeats the list.
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
}

/** Weakest first: a level's rank is its place in this list. */
export const LEVELS = [
  {
    name: 'none',
    summary: 'no TLS required; exempts from the rules below it',
    encrypted: false,
    trusted: false,
    names: 'nothing',
    pinned: false,
  },
  {
    name: 'encrypt',
    summary: 'TLS, any certificate',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: false,
  },
  {
    name: 'fingerprint',
    summary: 'TLS, and the certificate or its public key is one that the rule lists',
    encrypted: true,
    trusted: false,
    names: 'nothing',
    pinned: true,
  },
  {
    name: 'verify',
    summary: 'TLS, a trusted certificate that names the MX host',
    encrypted: true,
    trusted: true,
    names: 'mx-host',
    pinned: false,
  },
  {
    name: 'secure',
    summary:
      "TLS, a trusted certificate that names the recipient's domain, a subdomain of it, or a listed name",
    encrypted: true,
    trusted: true,
    names: 'domain',
    pinned: false,
  },
] as const satisfies readonly LevelDefinition[]

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

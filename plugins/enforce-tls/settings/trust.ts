/**
 * The sections `[trust:<name>]`: how sessions are made for rules that name one. Pure; the files themselves are read where
 * TLS is, so that one that is missing concerns only the mail of such rules.
 */
import { isIP } from 'node:net'
import { comparableDomain, parseDomain } from '../rules/address.js'
import { isTrustName, TRUST_NAME_EXPECTED } from '../rules/trust-name.js'
import { list, or, text, type Keys, type Section } from './values.js'

/** What one of them says; paths of files are as written, a relative one counts from the config folder. */
export interface TrustSettings {
  /** PEM files of the authorities that are trusted instead of all others. @default none */
  readonly ca: readonly string[]
  /** PEM file of the client certificate, with its chain. @default none */
  readonly cert: string
  /** PEM file of its key. @default none */
  readonly key: string
  /** What the server is asked for, and has to be called, instead of the MX host's name. @default none */
  readonly serverName: string
  /** OpenSSL's list of ciphers, with the suites of TLS 1.3. @default none */
  readonly ciphers: string
  /** Groups of the key exchange, as OpenSSL names them. @default none */
  readonly groups: string
}

/** What stands before the name. */
const PREFIX = 'trust:'
/** For lists of sections. */
export const TRUST_SECTION = `${PREFIX}<name>`

/** Its keys. */
export const TRUST_KEYS: Keys = {
  ca: list('a PEM file of CA certificates; ca[]= for several, a line for each'),
  cert: text,
  key: text,
  server_name: {
    ...text,
    ...{ format: 'server-name' },
    expected: 'a host name such as mx.partner.example',
  },
  ciphers: text,
  groups: text,
}

/** The name in a section's own; `null` for another section. */
export function trustNameOf(section: string): string | null {
  return section.startsWith(PREFIX) ? section.slice(PREFIX.length) : null
}

/** Whether a text can be asked for by SNI (RFC 6066 section 3). */
export function isServerName(value: string): boolean {
  return 'domain' in parseDomain(value) && !isIP(value)
}

/** What of a section can't stand together, or stand alone, as the words of an error; `null` if all is well. */
export function trustContradiction(name: string, section: Section): string | null {
  if (!isTrustName(name)) return `expected as its name: ${TRUST_NAME_EXPECTED}`
  const has = (key: string): boolean => section[key] !== undefined
  if (has('cert') !== has('key'))
    return `${has('cert') ? 'cert' : 'key'}= is one half of a client certificate; both cert= and key= are needed`
  return Object.keys(section).length > 0
    ? null
    : `is empty; expected one of ${Object.keys(TRUST_KEYS)
        .map((key) => `${key}=`)
        .join(', ')}`
}

/** What the section says; it has been checked. */
export function toTrustSettings(section: Section): TrustSettings {
  return {
    ca: or<string[]>(section['ca'], []),
    cert: or(section['cert'], ''),
    key: or(section['key'], ''),
    serverName: comparableDomain(or(section['server_name'], '')),
    ciphers: or(section['ciphers'], ''),
    groups: or(section['groups'], ''),
  }
}

/**
 * What is wrong when Redis, or the way to it, answers with an error: words for the person in charge, with the
 * way out. Pure; an error that is not in the table is passed on in its own words.
 */
import type { StoreErrorCode } from './rule-store.js'

/** A failed call in words, the end of a sentence that names the store. */
export interface RedisProblem {
  readonly code: StoreErrorCode
  readonly problem: string
}

/** The first row whose pattern an error's text or code fits decides; `$&` stands for what fits. */
const PROBLEMS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/ECONNREFUSED/, 'refuses connections; check that Redis runs there, and its host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'has a host name that can not be resolved ($&); check the host, and DNS'],
  [/Command timed out/, 'does not answer in time; check that it is not stopped or overloaded'],
  [/ETIMEDOUT/, 'can not be reached in time; check its host and port, and firewalls on the way'],
  [/EHOSTUNREACH|ENETUNREACH/, 'can not be reached ($&); check its host, and the network'],
  [/ENOENT/, 'has no such unix socket; check that Redis runs, and the path'],
  [/EACCES/, 'may not be opened by this user; check the permissions of the unix socket'],
  [/NOAUTH/, 'wants a password and none was given; set password (and username) of the Redis'],
  [
    /WRONGPASS|invalid password|invalid username/,
    'refuses the login; check username and password of the Redis',
  ],
  [/NOPERM.*/s, 'does not permit that to this user: $&; check the ACL of the user'],
  [/LOADING/, 'is still loading its data; this ends by itself'],
  [/READONLY/, 'is a replica that takes no changes; name the primary'],
  [
    /MOVED|CROSSSLOT|CLUSTERDOWN/,
    'is a node of a Redis Cluster ($&); a Redis that is not part of one is expected',
  ],
  [/DB index is out of range/, 'has no database of this number; check db'],
  [
    /WRONG_VERSION_NUMBER|wrong version number|packet length too long/,
    'does not speak TLS on this port; check tls, or redis:// for rediss://',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT/,
    'has a certificate that is not trusted ($&); NODE_EXTRA_CA_CERTS names further authorities',
  ],
]

/** Errors after which a command may be sent again on a new connection, if it changes nothing. */
const LOST = /max retries per request|Connection is closed|connection close|ECONNRESET|EPIPE/i

/** Whether a command never left, because its connection was closing already. */
export function isUnsent(error: unknown): boolean {
  return textOf(error).includes("isn't writeable")
}

/** Whether a command failed because its connection was lost while it waited for the answer. */
export function isLostConnection(error: unknown): boolean {
  return LOST.test(textOf(error))
}

/**
 * Says what an error means.
 *
 * @param key the key that was asked for, where there was one
 */
export function problemOf(error: unknown, key: string | null): RedisProblem {
  const text = textOf(error)
  if (key !== null && text.includes('WRONGTYPE'))
    return {
      code: 'STORE_CORRUPT',
      problem: `key ${key} is not a hash; look at it with TYPE, and delete or rename it`,
    }
  for (const [pattern, words] of PROBLEMS) {
    const fits = pattern.exec(text)
    if (fits) return { code: 'STORE_UNAVAILABLE', problem: words.replace('$&', () => fits[0]) }
  }
  if (isLostConnection(error)) return { code: 'STORE_UNAVAILABLE', problem: 'closed the connection' }
  return { code: 'STORE_UNAVAILABLE', problem: `answered with an error: ${text}` }
}

/** Code and message of an error; those of all its parts where several addresses of one host were tried. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  const parts = error instanceof AggregateError ? error.errors.map(textOf) : []
  return [code, error.message, ...parts].filter(Boolean).join(' ')
}

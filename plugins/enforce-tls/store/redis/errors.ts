/**
 * What is wrong when Redis, or the way to it, answers with an error: words for the person in charge, with the
 * way out. Pure; an error that is not in the table is passed on in its own words.
 */
import type { StoreErrorCode } from '../rule-store.js'

/** A failed call in words, the end of a sentence that names the store. */
export interface RedisProblem {
  readonly code: StoreErrorCode
  readonly problem: string
}

/** The first row whose pattern an error's text or code fits decides; `$&` stands for what fits, `$1` for its group. */
const PROBLEMS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /got an invalid reply: null|No such master with that name/,
    'has Sentinels that know no master of this name; check name',
  ],
  [
    /sentinel \S+ because .*(NOAUTH|WRONGPASS|NOPERM)/s,
    'has Sentinels that reject the login ($1); check sentinel_username and sentinel_password',
  ],
  [/sentinel (\S+) because .*unknown command/s, 'has no Sentinel at $1; check sentinels[]'],
  [
    /sentinel (\S+) because /,
    'has no Sentinel that answers (the last one tried is $1); check that they run, and their hosts and ports',
  ],
  [
    /cluster support disabled/,
    'is not a Redis Cluster; use host and port, or sentinels[], instead of cluster[] and redis+cluster://',
  ],
  [
    /CLUSTERDOWN.*|Too many Cluster redirections.*/s,
    'is a Redis Cluster that does not serve all of its keys ($&); look at CLUSTER INFO and CLUSTER NODES',
  ],
  [
    /Failed to refresh slots cache\. timeout/,
    'has no node that answers in time; check that its nodes are not stopped or overloaded',
  ],
  [/ECONNREFUSED/, 'refuses connections; check that Redis runs there, and its host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'has a host name that cannot be resolved ($&); check the host, and DNS'],
  [/Command timed out/, 'does not answer in time; check that it is not stopped or overloaded'],
  [/ETIMEDOUT/, 'cannot be reached in time; check its host and port, and firewalls on the way'],
  [/EHOSTUNREACH|ENETUNREACH/, 'cannot be reached ($&); check its host, and the network'],
  [/ENOENT/, 'has no such unix socket; check that Redis runs, and the path'],
  [/EACCES/, 'may not be opened by this user; check the permissions of the unix socket'],
  [/NOAUTH/, 'requires a password; set password (and username) of the Redis'],
  [
    /WRONGPASS|invalid password|invalid username/,
    'rejects the login; check username and password of the Redis',
  ],
  [
    /NOPERM.* run the '([^' ]+)' command.*/s,
    'does not permit that to this user: $&; check the ACL of the user: it lacks +$1',
  ],
  [/NOPERM.*/s, 'does not permit that to this user: $&; check the ACL of the user'],
  [/LOADING/, 'is still loading its data; this ends by itself'],
  [/READONLY/, 'is a replica that accepts no changes; name the primary'],
  [/MOVED|CROSSSLOT/, 'is a node of a Redis Cluster ($&); use cluster[], or redis+cluster://'],
  [/DB index is out of range/, 'has no database of this number; check db'],
  [/Unknown RESP type 21\b/, 'speaks TLS on this port; set tls, or use rediss:// for redis://'],
  [
    // What ioredis says of bytes that are no reply of Redis.
    /\. Please report this/,
    'is not a Redis: another kind of server answers there; check its host and port',
  ],
  [
    /WRONG_VERSION_NUMBER|wrong version number|packet length too long/,
    'does not speak TLS on this port; check tls, or redis:// for rediss://',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    'has a certificate for another name ($&); check the host, or set tls_servername',
  ],
  [
    /CERTIFICATE_REQUIRED|certificate required|BAD_CERTIFICATE|UNKNOWN_CA|unknown ca/,
    'does not accept this client without a certificate that it trusts ($&); set tls_cert and tls_key',
  ],
  [/CERT_HAS_EXPIRED/, 'has a certificate that has expired'],
  [
    /\w*(?:SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT)\w*/,
    'has a certificate that is not trusted ($&); set tls_ca, or name the authority in NODE_EXTRA_CA_CERTS',
  ],
]

/** Whether the user of Redis may not do what was asked. */
export function isNotPermitted(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOPERM')
}

/** Errors after which a command may be sent again on a new connection, if it changes nothing. */
const LOST = /max retries per request|Connection is closed|connection close|ECONNRESET|EPIPE/i

/** Whether a command came to a server that is no master, or not any more. */
export function isDemoted(error: unknown): boolean {
  return /^(?:READONLY|MASTERDOWN)/.test(error instanceof Error ? error.message : '')
}

/** Whether a node of a Cluster did not answer in time when it was asked who has which keys. */
export function isTimeout(error: unknown): boolean {
  return /\btimeout$|Command timed out/.test(textOf(error))
}

/** Whether a command never left, because its connection was closing already. */
export function isUnsent(error: unknown): boolean {
  return textOf(error).includes("isn't writeable")
}

/** Whether a command failed because its connection was lost while it waited for the answer. */
export function isLostConnection(error: unknown): boolean {
  return LOST.test(textOf(error))
}

/** The delivery log and the history, behind any prefix; all else is kept in hashes. */
const STREAM_KEY = /(?<!rules:)(?:deliveries|history)$/

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
      problem: `key ${key} is not a ${STREAM_KEY.test(key) ? 'stream' : 'hash'}; look at it with TYPE, and delete or rename it`,
    }
  for (const [pattern, words] of PROBLEMS) {
    const fits = pattern.exec(text)
    if (fits)
      return {
        code: 'STORE_UNAVAILABLE',
        problem: words.replace(/\$([&1])/g, (_, what) => fits[what === '&' ? 0 : 1] ?? ''),
      }
  }
  if (isLostConnection(error)) return { code: 'STORE_UNAVAILABLE', problem: 'closed the connection' }
  return { code: 'STORE_UNAVAILABLE', problem: `answered with an error: ${text}` }
}

/** Code and message of an error; those of all its parts where several addresses or nodes were tried. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  // Of a Cluster whose nodes all failed, the last one says why.
  const { lastNodeError } = error as { lastNodeError?: unknown }
  const parts = [
    ...(error instanceof AggregateError ? (error.errors as unknown[]) : []),
    ...(lastNodeError ? [lastNodeError] : []),
  ].map(textOf)
  return [code, error.message, ...parts].filter(Boolean).join(' ')
}

/** The users of Redis that config/README.md recommends, read out of it, so that it cannot say what does not work. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository.js'

/** One `ACL SETUSER` line. */
export interface AclUser {
  readonly name: string
  readonly password: string
  /** The words behind the name. */
  readonly words: readonly string[]
}

/** What lines without a password are for, and what tells them from the others; the first one counts. */
const PURPOSES = {
  cluster: /cluster\|/,
  console: /\+incrby/,
  alerts: /:alert-turn/,
  tlsReports: /:tls-rpt-turn/,
  mailedReports: /:report-turn/,
  suggestions: /:suggest /,
  policies: /:sts\b/,
  deliveries: /:deliveries/,
  waiting: /:waiting:/,
  release: /^~\S+:history \+xadd$/,
  metrics: /^\+scan$/,
} as const

/** What a user may do besides its main work. */
export type Purpose = keyof typeof PURPOSES

/** As `readmeUser`, in the words for Redis 6, which does not tell reading a key from writing it. */
export function inRedis6(user: AclUser): AclUser {
  return { ...user, words: user.words.map((word) => word.replace(/^%(?:R|W)~/, '~')) }
}

/** The user of this name, its lines put together; those for a purpose only if wanted. */
export function readmeUser(name: string, purposes: readonly Purpose[] = []): AclUser {
  const readme = readFileSync(join(repositoryRoot(), 'config', 'README.md'), 'utf8')
  const lines = [...readme.matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].flatMap(([, user, rest = '']) =>
    user === name && isWanted(rest, purposes) ? [rest] : [],
  )
  const words = lines.flatMap((line) => line.split(' '))
  const password = words.find((word) => word.startsWith('>'))?.slice(1)
  if (password === undefined) throw new Error(`config/README.md has no ACL SETUSER ${name} with a password`)
  return { name, password, words }
}

function isWanted(line: string, purposes: readonly Purpose[]): boolean {
  if (line.startsWith('on >')) return true
  const all = Object.keys(PURPOSES) as Purpose[]
  const purpose = all.find((name) => PURPOSES[name].test(line))
  if (purpose === undefined) throw new Error(`what is this line of config/README.md for? ${line}`)
  return purposes.includes(purpose)
}

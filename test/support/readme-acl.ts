/** The users of Redis that the README recommends, read out of it, so that it can't say what does not work. */
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

/** What some lines are for, and what tells them from the others. */
const PURPOSES = {
  cluster: /cluster\|/,
  deliveries: /:deliveries/,
  alerts: /:alert-turn/,
  console: /\+incrby/,
} as const

/** What a user may do besides its main work. */
export type Purpose = keyof typeof PURPOSES

/** The user of this name, its lines put together; those for a purpose only if wanted. */
export function readmeUser(name: string, purposes: readonly Purpose[] = []): AclUser {
  const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8')
  const lines = [...readme.matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].flatMap(([, user, rest = '']) =>
    user === name && purposesOf(rest).every((purpose) => purposes.includes(purpose)) ? [rest] : [],
  )
  const words = lines.flatMap((line) => line.split(' '))
  const password = words.find((word) => word.startsWith('>'))?.slice(1)
  if (password === undefined) throw new Error(`the README has no ACL SETUSER ${name} with a password`)
  return { name, password, words }
}

function purposesOf(line: string): Purpose[] {
  return (Object.keys(PURPOSES) as Purpose[]).filter((purpose) => PURPOSES[purpose].test(line))
}

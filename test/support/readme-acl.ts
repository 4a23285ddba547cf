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

/** The user of this name, all of its lines put together; those for a Cluster only if wanted. */
export function readmeUser(name: string, { cluster = false } = {}): AclUser {
  const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8')
  const lines = [...readme.matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].filter(([, user]) => user === name)
  const words = lines
    .flatMap(([, , rest = '']) => rest.split(' '))
    .filter((word) => cluster || !/cluster|asking/.test(word))
  const password = words.find((word) => word.startsWith('>'))?.slice(1)
  if (password === undefined) throw new Error(`the README has no ACL SETUSER ${name} with a password`)
  return { name, password, words }
}

/**
 * The user that Haraka becomes once it listens: `user=` and `group=` of its `smtp.ini`. Who runs the command as
 * root makes files for that user, or Haraka could not read its rules.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import harakaConfig from 'haraka-config'

/** Whom a new file is to belong to. */
export interface FileOwner {
  /** As `chown` writes it, such as `haraka:mail`. */
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** A user of `smtp.ini` that this machine does not know. */
export class UnknownUser extends Error {
  readonly code = 'UNKNOWN_USER'

  constructor(file: string, key: string, value: string, options: ErrorOptions) {
    super(`${file}: ${key}=${value}: this machine has no such ${key}`, options)
    this.name = 'UnknownUser'
  }
}

/**
 * Reads it from the `smtp.ini` of a Haraka folder.
 *
 * @param harakaFolder the folder given to `haraka -c`
 * @returns `null` where Haraka stays the user that started it
 * @throws {UnknownUser}
 */
export function harakaUser(harakaFolder: string): FileOwner | null {
  const { main = {} } = harakaConfig.module_config(harakaFolder, harakaFolder).get('smtp.ini', 'ini')
  const user = textOf(main['user'])
  const group = textOf(main['group'])
  if (user === null && group === null) return null
  const file = path.join(harakaFolder, 'config', 'smtp.ini')
  const uid = user === null ? (process.getuid?.() ?? 0) : numberOf(file, 'user', user, ['id', '-u', user])
  // Without group=, Haraka changes its user alone, and keeps the group of the one who starts it.
  const gid =
    group === null ? (process.getgid?.() ?? 0) : numberOf(file, 'group', group, ['getent', 'group', group])
  return { name: [user, group].filter((part) => part !== null).join(':'), uid, gid }
}

function textOf(value: unknown): string | null {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : null
}

/** Node.js knows no names of users; the system's own look-up also asks directories such as LDAP. */
function numberOf(file: string, key: string, value: string, [command = '', ...args]: string[]): number {
  if (/^\d+$/.test(value) && key === 'group') return Number(value)
  try {
    const answer = execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return Number(command === 'getent' ? answer.split(':')[2] : answer)
  } catch (error) {
    throw new UnknownUser(file, key, value, { cause: error })
  }
}

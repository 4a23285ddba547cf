/** Whether the user that Haraka becomes can use the files of a store: looked at as that user, where this one may. */
import { spawnSync } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import path from 'node:path'
import type { FileOwner } from '../haraka/user.js'
import type { Settings } from '../settings/types.js'
import { deliveryFileOf } from '../store/file/delivery-log.js'

/** What Haraka does with a file, as `access` has it. */
interface Wanted {
  readonly file: string
  readonly mode: number
  readonly what: string
}

/** Gives, of the files that were asked for, those that are denied. */
const LOOK = `
const fs = require('node:fs')
const denied = JSON.parse(process.argv[1]).filter(({ file, mode }) => {
  try { return fs.accessSync(file, mode) } catch (error) { return error.code !== 'ENOENT' }
})
process.stdout.write(JSON.stringify(denied.map(({ file }) => file)))
`

/**
 * What of its files Haraka could not use, as sentences; none for a store that is no file.
 *
 * @param user of Haraka; `null` where it stays the one that starts it
 */
export function accessProblems(settings: Settings, user: FileOwner | null): string[] {
  const { store, evidence } = settings
  if (store.type !== 'file' || user === null) return []
  const wanted: Wanted[] = [{ file: store.file, mode: constants.R_OK, what: 'read the rules' }]
  if (evidence.stream) {
    const log = deliveryFileOf(store.file)
    const file = existsSync(log) ? log : path.dirname(log)
    wanted.push({ file, mode: constants.W_OK, what: 'write the delivery log' })
  }
  const denied = deniedTo(user, wanted)
  if (denied === null) return []
  return wanted
    .filter(({ file }) => denied.includes(file))
    .map(
      ({ file, what }) =>
        `${file}: ${user.name}, the user of Haraka in smtp.ini, cannot ${what}; chown ${user.name} ${file}`,
    )
}

/** `null` where it cannot be looked at: only root can look as somebody else. */
function deniedTo({ uid, gid }: FileOwner, wanted: readonly Wanted[]): string[] | null {
  const own = process.getuid?.()
  if (own !== 0 && own !== uid) return null
  const { status, stdout } = spawnSync(process.execPath, ['-e', LOOK, JSON.stringify(wanted)], {
    ...(own === 0 ? { uid, gid } : {}),
    cwd: '/',
    encoding: 'utf8',
  })
  return status === 0 ? (JSON.parse(stdout) as string[]) : null
}

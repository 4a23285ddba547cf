/**
 * Whom files belong to that a command makes: run by root, it makes them for the user that Haraka becomes, and says
 * so; a file that Haraka can't read would make all mail wait. And whether that user can use the files that are there.
 */
import { existsSync, constants } from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { harakaUser, UnknownUser, type FileOwner } from '../haraka/user.js'
import type { Output } from './output.js'
import { Refusal } from './refusal.js'
import type { ChosenStore } from './store-option.js'
import { filesOf } from '../delivery/tls/trust-files.js'
import type { Settings } from '../settings/types.js'
import { deliveryFileOf } from '../store/file/delivery-log.js'

/** Files of a store, before and after a command. */
export interface NewFiles {
  readonly owner: FileOwner | null
  /** Says of each file that was made since, whose it is. */
  print(output: Output): void
}

/**
 * @param suffix of the file, behind the name of the rules file
 * @throws {Refusal} where `smtp.ini` names a user that this machine does not know.
 */
export function newFiles(
  { settings, folder }: Pick<ChosenStore, 'settings' | 'folder'>,
  suffix = '',
): NewFiles {
  const made = `${settings.store.file}${suffix}`
  const owner = existsSync(made) ? null : newFileOwner({ settings, folder })
  if (owner === null) return NONE
  return {
    owner,
    print: (output) => {
      if (existsSync(made))
        output.line(`${made} now belongs to ${owner.name}, the user of Haraka in smtp.ini.`)
    },
  }
}

/**
 * Whom files belong to that this process makes; `null` for whoever runs it.
 *
 * @throws {Refusal} as `newFiles` does.
 */
export function newFileOwner(chosen: Pick<ChosenStore, 'settings' | 'folder'>): FileOwner | null {
  return chosen.settings.store.type === 'file' && process.getuid?.() === 0 ? ownerOf(chosen) : null
}

/** The user of the Haraka whose config folder a rules file is in, if it has one. */
export function ownerOf({ settings, folder }: Pick<ChosenStore, 'settings' | 'folder'>): FileOwner | null {
  const place = path.dirname(settings.store.file)
  if (folder !== null) return ownerIn(folder)
  return path.basename(place) === 'config' ? ownerIn(path.dirname(place)) : null
}

const NONE: NewFiles = { owner: null, print: () => undefined }

function ownerIn(harakaFolder: string): FileOwner | null {
  try {
    return harakaUser(harakaFolder)
  } catch (error) {
    if (!(error instanceof UnknownUser)) throw error
    throw new Refusal([
      `${error.message}; a rules file made now could not be read by Haraka: correct smtp.ini, or run the command as the user of Haraka`,
    ])
  }
}

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
 * What of its files Haraka could not use, as sentences.
 *
 * @param queueFolder of Haraka; `null` where no Haraka is looked at
 * @param user of Haraka; `null` where it stays the one that starts it
 * @param configFolder that files of trusts count from; `null` where none is looked at
 */
export function accessProblems(
  { store, evidence, trusts }: Settings,
  queueFolder: string | null,
  user: FileOwner | null,
  configFolder: string | null = null,
): string[] {
  if (user === null) return []
  const wanted: Wanted[] = []
  if (store.type === 'file') wanted.push({ file: store.file, mode: constants.R_OK, what: 'read the rules' })
  if (store.type === 'file' && evidence.stream) {
    const log = deliveryFileOf(store.file)
    const file = existsSync(log) ? log : path.dirname(log)
    wanted.push({ file, mode: constants.W_OK, what: 'write the delivery log' })
  }
  if (configFolder !== null) wanted.push(...trustFiles(trusts, configFolder))
  const missing: string[] = []
  if (queueFolder !== null && existsSync(queueFolder))
    wanted.push({ file: queueFolder, mode: constants.W_OK, what: 'queue mail, so mail is rejected' })
  else if (queueFolder !== null && process.getuid?.() === 0)
    // Haraka makes it while it is still root, and cannot write to it afterwards.
    missing.push(
      `${queueFolder} is missing: a Haraka that root starts makes it for root, and ${user.name}, its user in smtp.ini, cannot queue mail; mkdir -p ${queueFolder} && chown ${user.name} ${queueFolder}`,
    )
  const denied = deniedTo(user, wanted) ?? []
  return [
    ...wanted
      .filter(({ file }) => denied.includes(file))
      .map(
        ({ file, what }) =>
          `${file}: ${user.name}, the user of Haraka in smtp.ini, cannot ${what}; chown ${user.name} ${file}`,
      ),
    ...missing,
  ]
}

/** Those that are there; that one is missing is said of its trust. */
function trustFiles(trusts: Settings['trusts'], configFolder: string): Wanted[] {
  return Object.entries(trusts).flatMap(([name, settings]) =>
    filesOf(settings)
      .map(([, file]) => path.resolve(configFolder, file))
      .filter((file) => existsSync(file))
      .map((file) => ({
        file,
        mode: constants.R_OK,
        what: `read it, so that mail of rules with trust ${name} waits`,
      })),
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

/**
 * Whom files belong to that a command makes: run by root, it makes them for the user that Haraka becomes, and says
 * so; a file that Haraka can't read would make all mail wait.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { harakaUser, UnknownUser, type FileOwner } from '../haraka/user.js'
import type { Output } from './output.js'
import { Refusal } from './refusal.js'
import type { ChosenStore } from './store-option.js'

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

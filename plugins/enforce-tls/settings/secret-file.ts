/**
 * Passwords in files of their own. Haraka's config reader writes a line that it cannot read into its log as a whole, so a
 * password is safer there than in an ini file. What cannot be read is thrown as a `SettingsError` that shows nothing of it.
 */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { SETTINGS_FILE, SettingsError } from './error.js'

/** Reads the password in a file. @param where the key that names the file, as an error shows it */
export type ReadSecret = (file: string, where: string) => string

/** Larger than any password, in bytes. */
const BYTES_MAX = 4096

/** Reads from a config folder; a relative path counts from there. */
export function secretsIn(configFolder: string): ReadSecret {
  return (file, where) => {
    const refuse = (problem: string): never => {
      throw new SettingsError(`${SETTINGS_FILE}: ${where}: file ${file} ${problem}`)
    }
    const place = path.resolve(configFolder, file)
    let text = ''
    try {
      const found = statSync(place)
      // To read a FIFO or a device would hold the process up, perhaps for ever.
      if (!found.isFile() || found.size > BYTES_MAX) refuse('is no file with a password alone')
      text = readFileSync(place, 'utf8')
    } catch (error) {
      if (error instanceof SettingsError) throw error
      refuse(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
    const [secret = '', ...more] = text.replace(/\r?\n$/, '').split(/\r?\n/)
    if (secret === '' || more.length > 0) refuse('does not have the password as its only line')
    return secret
  }
}

/** For those who have no config folder. */
export const NO_SECRETS: ReadSecret = (file, where) => {
  throw new SettingsError(`${SETTINGS_FILE}: ${where}: file ${file} cannot be read here`)
}

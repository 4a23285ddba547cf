/** Which plugins a Haraka folder loads, for a process that is not that Haraka. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Whether a plugin is in `config/plugins` of a Haraka folder.
 *
 * @returns `null` where that is not known: there is no folder, or its list can't be read.
 */
export function loadsPlugin(harakaFolder: string | null, plugin: string): boolean | null {
  if (harakaFolder === null) return null
  try {
    const lines = readFileSync(path.join(harakaFolder, 'config', 'plugins'), 'utf8').split(/\r?\n/)
    return lines.some((line) => line.replace(/[#;].*$/, '').trim() === plugin)
  } catch {
    return null
  }
}

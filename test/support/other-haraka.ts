/** Other versions of Haraka than the one of this repository, from npm. Throws where npm fails, whose words are on stderr. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The first version that the documents promise to work with. */
export const OLDEST_HARAKA = '3.2.1'

/** Installs a version of Haraka below a folder. @returns its own folder */
export function installHaraka(folder: string, version: string): string {
  // Haraka's HTTP server wants express, and does not bring it.
  return join(install(join(folder, `haraka-${version}`), `Haraka@${version}`, 'express'), 'Haraka')
}

/** Installs packages into a new folder. @returns its node_modules */
export function install(folder: string, ...packages: readonly string[]): string {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const options = ['install', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error', '--prefer-offline']
  const { status } = spawnSync('npm', [...options, ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`npm could not install ${packages.join(' ')}`)
  return join(folder, 'node_modules')
}

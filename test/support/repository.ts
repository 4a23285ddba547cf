/** Where this repository is and what its package.json says; throws when run from outside of it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const NAME = 'haraka-plugin-enforce-tls'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly main: string
  readonly bin: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

export function repositoryRoot(): string {
  const root = searchUpwards(__dirname) ?? searchUpwards(process.cwd())
  if (root === undefined) throw new Error(`no package.json of ${NAME} above ${__dirname} or ${process.cwd()}`)
  return root
}

/** Names the folder of another Haraka than the one of the development dependencies. */
export const HARAKA_UNDER_TEST = 'HARAKA_UNDER_TEST'

/** The Haraka that the tests run. */
export function harakaRoot(): string {
  return process.env[HARAKA_UNDER_TEST] ?? join(repositoryRoot(), 'node_modules', 'Haraka')
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function searchUpwards(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && readManifest(folder).name === NAME) return folder
    if (dirname(folder) === folder) return undefined
  }
}

/**
 * This package as a user has it: packed with `npm pack`, and its tarball installed with production
 * dependencies into a folder of its own. All test processes that see the same files share one installation;
 * rejects with npm's own words when npm fails, and when `npm run build` was forgotten.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'
import { manifest, repositoryRoot } from './repository.js'
import { TemporaryFolder } from './temporary-folder.js'
import { runToEnd } from './watched-process.js'

const STALE_INSTALLATION_MS = 86_400_000

export interface InstalledPackage {
  /** The node_modules folder that holds the package and its dependencies. */
  readonly nodeModules: string
  /** Path of the `enforce-tls` command. */
  readonly bin: string
}

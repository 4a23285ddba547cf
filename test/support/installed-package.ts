/**
 * This package as a user has it: packed with `npm pack`, and its tarball installed with production
 * dependencies into a folder of its own. All test processes that see the same files share one installation;
 * rejects with npm's own words when npm fails, and in plain words when the package has not been built.
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { basename, join, relative } from 'node:path'
import lockfile from 'proper-lockfile'
import { readManifest, repositoryRoot } from './repository.js'
import { TemporaryFolder } from './temporary-folder.js'
import { runToEnd } from './watched-process.js'

const STALE_INSTALLATION_MS = 86_400_000
const LOCK = { stale: 30_000, retries: { retries: 1000, factor: 1, minTimeout: 200, maxTimeout: 200 } }

export interface InstalledPackage {
  /** The node_modules folder that holds the package and its dependencies. */
  readonly nodeModules: string
  /** Path of the `enforce-tls` command. */
  readonly bin: string
}

const pending = new Map<string, Promise<InstalledPackage>>()

/**
 * The installation of the package in `root`, made if there is none yet for exactly these files.
 *
 * @param omit also left out: `optional` for what only the console and metrics need
 */
export function installedPackage(
  root = repositoryRoot(),
  omit: 'nothing' | 'optional' = 'nothing',
): Promise<InstalledPackage> {
  const key = `${omit} ${root}`
  const started = pending.get(key) ?? installOnce(root, omit)
  pending.set(key, started)
  return started
}

async function installOnce(root: string, omit: 'nothing' | 'optional'): Promise<InstalledPackage> {
  const { main } = readManifest(root)
  if (!existsSync(join(root, main))) throw new Error(`${main} does not exist: run \`npm run build\` first`)

  const shared = join(tmpdir(), `haraka-plugin-enforce-tls-${userInfo().username}`)
  const installation = join(shared, `${contentHash(root)}${omit === 'optional' ? '-core' : ''}`)
  mkdirSync(shared, { recursive: true })
  if (!existsSync(installation)) {
    const unlock = await lockfile.lock(shared, LOCK)
    try {
      await removeStale(shared)
      if (!existsSync(installation)) await install(root, installation, omit)
    } finally {
      await unlock()
    }
  }
  const nodeModules = join(installation, 'node_modules')
  return { nodeModules, bin: join(nodeModules, '.bin', 'enforce-tls') }
}

/** Packs and installs beside the final place, so that the place exists only when it is complete. */
async function install(root: string, installation: string, omit: string): Promise<void> {
  const packed = new TemporaryFolder('pack')
  const unfinished = `${installation}.${process.pid}.unfinished`
  try {
    await npm(root, 'pack', '--ignore-scripts', '--pack-destination', packed.path)
    const tarball = readdirSync(packed.path).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new Error('`npm pack` made no tarball')
    mkdirSync(unfinished)
    writeFileSync(join(unfinished, 'package.json'), '{ "name": "a-user-of-the-plugin", "private": true }\n')
    await npm(
      unfinished,
      'install',
      '--omit=dev',
      '--omit=peer',
      ...(omit === 'optional' ? ['--omit=optional'] : []),
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      join(packed.path, tarball),
    )
    renameSync(unfinished, installation)
  } finally {
    packed.close()
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** Without what an outer `npm test` says about the outer package. */
async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const outer = /^(?:npm_(?:lifecycle|package)_.*|npm_command|npm_config_(?:local_|global_)?prefix|INIT_CWD)$/
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)))
  await runToEnd('npm', [...args, '--loglevel=error'], { cwd, env })
}

/** Of everything that `npm pack` puts into the tarball. */
function contentHash(root: string): string {
  const hash = createHash('sha256').update(process.version)
  const always = readdirSync(root).filter((name) => /^(?:package\.json|readme|licen[cs]e)/i.test(name))
  const paths = [...new Set([...always, ...readManifest(root).files])].sort()
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex').slice(0, 20)
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}

/** In turns of its own: it may take minutes, and the lock has to be renewed meanwhile. */
async function removeStale(shared: string): Promise<void> {
  for (const name of readdirSync(shared)) {
    const path = join(shared, basename(name))
    if (Date.now() - statSync(path).mtimeMs > STALE_INSTALLATION_MS)
      await rm(path, { recursive: true, force: true })
  }
}

/**
 * Debian's servers, unpacked into folders of the tests' own by `test/install-real-peers.sh`, and the environment
 * in which they run from there. Throws when the packages could not be fetched; a system that
 * has no such packages is told in words.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository.js'

/** The script's exit code where Debian's packages can't be had at all. */
const NOT_HERE = 3

/** A user that a server runs as, with a group of the same name and number. */
export interface Account {
  readonly name: string
  readonly id: number
}

/** What is unpacked together: Postfix and Exim; NSD, Unbound and ldns' tools; or nginx. */
type PackageSet = 'mail' | 'dns' | 'web'

type Unpacked = { readonly folder: string } | { readonly missing: string }

const unpacked = new Map<PackageSet, Unpacked>()

/** Why these servers are not here, or false. Fetches them when they are not there yet. */
export function packagesMissing(set: PackageSet = 'mail'): string | false {
  const found = unpack(set)
  return 'missing' in found ? found.missing : false
}

/** The folder that stands for `/` of an unpacked server, of NSD, Unbound and ldns' tools, or of nginx. */
export function unpackedServer(name: 'postfix' | 'exim' | 'dns' | 'web'): string {
  const found = unpack(name === 'dns' || name === 'web' ? name : 'mail')
  if ('missing' in found) throw new Error(found.missing)
  return join(found.folder, name)
}

/**
 * What a server of this folder needs to be told: its libraries, and accounts that this machine does not have.
 *
 * @param folder where the lists of accounts are written
 */
export function serverEnvironment(
  root: string,
  folder: string,
  accounts: readonly Account[],
): Record<string, string> {
  const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')]
  writeFileSync(
    passwd,
    lines(accounts, ({ name, id }) => `${name}:x:${id}:${id}::/:/bin/false`),
  )
  writeFileSync(
    group,
    lines(accounts, ({ name, id }) => `${name}:x:${id}:`),
  )
  const libraries = libraryFolders(root)
  const wrapper = libraries.map((path) => join(path, 'libnss_wrapper.so')).find((path) => existsSync(path))
  if (wrapper === undefined) throw new Error(`there is no libnss_wrapper.so below ${root}`)
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LD_LIBRARY_PATH: libraries.join(':'),
    LD_PRELOAD: wrapper,
    NSS_WRAPPER_PASSWD: passwd,
    NSS_WRAPPER_GROUP: group,
  }
}

function unpack(set: PackageSet): Unpacked {
  const known = unpacked.get(set)
  if (known) return known
  const found = runScript(set)
  unpacked.set(set, found)
  return found
}

function runScript(set: PackageSet): Unpacked {
  const script = join(repositoryRoot(), 'test', 'install-real-peers.sh')
  const { status, stdout, stderr, error } = spawnSync('sh', [script, set], { encoding: 'utf8' })
  if (error) throw error
  if (status === 0) return { folder: stdout.trim() }
  if (status === NOT_HERE) return { missing: stderr.trim() }
  throw new Error(`sh ${script} ended with exit code ${String(status)}\n${stderr}${stdout}`)
}

/** Where an unpacked server's libraries are. Postfix has a folder for its own, all others are in that of the machine's architecture. */
export function libraryFolders(root: string): string[] {
  return ['usr/lib', 'lib']
    .map((path) => join(root, path))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && /^postfix$|-linux-/.test(entry.name))
        .map((entry) => join(path, entry.name)),
    )
}

function lines(accounts: readonly Account[], line: (account: Account) => string): string {
  return [{ name: 'root', id: 0 }, ...accounts].map((account) => `${line(account)}\n`).join('')
}

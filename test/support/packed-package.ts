/** What `npm pack` would put into the package as it is built now; throws when npm fails. */
import { execFileSync } from 'node:child_process'
import { repositoryRoot } from './repository.js'

export interface PackedPackage {
  /** Of the tarball, in bytes. */
  readonly size: number
  /** Paths from the root of the repository. */
  readonly files: readonly string[]
}

export function packedPackage(): PackedPackage {
  const packing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: repositoryRoot(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ size, files }] = JSON.parse(packing) as [
    { size: number; files: readonly { readonly path: string }[] },
  ]
  return { size, files: files.map(({ path }) => path) }
}

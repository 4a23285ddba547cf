/**
 * Look-ups in a Postfix policy table: `postmap` of Debian's Postfix, unpacked as the tests with real peers
 * unpack it. Gives null where Postfix can't be had; throws with postmap's own words when it fails.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packagesMissing, serverEnvironment, unpackedServer } from '../support/debian-package.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { partner } from './bench-rules.js'
import { median } from './statistics.js'

const ACCOUNTS = [
  { name: 'postfix', id: 61_001 },
  { name: 'postdrop', id: 61_002 },
  { name: 'nobody', id: 61_003 },
]
const MAIN =
  'compatibility_level = 3.6\nmail_owner = postfix\nsetgid_group = postdrop\ndefault_privs = nobody\n'
const REPEATS = 5

/** A table's time for one look-up, in nanoseconds, and its kind. */
export interface PostfixTime {
  readonly kind: 'lmdb' | 'hash'
  readonly perLookUp: number
}

/** Postfix's version, or null where it can't be had. */
export function postfixVersion(): string | null {
  if (isMissing()) return null
  using tools = new PostfixTools()
  return /mail_version = (\S+)/.exec(tools.run('postconf', ['mail_version']))?.[1] ?? null
}

/**
 * Asks a table of so many entries for all of these names, in one process; the median of several runs.
 *
 * @param names the domains that are looked up
 */
export function timePostfixTable(entries: number, names: readonly string[]): PostfixTime | null {
  if (isMissing()) return null
  using tools = new PostfixTools()
  const kind = /\blmdb\b/.test(tools.run('postconf', ['-m'])) ? 'lmdb' : 'hash'
  const table = join(tools.folder, 'policy')
  writeFileSync(table, Array.from({ length: entries }, (_, n) => `${partner(n)} encrypt\n`).join(''))
  tools.run('postmap', [`${kind}:${table}`])
  const asked = join(tools.folder, 'names')
  writeFileSync(asked, names.map((name) => `${name}\n`).join(''))
  const times = Array.from({ length: REPEATS }, () => {
    const start = performance.now()
    tools.run('postmap', ['-q', '-', `${kind}:${table}`], asked)
    return performance.now() - start
  })
  return { kind, perLookUp: (median(times) * 1e6) / names.length }
}

/** A package that could not be fetched is no reason to measure nothing at all. */
function isMissing(): boolean {
  try {
    return packagesMissing() !== false
  } catch {
    return true
  }
}

/** Postfix's programs with a configuration of their own. */
class PostfixTools implements Disposable {
  readonly #root = unpackedServer('postfix')
  readonly #temporary = new TemporaryFolder('postmap')
  readonly #config = join(this.folder, 'config')
  readonly #env: Record<string, string>

  constructor() {
    mkdirSync(this.#config)
    writeFileSync(join(this.#config, 'main.cf'), MAIN)
    writeFileSync(join(this.#config, 'master.cf'), '')
    this.#env = serverEnvironment(this.#root, this.folder, ACCOUNTS)
  }

  get folder(): string {
    return this.#temporary.path
  }

  /** @param input a file for stdin @returns what it prints; with `input` that is thrown away */
  run(program: 'postconf' | 'postmap', args: readonly string[], input?: string): string {
    const stdin = openSync(input ?? '/dev/null', 'r')
    try {
      return execFileSync(join(this.#root, 'usr/sbin', program), ['-c', this.#config, ...args], {
        encoding: 'utf8',
        env: this.#env,
        stdio: [stdin, input === undefined ? 'pipe' : 'ignore', 'pipe'],
      })
    } catch (error) {
      const { status, stderr } = error as { status?: number; stderr?: string }
      // 1 without a word: some names are not in the table.
      if (input !== undefined && status === 1 && stderr === '') return ''
      throw error
    } finally {
      closeSync(stdin)
    }
  }

  [Symbol.dispose](): void {
    this.#temporary.close()
  }
}

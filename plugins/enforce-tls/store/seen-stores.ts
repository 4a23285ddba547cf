/**
 * What this Haraka remembers over restarts: the store in which it has seen rules, in a small file that all of its
 * processes share. It is written when that changes, so about once. What can't be read or written is told, and stops
 * nothing: then a loss of all rules may go unnoticed, as without such a file.
 *
 * It lies in the config folder or, where Haraka may not write there, in the queue folder, which it always can. Haraka
 * says at each start that it does not know the file there, and leaves it alone; names that begin with `__tmp__.` it
 * removes then.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileProblem } from './file-problem.js'
import type { SeenStore } from './standing.js'

/** The file in the config folder; in the queue folder with a dot before it. */
export const SEEN_FILE = 'enforce-tls.seen-store.json'

/** Where the file may be. */
export interface SeenPlaces {
  readonly configFolder: string
  readonly queueFolder: string
}

/** Others than Haraka's user may run `enforce-tls status`; there is no secret in it. */
const MODE = 0o644

/** The queue folder of a Haraka, as Haraka finds it. @param named what the config file `queue_dir` says */
export function queueFolderOf(harakaFolder: string, named: unknown): string {
  return typeof named === 'string' && named !== '' ? path.resolve(named) : path.join(harakaFolder, 'queue')
}

/** The memory of one Haraka. */
export class SeenStores {
  readonly #files: readonly string[]
  readonly #tell: (problem: string) => void
  readonly #told = new Set<string>()
  #writing: Promise<void> = Promise.resolve()

  /** @param tell is told what is wrong with the file, once for each thing */
  constructor({ configFolder, queueFolder }: SeenPlaces, tell: (problem: string) => void) {
    this.#files = [path.join(configFolder, SEEN_FILE), path.join(queueFolder, `.${SEEN_FILE}`)]
    this.#tell = tell
  }

  /** The store that was seen last. Total. */
  read(): SeenStore | null {
    const found = this.#files.flatMap((file) => this.#readFrom(file) ?? [])
    return found.sort((a, b) => (a.since < b.since ? 1 : -1))[0] ?? null
  }

  /** Remembers a store. Total. */
  remember(seen: SeenStore): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(seen))
    return this.#writing
  }

  async #write(seen: SeenStore): Promise<void> {
    const problems: string[] = []
    for (const file of this.#files) {
      try {
        await replace(file, `${JSON.stringify(seen, null, 2)}\n`)
        // What another place says is older, whatever the clock says.
        await Promise.all(
          this.#files
            .filter((other) => other !== file)
            .map((other) => rm(other, { force: true }).catch(() => undefined)),
        )
        return
      } catch (error) {
        problems.push(`file ${file} ${fileProblem(error)}`)
      }
    }
    this.#say(
      `can't be written, so a loss of all rules while Haraka is stopped may go unnoticed: ${problems.join('; ')}`,
    )
  }

  #readFrom(file: string): SeenStore | null {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#say(`can't be read: file ${file} ${fileProblem(error)}`)
      return null
    }
    const seen = parseSeen(text)
    if (seen === null)
      this.#say(`can't be read: file ${file} holds something else; remove it, it is written anew`)
    return seen
  }

  #say(problem: string): void {
    const sentence = `the store that was last seen ${problem}`
    if (this.#told.has(sentence)) return
    this.#told.add(sentence)
    this.#tell(sentence)
  }
}

function parseSeen(text: string): SeenStore | null {
  try {
    const { place, id, since } = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof place !== 'string' || (typeof id !== 'string' && id !== null)) return null
    return typeof since === 'string' && !Number.isNaN(Date.parse(since)) ? { place, id, since } : null
  } catch {
    return null
  }
}

/** The whole text or none of it, also when the power fails. */
async function replace(file: string, text: string): Promise<void> {
  const temporary = path.join(path.dirname(file), `__tmp__.enforce-tls.${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(temporary, 'wx', MODE)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

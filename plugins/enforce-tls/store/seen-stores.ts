/**
 * What this Haraka remembers over restarts: the store in which it has seen rules, in a small file that all of its
 * processes share. It is written when that changes, so about once. What can't be read or written is logged, tried again by
 * who looks at the store, and stops nothing: until it is there, a loss of all rules may go unnoticed, as without such a file.
 *
 * It lies in the config folder or, where Haraka may not write there, in the queue folder, which it always can. Haraka
 * says at each start that it does not know the file there, and leaves it alone; names that begin with `__tmp__.` it
 * removes then.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import pLimit from 'p-limit'
import { fileProblem } from './file/errors.js'
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
  readonly #warn: (problem: string) => void
  readonly #logOver: ((sentence: string) => void) | undefined
  readonly #warned = new Set<string>()
  /** What kept it from being written the last time. */
  #unwritten: string | null = null
  readonly #oneByOne = pLimit(1)

  /**
   * @param warn called with what is wrong with the file, once for each thing
   * @param logOver called when it can be written after all
   */
  constructor(
    { configFolder, queueFolder }: SeenPlaces,
    warn: (problem: string) => void,
    logOver?: (sentence: string) => void,
  ) {
    this.#files = [path.join(configFolder, SEEN_FILE), path.join(queueFolder, `.${SEEN_FILE}`)]
    this.#warn = warn
    this.#logOver = logOver
  }

  /** Where it is, unless that can't be written. */
  get file(): string {
    return this.#files[0] ?? ''
  }

  /** The store that was seen last. Total. */
  read(): SeenStore | null {
    const found = this.#files.flatMap((file) => this.#readFrom(file) ?? [])
    return found.sort((a, b) => (a.since < b.since ? 1 : -1))[0] ?? null
  }

  /** Remembers a store; gives whether it is written. Total. */
  remember(seen: SeenStore): Promise<boolean> {
    return this.#oneByOne(() => this.#write(seen))
  }

  async #write(seen: SeenStore): Promise<boolean> {
    const problems: string[] = []
    let denied: string | null = null
    for (const file of this.#files) {
      try {
        await replace(file, `${JSON.stringify(seen, null, 2)}\n`)
        // What another place says is older, whatever the clock says.
        await Promise.all(
          this.#files
            .filter((other) => other !== file)
            .map((other) => rm(other, { force: true }).catch(() => undefined)),
        )
        this.#written(file)
        return true
      } catch (error) {
        if (/^(?:EACCES|EPERM)$/.test(String((error as NodeJS.ErrnoException).code)))
          denied = path.dirname(file)
        problems.push(`file ${file} ${fileProblem(error)}`)
      }
    }
    const wayOut = denied === null ? '' : `; run: chown ${ownUser()} ${denied}`
    this.#unwritten = `cannot be written, so a loss of all rules while Haraka is stopped may go unnoticed: ${problems.join('; ')}${wayOut}`
    this.#say(this.#unwritten)
    return false
  }

  #written(file: string): void {
    if (this.#unwritten === null) return
    this.#warned.delete(sentenceOf(this.#unwritten))
    this.#unwritten = null
    this.#logOver?.(`the record of the store that was last seen is written again: file ${file}`)
  }

  #readFrom(file: string): SeenStore | null {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#say(`cannot be read: file ${file} ${fileProblem(error)}`)
      return null
    }
    const seen = parseSeen(text)
    if (seen === null)
      this.#say(
        `cannot be read: file ${file} contains something else; remove it, and it will be written again`,
      )
    return seen
  }

  #say(problem: string): void {
    const sentence = sentenceOf(problem)
    if (this.#warned.has(sentence)) return
    this.#warned.add(sentence)
    this.#warn(sentence)
  }
}

function sentenceOf(problem: string): string {
  return `the record of the store that was last seen ${problem}`
}

/** The user of this process, as `chown` takes it. */
function ownUser(): string {
  try {
    return userInfo().username
  } catch {
    // One that has no name here, as in many containers.
    return String(process.getuid?.() ?? '')
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

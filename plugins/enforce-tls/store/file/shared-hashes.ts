/**
 * Shared hashes beside a rules file: a folder `….waiting`, in it a folder for each hash and a file for each field, which
 * may all be deleted at any time. So a field is written, taken and removed in one step of the file system, and nothing
 * grows with the number of fields.
 */
import { randomBytes } from 'node:crypto'
import { chown, link, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from '../rule-store.js'
import type { SharedHashes } from '../shared-hashes.js'
import { fileProblem } from './errors.js'
import type { NewFileOwner } from './replace-file.js'

/** Files that are open at a time. */
const OPEN_MAX = 32
/** The owner and the group write: Haraka, and whoever runs the command. */
const [FOLDER_MODE, FILE_MODE] = [0o770, 0o660]
/** A file of a writer that died, in a name that no field has. */
const UNFINISHED = '~'

/** Shared hashes in files. */
export class FileSharedHashes implements SharedHashes {
  readonly description: string
  readonly #folder: string

  readonly #owner: NewFileOwner

  /**
   * @param rulesFile that they are kept beside
   * @param newFileOwner whom files and folders are given that root makes
   */
  constructor(rulesFile: string, newFileOwner: NewFileOwner = null) {
    this.#owner = newFileOwner
    this.#folder = `${rulesFile}.waiting`
    this.description = `folder ${this.#folder}`
  }

  async read(hash: string): Promise<ReadonlyMap<string, string>> {
    return this.#explaining(async () => {
      return this.#readFiles(hash, fieldsIn(await this.#names(hash)))
    })
  }

  fields(hash: string): Promise<ReadonlySet<string>> {
    return this.#explaining(async () => new Set(fieldsIn(await this.#names(hash))))
  }

  get(hash: string, fields: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#explaining(() => this.#readFiles(hash, fields))
  }

  write(hash: string, changes: ReadonlyMap<string, string | null>): Promise<void> {
    return this.#explaining(async () => {
      await this.#each([...changes], async ([field, value]) => {
        if (value === null) await unlink(this.#of(hash, field)).catch(whenMissing(undefined))
        else await this.#put(hash, field, value, rename)
      })
    })
  }

  add(hash: string, values: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
    return this.#explaining(async () => {
      const added = new Set<string>()
      await this.#each([...values], async ([field, value]) => {
        // A link to a complete file is there as a whole, or somebody else's is.
        const isNew = await this.#put(hash, field, value, link).then(
          () => true,
          (error: unknown) => {
            if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
            throw error
          },
        )
        if (isNew) added.add(field)
      })
      return added
    })
  }

  take(hash: string, field: string): Promise<boolean> {
    return this.#explaining(() =>
      unlink(this.#of(hash, field))
        .then(() => true)
        .catch(whenMissing(false)),
    )
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #names(hash: string): Promise<string[]> {
    return readdir(this.#of(hash)).catch(whenMissing<string[]>([]))
  }

  async #put(
    hash: string,
    field: string,
    value: string,
    place: (from: string, to: string) => Promise<void>,
  ): Promise<void> {
    const folder = this.#of(hash)
    await this.#makeFolder(folder)
    const unfinished = path.join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`)
    try {
      await writeFile(unfinished, value, { mode: FILE_MODE, flag: 'wx' })
      await this.#give(unfinished)
      await place(unfinished, this.#of(hash, field))
    } finally {
      await rm(unfinished, { force: true })
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    if (made === undefined) return
    for (let each = folder; each.length >= made.length; each = path.dirname(each)) await this.#give(each)
  }

  /** As far as this user may give files away. */
  async #give(file: string): Promise<void> {
    if (this.#owner) await chown(file, this.#owner.uid, this.#owner.gid).catch(() => undefined)
  }

  async #readFiles(hash: string, fields: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    await this.#each(fields, async (field) => {
      const text = await readFile(this.#of(hash, field), 'utf8').catch(whenMissing(null))
      if (text !== null) found.set(field, text)
    })
    return found
  }

  async #each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
    // A few at a time: ten thousand promises at once take long to make.
    for (let at = 0; at < all.length; at += OPEN_MAX)
      await Promise.all(all.slice(at, at + OPEN_MAX).map(work))
  }

  /** A name of the file system has no slash, and none of these is `.` or `..`. */
  #of(...names: readonly string[]): string {
    return path.join(
      this.#folder,
      ...names.map((name) =>
        encodeURIComponent(name).replace(/^\.|~/g, (char) => (char === '.' ? '%2E' : '%7E')),
      ),
    )
  }

  async #explaining<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw new StoreError('STORE_UNAVAILABLE', `${this.description} ${fileProblem(error)}`, { cause: error })
    }
  }
}

/** The fields that files are named after; what somebody else has put there is none. */
function fieldsIn(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    try {
      return name.startsWith(UNFINISHED) ? [] : [decodeURIComponent(name)]
    } catch {
      return []
    }
  })
}

function whenMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead
    throw error
  }
}

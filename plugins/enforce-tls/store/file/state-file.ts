/**
 * A JSON file beside a rules file in which processes keep what they share, and which may be deleted at any time. Every
 * call that fails rejects with a `StoreError`.
 */
import { readFile } from 'node:fs/promises'
import pLimit from 'p-limit'
import { parseJson } from '../../rules/json.js'
import { StoreError } from '../rule-store.js'
import { fileProblem } from './errors.js'
import { replaceFile } from './replace-file.js'

/** A lease as such a file has it. */
export interface FileLease {
  holder: string
  /** In milliseconds since the epoch. */
  until: number
}

/** Of a lease, which may be absent, in the schema of a content. */
export const LEASE_SCHEMA = {
  type: 'object',
  nullable: true,
  properties: { holder: { type: 'string' }, until: { type: 'number' } },
  required: ['holder', 'until'],
} as const

export interface StateFileOptions<Content> {
  /** The longest file, in characters. */
  readonly lengthMax: number
  readonly isContent: (value: unknown) => value is Content
  /** What counts where nothing is known. */
  readonly nothing: () => Content
}

/** The file, with one change at a time. */
export class StateFile<Content> {
  readonly #file: string
  readonly #options: StateFileOptions<Content>
  readonly #oneByOne = pLimit(1)

  constructor(file: string, options: StateFileOptions<Content>) {
    this.#file = file
    this.#options = options
  }

  /** What is no content, such as a file that somebody has cut off, counts as nothing known. */
  async read(): Promise<Content> {
    const { lengthMax, isContent, nothing } = this.#options
    try {
      const content: unknown = parseJson(await readFile(this.#file, 'utf8'), lengthMax)
      if (isContent(content)) return content
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT')
        throw this.#explained(error)
    }
    return nothing()
  }

  /** @param change answers whether it has changed anything, and so does this */
  change(change: (content: Content) => boolean): Promise<boolean> {
    return this.#oneByOne(async () => {
      let changed = false
      try {
        await replaceFile(this.#file, async (target) => {
          const content = await this.read()
          changed = change(content)
          return changed ? [[target, `${JSON.stringify(content, null, 2)}\n`]] : []
        })
      } catch (error) {
        throw this.#explained(error)
      }
      return changed
    })
  }

  /** Waits for changes under way. */
  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  #explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    return new StoreError('STORE_UNAVAILABLE', `file ${this.#file} ${fileProblem(error)}`, { cause: error })
  }
}

/** The state of alerts beside a rules file, `….partners.json`, which may be deleted at any time. */
import { readFile } from 'node:fs/promises'
import { Ajv, type JSONSchemaType } from 'ajv'
import pLimit from 'p-limit'
import { parseJson } from '../../rules/json.js'
import { fileProblem } from './errors.js'
import type { AlertState } from '../alert-state.js'
import { replaceFile } from './replace-file.js'
import { StoreError } from '../rule-store.js'

/** The longest file, in characters: ten thousand partners take a sixth of it. */
const FILE_LENGTH_MAX = 32 * 1024 * 1024

interface Content {
  partners: Record<string, string>
  /** Who has the lease; `until` in milliseconds since the epoch. */
  turn?: { holder: string; until: number }
}

const SCHEMA: JSONSchemaType<Content> = {
  type: 'object',
  properties: {
    partners: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
    turn: {
      type: 'object',
      nullable: true,
      properties: { holder: { type: 'string' }, until: { type: 'number' } },
      required: ['holder', 'until'],
    },
  },
  required: ['partners'],
}
const isContent = new Ajv().compile(SCHEMA)

/** The state of alerts in a file. */
export class FileAlertState implements AlertState {
  readonly #file: string
  readonly #oneByOne = pLimit(1)

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string) {
    this.#file = `${rulesFile}.partners.json`
  }

  async readAll(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries((await this.#read()).partners))
  }

  async read(name: string): Promise<string | null> {
    return (await this.readAll()).get(name) ?? null
  }

  replace(name: string, expected: string | null, value: string | null): Promise<boolean> {
    return this.#change((content) => {
      const partners = new Map(Object.entries(content.partners))
      if ((partners.get(name) ?? null) !== expected) return false
      if (value === null) partners.delete(name)
      else partners.set(name, value)
      content.partners = Object.fromEntries(partners)
      return true
    })
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    return this.#change((content) => {
      if (content.turn && content.turn.until > Date.now()) return false
      content.turn = { holder, until: Date.now() + duration }
      return true
    })
  }

  async endLeaseAfter(holder: string, duration: number): Promise<void> {
    await this.#change((content) => {
      if (content.turn?.holder !== holder) return false
      content.turn.until = Date.now() + duration
      return true
    })
  }

  /** Waits for changes under way. */
  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  /** @param change answers whether it has changed anything */
  #change(change: (content: Content) => boolean): Promise<boolean> {
    return this.#oneByOne(async () => {
      let changed = false
      try {
        await replaceFile(this.#file, async (target) => {
          const content = await this.#read()
          changed = change(content)
          return changed ? [[target, `${JSON.stringify(content, null, 2)}\n`]] : []
        })
      } catch (error) {
        throw this.#explained(error)
      }
      return changed
    })
  }

  /** What is no content, such as a file that somebody has cut off, counts as nothing known. */
  async #read(): Promise<Content> {
    try {
      const content: unknown = parseJson(await readFile(this.#file, 'utf8'), FILE_LENGTH_MAX)
      if (isContent(content)) return content
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT')
        throw this.#explained(error)
    }
    return { partners: {} }
  }

  #explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    return new StoreError('STORE_UNAVAILABLE', `file ${this.#file} ${fileProblem(error)}`, { cause: error })
  }
}

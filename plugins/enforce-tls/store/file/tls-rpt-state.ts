/** What was sent of TLS reports, beside a rules file, `….tls-rpt.json`, which may be deleted at any time. */
import { readFile } from 'node:fs/promises'
import { Ajv, type JSONSchemaType } from 'ajv'
import pLimit from 'p-limit'
import { parseJson } from '../../rules/json.js'
import { StoreError } from '../rule-store.js'
import { DAY_KEPT, type TlsRptState } from '../tls-rpt-state.js'
import { fileProblem } from './errors.js'
import { replaceFile } from './replace-file.js'

/** The longest file, in characters. */
const FILE_LENGTH_MAX = 64 * 1024 * 1024

interface Content {
  days: Record<string, { at: number; known: Record<string, string> }>
  /** Who has the lease; `until` in milliseconds since the epoch. */
  turn?: { holder: string; until: number }
}

const texts = { type: 'object', additionalProperties: { type: 'string' }, required: [] } as const
const SCHEMA: JSONSchemaType<Content> = {
  type: 'object',
  properties: {
    days: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { at: { type: 'number' }, known: texts },
        required: ['at', 'known'],
      },
      required: [],
    },
    turn: {
      type: 'object',
      nullable: true,
      properties: { holder: { type: 'string' }, until: { type: 'number' } },
      required: ['holder', 'until'],
    },
  },
  required: ['days'],
}
const isContent = new Ajv().compile(SCHEMA)

/** The state of TLS reports in a file. */
export class FileTlsRptState implements TlsRptState {
  readonly #file: string
  readonly #oneByOne = pLimit(1)

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string) {
    this.#file = `${rulesFile}.tls-rpt.json`
  }

  async readDay(day: string): Promise<ReadonlyMap<string, string>> {
    const { days } = await this.#read()
    return new Map(Object.entries(new Map(Object.entries(days)).get(day)?.known ?? {}))
  }

  async write(day: string, name: string, value: string): Promise<void> {
    await this.#change((content) => {
      const now = Date.now()
      const days = new Map(Object.entries(content.days).filter(([, { at }]) => now - at < DAY_KEPT))
      const known = new Map(Object.entries(days.get(day)?.known ?? {})).set(name, value)
      content.days = Object.fromEntries(days.set(day, { at: now, known: Object.fromEntries(known) }))
      return true
    })
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    return this.#change((content) => {
      const { turn } = content
      if (turn && turn.holder !== holder && turn.until > Date.now()) return false
      content.turn = { holder, until: Date.now() + duration }
      return true
    })
  }

  async endLease(holder: string): Promise<void> {
    await this.#change((content) => {
      if (content.turn?.holder !== holder) return false
      delete content.turn
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
    return { days: {} }
  }

  #explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    return new StoreError('STORE_UNAVAILABLE', `file ${this.#file} ${fileProblem(error)}`, { cause: error })
  }
}

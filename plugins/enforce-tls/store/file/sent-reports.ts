/** What was sent of reports, beside a rules file, `….tls-rpt.json` or `….report.json`, which may be deleted at any time. */
import type { JSONSchemaType } from 'ajv'
import { PERIOD_KEPT, type ReportKind, type SentReports } from '../sent-reports.js'
import { LEASE_SCHEMA, StateFile, type FileLease } from './state-file.js'
import { jsonShape } from '../../work/json-shape.js'

/** The longest file, in characters. */
const FILE_LENGTH_MAX = 64 * 1024 * 1024

interface Content {
  days: Record<string, { at: number; known: Record<string, string> }>
  /** Who has the lease. */
  turn?: FileLease
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
    turn: LEASE_SCHEMA,
  },
  required: ['days'],
}
const isContent = jsonShape(SCHEMA)

/** What was sent, in a file. */
export class FileSentReports implements SentReports {
  readonly #file: StateFile<Content>
  readonly #kept: number

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string, kind: ReportKind) {
    this.#kept = PERIOD_KEPT[kind]
    this.#file = new StateFile(`${rulesFile}.${kind}.json`, {
      lengthMax: FILE_LENGTH_MAX,
      isContent,
      nothing: () => ({ days: {} }),
    })
  }

  async readPeriod(period: string): Promise<ReadonlyMap<string, string>> {
    const { days } = await this.#file.read()
    return new Map(Object.entries(new Map(Object.entries(days)).get(period)?.known ?? {}))
  }

  async write(period: string, name: string, value: string): Promise<void> {
    await this.#file.change((content) => {
      const now = Date.now()
      const days = new Map(Object.entries(content.days).filter(([, { at }]) => now - at < this.#kept))
      const known = new Map(Object.entries(days.get(period)?.known ?? {})).set(name, value)
      content.days = Object.fromEntries(days.set(period, { at: now, known: Object.fromEntries(known) }))
      return true
    })
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    return this.#file.change((content) => {
      const { turn } = content
      if (turn && turn.holder !== holder && turn.until > Date.now()) return false
      content.turn = { holder, until: Date.now() + duration }
      return true
    })
  }

  async endLease(holder: string): Promise<void> {
    await this.#file.change((content) => {
      if (content.turn?.holder !== holder) return false
      delete content.turn
      return true
    })
  }

  /** Waits for changes under way. */
  close(): Promise<void> {
    return this.#file.close()
  }
}

/** The state of alerts beside a rules file, `….partners.json`, which may be deleted at any time. */
import type { JSONSchemaType } from 'ajv'
import type { AlertState } from '../alert-state.js'
import { LEASE_SCHEMA, StateFile, type FileLease } from './state-file.js'
import { jsonShape } from '../../work/json-shape.js'

/** The longest file, in characters: ten thousand partners take a sixth of it. */
const FILE_LENGTH_MAX = 32 * 1024 * 1024

interface Content {
  partners: Record<string, string>
  /** Who has the lease. */
  turn?: FileLease
}

const SCHEMA: JSONSchemaType<Content> = {
  type: 'object',
  properties: {
    partners: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
    turn: LEASE_SCHEMA,
  },
  required: ['partners'],
}
const isContent = jsonShape(SCHEMA)

/** The state of alerts in a file. */
export class FileAlertState implements AlertState {
  readonly #file: StateFile<Content>

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string) {
    this.#file = new StateFile(`${rulesFile}.partners.json`, {
      lengthMax: FILE_LENGTH_MAX,
      isContent,
      nothing: () => ({ partners: {} }),
    })
  }

  async readAll(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries((await this.#file.read()).partners))
  }

  async read(name: string): Promise<string | null> {
    return (await this.readAll()).get(name) ?? null
  }

  replace(name: string, expected: string | null, value: string | null): Promise<boolean> {
    return this.#file.change((content) => {
      const partners = new Map(Object.entries(content.partners))
      if ((partners.get(name) ?? null) !== expected) return false
      if (value === null) partners.delete(name)
      else partners.set(name, value)
      content.partners = Object.fromEntries(partners)
      return true
    })
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    return this.#file.change((content) => {
      if (content.turn && content.turn.until > Date.now()) return false
      content.turn = { holder, until: Date.now() + duration }
      return true
    })
  }

  async endLeaseAfter(holder: string, duration: number): Promise<void> {
    await this.#file.change((content) => {
      if (content.turn?.holder !== holder) return false
      content.turn.until = Date.now() + duration
      return true
    })
  }

  /** Waits for changes under way. */
  close(): Promise<void> {
    return this.#file.close()
  }
}

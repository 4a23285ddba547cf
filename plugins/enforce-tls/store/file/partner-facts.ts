/** What was observed of partners, beside a rules file, `….suggest.json`, which may be deleted at any time. */
import type { JSONSchemaType } from 'ajv'
import type { FactChange, PartnerFacts } from '../partner-facts.js'
import { jsonShape } from '../../work/json-shape.js'
import { StateFile } from './state-file.js'

/** The longest file, in characters: ten thousand partners take half of it. */
const FILE_LENGTH_MAX = 32 * 1024 * 1024

interface Content {
  partners: Record<string, string>
}

const SCHEMA: JSONSchemaType<Content> = {
  type: 'object',
  properties: { partners: { type: 'object', additionalProperties: { type: 'string' }, required: [] } },
  required: ['partners'],
}
const isContent = jsonShape(SCHEMA)

/** What was observed of partners, in a file. */
export class FilePartnerFacts implements PartnerFacts {
  readonly #file: StateFile<Content>

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string) {
    this.#file = new StateFile(`${rulesFile}.suggest.json`, {
      lengthMax: FILE_LENGTH_MAX,
      isContent,
      nothing: () => ({ partners: {} }),
    })
  }

  async readAll(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries((await this.#file.read()).partners))
  }

  async read(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const all = await this.readAll()
    return new Map(
      names.flatMap((name) => {
        const text = all.get(name)
        return text === undefined ? [] : [[name, text]]
      }),
    )
  }

  async size(): Promise<number> {
    return (await this.readAll()).size
  }

  async replace(changes: ReadonlyMap<string, FactChange>): Promise<ReadonlySet<string>> {
    const others = new Set<string>()
    await this.#file.change((content) => {
      others.clear()
      const partners = new Map(Object.entries(content.partners))
      for (const [name, { expected, value }] of changes) {
        if ((partners.get(name) ?? null) !== expected) others.add(name)
        else if (value === null) partners.delete(name)
        else partners.set(name, value)
      }
      content.partners = Object.fromEntries(partners)
      return others.size < changes.size
    })
    return others
  }

  /** Waits for changes under way. */
  close(): Promise<void> {
    return this.#file.close()
  }
}

/**
 * MTA-STS policies beside a rules file, `….sts.json`, which may be deleted at any time. Those of the domains that were
 * written last are kept. Every call that fails rejects with a `StoreError`.
 */
import { readFile, stat } from 'node:fs/promises'
import type { JSONSchemaType } from 'ajv'
import pLimit from 'p-limit'
import type { StsPolicyStore } from '../../published/mta-sts/policy-store.js'
import { parseJson } from '../../rules/json.js'
import { StoreError } from '../rule-store.js'
import { fileProblem } from './errors.js'
import { replaceFile } from './replace-file.js'
import { jsonShape } from '../../work/json-shape.js'

/** Domains, and the characters of their policies. */
const [DOMAINS_MAX, CHARACTERS_MAX] = [10_000, 8 * 1024 * 1024]
/** The longest file, in characters: JSON makes texts longer. */
const FILE_LENGTH_MAX = 64 * 1024 * 1024

type Policies = ReadonlyMap<string, string>

const SCHEMA: JSONSchemaType<{ policies: Record<string, string> }> = {
  type: 'object',
  properties: { policies: { type: 'object', additionalProperties: { type: 'string' }, required: [] } },
  required: ['policies'],
}
const isContent = jsonShape(SCHEMA)

/** MTA-STS policies in a file. */
export class FileStsPolicies implements StsPolicyStore {
  readonly #file: string
  readonly #oneByOne = pLimit(1)
  /** What the file held when it was this one. */
  #seen: { readonly version: string; readonly policies: Policies } | null = null

  /** @param rulesFile that it is kept beside */
  constructor(rulesFile: string) {
    this.#file = `${rulesFile}.sts.json`
  }

  async get(domain: string): Promise<string | null> {
    try {
      return (await this.#read()).get(domain) ?? null
    } catch (error) {
      throw this.#explained(error)
    }
  }

  async put(domain: string, value: string | null): Promise<void> {
    try {
      await this.#oneByOne(() =>
        replaceFile(this.#file, async (target) => {
          const policies = new Map(await this.#read())
          const before = policies.get(domain) ?? null
          if (before === value) return []
          // The last one in the order of the file.
          policies.delete(domain)
          if (value !== null) policies.set(domain, value)
          const content = { policies: Object.fromEntries(lastOnes(policies)) }
          return [[target, `${JSON.stringify(content, null, 2)}\n`]]
        }),
      )
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Waits for changes under way. */
  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  /** What is no content, such as a file that somebody has cut off, counts as nothing kept. */
  async #read(): Promise<Policies> {
    try {
      // Replaced as a whole, so a file of the same age and size is the same.
      const { ino, mtimeMs, size } = await stat(this.#file)
      const version = `${ino} ${mtimeMs} ${size}`
      if (this.#seen?.version === version) return this.#seen.policies
      const content: unknown = parseJson(await readFile(this.#file, 'utf8'), FILE_LENGTH_MAX)
      const policies = new Map(isContent(content) ? Object.entries(content.policies) : [])
      this.#seen = { version, policies }
      return policies
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return new Map()
    }
  }

  #explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    return new StoreError('STORE_UNAVAILABLE', `file ${this.#file} ${fileProblem(error)}`, { cause: error })
  }
}

/** As many of the last ones as there is room for. */
function lastOnes(policies: Policies): [string, string][] {
  let characters = 0
  return [...policies]
    .slice(-DOMAINS_MAX)
    .reverse()
    .filter(([domain, value]) => (characters += domain.length + value.length) <= CHARACTERS_MAX)
    .reverse()
}

/**
 * Rules in one JSON file. A change to it is in force with the next look; a file that can't be read, or is not
 * a document of rules, rejects with a `StoreError` that names file and place.
 *
 * "Watched" means one `stat` for each look, not a watcher: a watcher tells late and, on network file systems,
 * bind mounts and files that editors replace by renaming, sometimes never. What is asked can't be missed.
 */
import type { BigIntStats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { assertGroupName, type StoredGroups } from '../rules/group.js'
import { assertOwner, type OwnerEntries } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { fileProblem } from './file-problem.js'
import { replaceFile } from './replace-file.js'
import {
  compactJson,
  DocumentProblem,
  emptyDocument,
  formatDocument,
  parseDocument,
  placeIn,
  type RulesDocument,
} from './rules-document.js'
import { StoreError, type RuleChange, type RuleStore } from './rule-store.js'

/** What a file store is given besides its file. */
export interface FileStoreOptions {
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/**
 * A file that was changed so short a time ago, in milliseconds, may be changed again without its times
 * moving on: they are as coarse as a timer tick, on some file systems as two seconds.
 */
const SETTLED_AFTER = 2000

interface Identity {
  readonly name: string
  /** Whether a later change is sure to show in the name. */
  readonly settled: boolean
}

/** Rules in a file. */
export class FileStore implements RuleStore {
  readonly description: string
  readonly #file: string
  readonly #now: () => number
  /** The document of a settled file, or its reading under way. */
  #latest: { readonly identity: string; readonly document: Promise<RulesDocument> } | null = null
  /** The last text and what it means: a file that is not settled is read again, but rarely says something new. */
  #parsed: { readonly text: string; readonly document: RulesDocument } | null = null
  #seen = false
  #turn: Promise<void> = Promise.resolve()

  constructor(file: string, { now = Date.now }: FileStoreOptions = {}) {
    this.#file = path.resolve(file)
    this.#now = now
    this.description = `rules file ${this.#file}`
  }

  async readOwner(owner: string): Promise<OwnerEntries> {
    const { rules, domains } = await this.#document()
    const domain = serviceDomainOf(owner)
    return {
      owner,
      rules: rules.get(owner) ?? new Map<string, string>(),
      service: domain === null ? null : (domains.get(domain) ?? null),
    }
  }

  async owners(): Promise<string[]> {
    const { rules } = await this.#document()
    return [...rules].flatMap(([owner, ofOwner]) => (ofOwner.size === 0 ? [] : [owner])).sort()
  }

  async services(): Promise<ReadonlyMap<string, string>> {
    return (await this.#document()).domains
  }

  async writeService(domain: string, expected: string | null, value: string | null): Promise<void> {
    assertOwner(domain)
    await this.#update(({ domains }) =>
      this.#apply(domains, [{ id: domain, expected, value }], (id) => placeIn('domains', id)),
    )
  }

  async groups(): Promise<StoredGroups> {
    return (await this.#document()).groups
  }

  async writeGroup(name: string, expected: string | null, value: string | null): Promise<void> {
    assertGroupName(name)
    await this.#update(({ groups }) =>
      this.#apply(groups, [{ id: name, expected, value }], (id) => placeIn('groups', id)),
    )
  }

  async writeRules(owner: string, changes: readonly RuleChange[]): Promise<void> {
    assertOwner(owner)
    if (changes.length === 0) return
    await this.#update(({ rules }) => {
      const ofOwner = rules.get(owner) ?? new Map<string, string>()
      this.#apply(ofOwner, changes, (id) => placeIn('rules', owner, id))
      rules.set(owner, ofOwner)
    })
  }

  placeOf({ key, owner, field }: Parameters<RuleStore['placeOf']>[0]): string {
    return key === 'rules' ? placeIn(key, owner, field) : placeIn(key, field)
  }

  /** Waits for changes under way, so that none is cut off by the end of the process. */
  async close(): Promise<void> {
    await this.#turn
  }

  /** The document as it stands at the time of the call. */
  async #document(): Promise<RulesDocument> {
    try {
      const identity = await this.#identity()
      if (identity === null) return emptyDocument()
      if (this.#latest?.identity === identity.name) return await this.#latest.document
      const document = this.#read()
      // Sharing needs an identity that any later change will show in; a failure is for nobody to share.
      if (identity.settled) this.#latest = { identity: identity.name, document }
      return await document
    } catch (error) {
      this.#latest = null
      throw this.#explained(error)
    }
  }

  async #read(): Promise<RulesDocument> {
    const text = await readFile(this.#file, 'utf8')
    if (this.#parsed?.text === text) return this.#parsed.document
    const document = parseDocument(text)
    this.#parsed = { text, document }
    return document
  }

  /** Which version of the file this is; `null` while it was never there. */
  async #identity(): Promise<Identity | null> {
    const found = await this.#stat()
    if (found === null) return null
    const { dev, ino, size, mtimeNs, ctimeNs } = found
    const changed = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
    return {
      name: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
      settled: this.#now() - changed > SETTLED_AFTER,
    }
  }

  async #stat(): Promise<BigIntStats | null> {
    try {
      const found = await stat(this.#file, { bigint: true })
      if (found.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
      // Reading a pipe or a device would never end.
      if (!found.isFile()) throw new Error('is not a regular file')
      this.#seen = true
      return found
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await stat(path.dirname(this.#file))
      // Between the two steps of an editor that moves the old file away first, all mail would pass.
      if (this.#seen)
        throw this.#unavailable('was there and is gone; put it back, or write {} for no rules at all')
      return null
    }
  }

  #update(change: (document: RulesDocument) => void): Promise<void> {
    const done = this.#turn.then(() => this.#replace(change))
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #replace(change: (document: RulesDocument) => void): Promise<void> {
    try {
      // What can't be read is not locked either.
      await this.#stat()
      await replaceFile(this.#file, async () => {
        const missing = (await this.#stat()) === null
        // A copy of its own: the documents that readers hold never change.
        const document = missing ? emptyDocument() : parseDocument(await readFile(this.#file, 'utf8'))
        change(document)
        const text = formatDocument(document)
        parseDocument(text)
        return text
      })
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Compares all entries, then changes them: all or none. */
  #apply(
    entries: Map<string, string>,
    changes: readonly RuleChange[],
    placeOf: (id: string) => string,
  ): void {
    for (const { id, expected } of changes) {
      if ((entries.get(id) ?? null) === (expected === null ? null : compactJson(expected))) continue
      throw new StoreError(
        'STORE_CONFLICT',
        `${this.description}: ${placeOf(id)} was changed by somebody else in the meantime; nothing was written, read it again and repeat`,
      )
    }
    for (const { id, value } of changes) {
      if (value === null) entries.delete(id)
      else entries.set(id, compactJson(value))
    }
  }

  #explained(error: unknown): StoreError {
    if (error instanceof StoreError) return error
    const options = { cause: error }
    if (error instanceof DocumentProblem)
      return new StoreError('STORE_CORRUPT', `${this.description}: ${error.message}`, options)
    return new StoreError('STORE_UNAVAILABLE', `${this.description} ${fileProblem(error)}`, options)
  }

  #unavailable(problem: string): StoreError {
    return new StoreError('STORE_UNAVAILABLE', `${this.description} ${problem}`)
  }
}

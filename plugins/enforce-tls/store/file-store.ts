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
import { serviceDomainOf } from '../rules/owner.js'
import type { EntryPlace, OwnerEntries, StoredGroups } from '../rules/owner-entries.js'
import {
  assertWritable,
  namedChange,
  ruleChanges,
  type EntryChange,
  type RuleChange,
  type WriteOptions,
} from './entry-change.js'
import { historyFileOf, historyText, readHistory } from './file-history.js'
import { fileProblem } from './file-problem.js'
import type { HistoryEntry, HistoryQuery } from './history.js'
import { realTarget, replaceFile } from './replace-file.js'
import {
  compactJson,
  DocumentProblem,
  emptyDocument,
  formatDocument,
  parseDocument,
  placeIn,
  type RulesDocument,
} from './rules-document.js'
import { StoreError, type RuleStore } from './rule-store.js'

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

  async groups(): Promise<StoredGroups> {
    return (await this.#document()).groups
  }

  writeService(
    domain: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void> {
    return this.writeAll([namedChange('domains', domain, expected, value)], options)
  }

  writeGroup(
    name: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void> {
    return this.writeAll([namedChange('groups', name, expected, value)], options)
  }

  writeRules(owner: string, changes: readonly RuleChange[], options?: WriteOptions): Promise<void> {
    return this.writeAll(ruleChanges(owner, changes), options)
  }

  async writeAll(changes: readonly EntryChange[], { by }: WriteOptions = {}): Promise<void> {
    changes.forEach(assertWritable)
    if (changes.length === 0) return
    const done = this.#turn.then(() => this.#replace(changes, by))
    this.#turn = done.catch(() => undefined)
    await done
  }

  async history(query: HistoryQuery): Promise<readonly HistoryEntry[]> {
    try {
      return await readHistory(historyFileOf(await realTarget(this.#file)), query)
    } catch (error) {
      throw new StoreError('STORE_UNAVAILABLE', `history of ${this.description} ${fileProblem(error)}`, {
        cause: error,
      })
    }
  }

  async facts(): Promise<Readonly<Record<string, string>>> {
    const found = await this.#stat().catch((error: unknown) => {
      throw this.#explained(error)
    })
    if (!found) return { store: this.description, size: 'the file is not there yet, which means no rules' }
    return { store: this.description, size: `${found.size} bytes`, changed: found.mtime.toISOString() }
  }

  placeOf({ key, owner, field }: EntryPlace): string {
    return key === 'rules' ? placeIn('rules', owner, field) : placeIn(key, field)
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

  async #replace(changes: readonly EntryChange[], by: string | undefined): Promise<void> {
    try {
      // What can't be read is not locked either.
      await this.#stat()
      await replaceFile(this.#file, async (target) => {
        const missing = (await this.#stat()) === null
        // A copy of its own: the documents that readers hold never change.
        const document = missing ? emptyDocument() : parseDocument(await readFile(this.#file, 'utf8'))
        const made = this.#apply(document, changes)
        const text = formatDocument(document)
        parseDocument(text)
        if (by === undefined) return [[target, text]]
        const history = historyFileOf(target)
        return [
          [target, text],
          [history, await historyText(history, made, by, new Date(this.#now()))],
        ]
      })
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Compares all entries, then changes them: all or none. Gives the changes in the spelling of the document. */
  #apply(document: RulesDocument, changes: readonly EntryChange[]): EntryChange[] {
    const made = changes.map((change) => ({
      ...change,
      expected: compactOrNull(change.expected),
      value: compactOrNull(change.value),
    }))
    for (const change of made) {
      if ((entriesOf(document, change).get(change.field) ?? null) === change.expected) continue
      throw new StoreError(
        'STORE_CONFLICT',
        `${this.description}: ${this.placeOf(change)} was changed by somebody else in the meantime; nothing was written, read it again and repeat`,
      )
    }
    for (const change of made) {
      if (change.value === null) entriesOf(document, change).delete(change.field)
      else entriesOf(document, change).set(change.field, change.value)
    }
    return made
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

/** The part of a document that holds an entry; an owner who has none yet gets one. */
function entriesOf(document: RulesDocument, { key, owner }: EntryPlace): Map<string, string> {
  if (key !== 'rules') return document[key]
  const found = document.rules.get(owner) ?? new Map<string, string>()
  document.rules.set(owner, found)
  return found
}

function compactOrNull(text: string | null): string | null {
  return text === null ? null : compactJson(text)
}

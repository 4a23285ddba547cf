/**
 * Rules in one JSON file. A change to it is in force with the next look; a file that can't be read, or is not
 * a document of rules, rejects with a `StoreError` that names file and place.
 *
 * "Watched" means one `stat` for each look, not a watcher: a watcher tells late and, on network file systems,
 * bind mounts and files that editors replace by renaming, sometimes never. What is asked can't be missed.
 */
import { readFile } from 'node:fs/promises'
import { serviceDomainOf } from '../rules/owner.js'
import type { StoredGroups } from '../rules/group.js'
import type { EntryPlace, OwnerEntries } from '../rules/owner-entries.js'
import { DocumentFile } from './document-file.js'
import { assertWritable, type EntryChange, type WriteOptions } from './entry-change.js'
import { EntryWriter } from './entry-writer.js'
import { historyFileOf, historyText, readHistory } from './file-history.js'
import { fileProblem } from './file-problem.js'
import type { HistoryEntry, HistoryQuery } from './history.js'
import { realTarget, replaceFile } from './replace-file.js'
import {
  compactJson,
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

/** Rules in a file. */
export class FileStore extends EntryWriter implements RuleStore {
  readonly description: string
  readonly #file: DocumentFile
  readonly #now: () => number
  #turn: Promise<void> = Promise.resolve()

  constructor(file: string, { now = Date.now }: FileStoreOptions = {}) {
    super()
    this.#file = new DocumentFile(file, now)
    this.#now = now
    this.description = this.#file.description
  }

  async readOwner(owner: string): Promise<OwnerEntries> {
    const { rules, domains } = await this.#file.document()
    const domain = serviceDomainOf(owner)
    return {
      owner,
      rules: rules.get(owner) ?? new Map<string, string>(),
      service: domain === null ? null : (domains.get(domain) ?? null),
    }
  }

  async readRules(owner: string): Promise<ReadonlyMap<string, string>> {
    return (await this.#file.document()).rules.get(owner) ?? new Map<string, string>()
  }

  async readService(domain: string): Promise<string | null> {
    return (await this.#file.document()).domains.get(domain) ?? null
  }

  /** A file is asked for its stamp instead. */
  watch(): () => void {
    return () => undefined
  }

  /** One `stat`: the document is the same object until the file changes. */
  readonly stamp = (): Promise<unknown> => this.#file.document()

  async owners(): Promise<string[]> {
    const { rules } = await this.#file.document()
    return [...rules].flatMap(([owner, ofOwner]) => (ofOwner.size === 0 ? [] : [owner])).sort()
  }

  async services(): Promise<ReadonlyMap<string, string>> {
    return (await this.#file.document()).domains
  }

  async groups(): Promise<StoredGroups> {
    return (await this.#file.document()).groups
  }

  override async writeAll(changes: readonly EntryChange[], { by }: WriteOptions = {}): Promise<void> {
    changes.forEach(assertWritable)
    if (changes.length === 0) return
    const done = this.#turn.then(() => this.#replace(changes, by))
    this.#turn = done.catch(() => undefined)
    await done
  }

  async history(query: HistoryQuery): Promise<readonly HistoryEntry[]> {
    try {
      return await readHistory(historyFileOf(await realTarget(this.#file.path)), query)
    } catch (error) {
      throw new StoreError('STORE_UNAVAILABLE', `history of ${this.description} ${fileProblem(error)}`, {
        cause: error,
      })
    }
  }

  async facts(): Promise<Readonly<Record<string, string>>> {
    const found = await this.#file.stat().catch((error: unknown) => {
      throw this.#file.explained(error)
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

  async #replace(changes: readonly EntryChange[], by: string | undefined): Promise<void> {
    try {
      // What can't be read is not locked either.
      await this.#file.stat()
      await replaceFile(this.#file.path, async (target) => {
        const missing = (await this.#file.stat()) === null
        // A copy of its own: the documents that readers hold never change.
        const document = missing ? emptyDocument() : parseDocument(await readFile(this.#file.path, 'utf8'))
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
      throw this.#file.explained(error)
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

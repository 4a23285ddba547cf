/**
 * Rules in one JSON file. A change to it is in force with the next look; a file that can't be read, or is not
 * a document of rules, rejects with a `StoreError` that names file and place.
 *
 * "Watched" means one `stat` for each look, not a watcher: a watcher reports late and, on network file systems,
 * bind mounts and files that editors replace by renaming, sometimes never. What is asked can't be missed.
 */
import { existsSync } from 'node:fs'
import pLimit from 'p-limit'
import { EVERYONE, serviceDomainOf } from '../../rules/owner.js'
import { given } from '../../settings/values.js'
import type { StoredGroups } from '../../rules/group.js'
import type { OwnerEntries } from '../../rules/owner-entries.js'
import type { EntryPlace } from '../../rules/entry-problem.js'
import { sorting } from '../../work/pieces.js'
import { applying, conflictAt, placeInDocument } from './apply-changes.js'
import { assertFits, DocumentFile } from './document-file.js'
import type { EntryChange, WriteOptions } from '../entry-change.js'
import { EntryWriter } from '../entry-writer.js'
import { deliveryFileOf } from './delivery-log.js'
import { HISTORY_MOST, historyBegins, historyFileOf, historyText, readHistory } from './history.js'
import { fileProblem } from './errors.js'
import {
  historyFacts,
  isAskedFor,
  type HistoryChange,
  type HistoryEntry,
  type HistoryQuery,
  type ReleaseRecord,
} from '../history.js'
import type { ChangeCheck } from '../reads-back.js'
import { realTarget, replaceFile, type NewFileOwner, type NewTexts } from './replace-file.js'
import {
  compactJson,
  emptyDocument,
  readingDocument,
  writingDocument,
  type RulesDocument,
} from '../rules-document.js'
import { StoreError, type RuleStore, type StoreHealth, type StoreIdentity } from '../rule-store.js'
import { newMarker } from '../marker.js'
import { inPieces } from '../../work/turns.js'

/** What a file store is given besides its file. */
export interface FileStoreOptions {
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** Whom files belong to that are made. @default who makes them */
  readonly newFileOwner?: NewFileOwner
  /** Looks at the meaning of every change. @default none does */
  readonly check?: ChangeCheck | undefined
}

/** Rules in a file. */
export class FileStore extends EntryWriter implements RuleStore {
  readonly description: string
  readonly #file: DocumentFile
  readonly #now: () => number
  readonly #newFileOwner: NewFileOwner
  readonly #oneByOne = pLimit(1)

  constructor(file: string, { now = Date.now, newFileOwner = null, check }: FileStoreOptions = {}) {
    super(check)
    this.#file = new DocumentFile(file, now)
    this.#now = now
    this.#newFileOwner = newFileOwner
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
    const owners = [...rules].flatMap(([owner, ofOwner]) => (ofOwner.size === 0 ? [] : [owner]))
    return [...(await inPieces(sorting(owners, byText)))]
  }

  async services(): Promise<ReadonlyMap<string, string>> {
    return (await this.#file.document()).domains
  }

  async groups(): Promise<StoredGroups> {
    return (await this.#file.document()).groups
  }

  override async writeAll(changes: readonly EntryChange[], { by, marker }: WriteOptions = {}): Promise<void> {
    if (changes.length === 0) return
    await this.#oneByOne(async () => {
      await this.assertAcceptable(changes)
      await this.#replace((document, target) => this.#change(document, target, changes, { by, marker }))
    })
  }

  async #change(
    document: RulesDocument,
    target: string,
    changes: readonly EntryChange[],
    { by, marker }: WriteOptions,
  ): Promise<NewTexts> {
    const { domains, rules, store } = document
    const held = domains.size > 0 || Boolean(rules.get(EVERYONE)?.size)
    const made = await inPieces(applying(document, changes, this.description))
    document.store =
      store ??
      marker ??
      JSON.stringify(newMarker({ ...given('by', by), ...given('held', held || undefined) }))
    return await this.#historyTexts(target, made, by)
  }

  async recordRelease(release: ReleaseRecord, by: string): Promise<void> {
    const changes = [{ key: 'releases', expected: null, ...release } as const]
    await this.#oneByOne(() => this.#replace((_document, target) => this.#historyTexts(target, changes, by)))
  }

  async identity(): Promise<StoreIdentity> {
    const { store, domains, rules } = await this.#file.document()
    const hasServices = domains.size > 0
    const hasRulesForAll = Boolean(rules.get(EVERYONE)?.size)
    const isEmpty = store === null && !hasServices && !hasRulesForAll
    const traces = isEmpty ? await tracesBeside(this.#file.path) : []
    const missing = isEmpty && (await this.#file.isMissing())
    return { marker: store, markerProblem: null, hasServices, hasRulesForAll, traces, missing }
  }

  async writeMarker(expected: string | null, value: string): Promise<void> {
    await this.#oneByOne(() =>
      this.#replace(async (document) => {
        const before = expected === null ? null : await inPieces(compactJson(expected))
        if (document.store !== before) throw conflictAt('store', this.description)
        document.store = await inPieces(compactJson(value))
        return []
      }),
    )
  }

  /** Nothing but what somebody does to the file. */
  health(): Promise<StoreHealth> {
    return Promise.resolve({ evicts: null, keys: [], replica: false, behind: null, unknown: null })
  }

  expiryOf(): Promise<null> {
    return Promise.resolve(null)
  }

  override async *historyEntries(query: Omit<HistoryQuery, 'limit'>): AsyncGenerator<HistoryEntry> {
    try {
      for await (const entry of readHistory(historyFileOf(await realTarget(this.#file.path))))
        if (isAskedFor(entry, query)) yield entry
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
    if (!found) return { store: this.description, size: 'the file does not exist yet, so there are no rules' }
    return {
      store: this.description,
      size: `${found.size} bytes`,
      changed: found.mtime.toISOString(),
      ...historyFacts(await this.#historyBegins(), HISTORY_MOST),
    }
  }

  async #historyBegins(): Promise<string | null> {
    try {
      return await historyBegins(historyFileOf(await realTarget(this.#file.path)))
    } catch (error) {
      throw new StoreError('STORE_UNAVAILABLE', `history of ${this.description} ${fileProblem(error)}`, {
        cause: error,
      })
    }
  }

  placeOf(place: EntryPlace): string {
    return placeInDocument(place)
  }

  /** Waits for changes under way, so that none is cut off by the end of the process. */
  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  /** Changes the document; `change` gives what is written beside it. */
  async #replace(change: (document: RulesDocument, target: string) => Promise<NewTexts>): Promise<void> {
    try {
      // What can't be read is not locked either.
      await this.#file.stat()
      await replaceFile(
        this.#file.path,
        async (target) => {
          const missing = (await this.#file.stat()) === null
          // A copy of its own: the documents that readers hold never change.
          const document = missing ? emptyDocument() : await this.#file.readAnew()
          const beside = await change(document, target)
          const text = await inPieces(writingDocument(document))
          assertFits(Buffer.byteLength(text))
          await inPieces(readingDocument(text))
          return [[target, text], ...beside]
        },
        { newFileOwner: this.#newFileOwner },
      )
    } catch (error) {
      throw this.#file.explained(error)
    }
  }

  async #historyTexts(
    target: string,
    made: readonly HistoryChange[],
    by: string | undefined,
  ): Promise<NewTexts> {
    if (by === undefined) return []
    const history = historyFileOf(target)
    return [[history, await historyText(history, made, by, new Date(this.#now()))]]
  }
}

/** The files of a history and of deliveries that are beside a rules file, wherever a link to it leads. */
async function tracesBeside(file: string): Promise<string[]> {
  const targets = new Set([file, await realTarget(file)])
  const files = [...targets].flatMap((target) => [historyFileOf(target), deliveryFileOf(target)])
  return files.filter((each) => existsSync(each)).map((each) => `file ${each}`)
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a === b ? 0 : 1
}

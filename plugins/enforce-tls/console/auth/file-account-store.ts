/**
 * Accounts and sessions in files beside the rules file: `….users.json` to be kept, its history in
 * `….users.history.jsonl`, and `….sessions.json` that may be deleted at any time. All processes that use the rules file share them; sign-in attempts are counted
 * by each process for itself. A file that can't be used rejects with a `StoreError` that names it.
 */
import { readFile } from 'node:fs/promises'
import pLimit from 'p-limit'
import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { isObject, notJson, parseJson } from '../../rules/json.js'
import { fileProblem } from '../../store/file/errors.js'
import { historyText, readHistory } from '../../store/file/history.js'
import type { FileStoreOptions } from '../../store/file/rule-store.js'
import { replaceFile, type NewFileOwner } from '../../store/file/replace-file.js'
import type { AccountChange, HistoryEntry } from '../../store/history.js'
import { StoreError } from '../../store/rule-store.js'
import {
  accountConflict,
  SESSIONS_MAX,
  type AccountKind,
  type NewSession,
  type Witness,
  type TryLimit,
  type AccountStore,
} from './account-store.js'

/** The longest file, in characters. */
const FILE_LENGTH_MAX = 32 * 1024 * 1024

/** Names to values, by kind. */
type Content = Map<string, Map<string, unknown>>

interface SessionRecord {
  readonly value: string
  readonly expiresAt: number
  /** Whose it is; sessions of version 0.1.0 do not say. */
  readonly user?: string
}

/** Accounts and sessions in files. */
export class FileAccountStore implements AccountStore {
  readonly description: string
  readonly #accounts: string
  readonly #sessions: string
  readonly #history: string
  readonly #now: () => number
  readonly #newFileOwner: NewFileOwner
  readonly #oneByOne = pLimit(1)

  constructor(rulesFile: string, { now = Date.now, newFileOwner = null }: FileStoreOptions = {}) {
    this.#accounts = `${rulesFile}.users.json`
    this.#sessions = `${rulesFile}.sessions.json`
    this.#history = `${rulesFile}.users.history.jsonl`
    this.#now = now
    this.#newFileOwner = newFileOwner
    this.description = `file ${this.#accounts}`
  }

  async all(kind: AccountKind): Promise<ReadonlyMap<string, string>> {
    const content = await this.#read(this.#accounts)
    return new Map([...(content.get(kind) ?? [])].map(([name, value]) => [name, JSON.stringify(value)]))
  }

  async read(kind: AccountKind, name: string): Promise<string | null> {
    return (await this.all(kind)).get(name) ?? null
  }

  write(
    kind: AccountKind,
    name: string,
    expected: string | null,
    value: string | null,
    witness: Witness | null = null,
  ): Promise<void> {
    return this.#change(this.#accounts, (content) => {
      const entries = content.get(kind) ?? new Map<string, unknown>()
      const assertIs = (place: string, json: string | null): void => {
        const found = entries.has(place) ? JSON.stringify(entries.get(place)) : null
        if (found !== json) throw accountConflict(`${this.description}: ${kind}[${JSON.stringify(place)}]`)
      }
      assertIs(name, expected)
      if (witness !== null) assertIs(witness.name, witness.json)
      if (value === null) entries.delete(name)
      else entries.set(name, JSON.parse(value))
      content.set(kind, entries)
    })
  }

  async readSession(key: string): Promise<string | null> {
    const stored = (await this.#read(this.#sessions)).get('sessions')?.get(key)
    return isSessionRecord(stored) && stored.expiresAt > this.#now() ? stored.value : null
  }

  createSession({ user, key, value, expiresAt }: NewSession): Promise<void> {
    return this.#changeSessions((sessions) => {
      // They stand in the order in which they began.
      const mine = [...sessions].filter(([, stored]) => (stored as SessionRecord).user === user)
      for (const [old] of mine.slice(0, Math.max(0, mine.length - SESSIONS_MAX + 1))) sessions.delete(old)
      sessions.set(key, { user, value, expiresAt })
    })
  }

  renewSession(key: string, value: string, expiresAt: number): Promise<void> {
    return this.#changeSessions((sessions) => {
      const stored = sessions.get(key)
      if (stored !== undefined) sessions.set(key, { ...(stored as SessionRecord), value, expiresAt })
    })
  }

  dropSession(_user: string, key: string): Promise<void> {
    return this.#changeSessions((sessions) => sessions.delete(key))
  }

  async sessionsOf(user: string): Promise<ReadonlyMap<string, string>> {
    const now = this.#now()
    const found = new Map<string, string>()
    for (const [key, stored] of (await this.#read(this.#sessions)).get('sessions') ?? [])
      if (isSessionRecord(stored) && stored.user === user && stored.expiresAt > now)
        found.set(key, stored.value)
    return found
  }

  async tokenUses(): Promise<ReadonlyMap<string, string>> {
    const uses = (await this.#read(this.#sessions)).get('tokenUses') ?? []
    return new Map([...uses].map(([id, at]) => [id, String(at)]))
  }

  noteTokenUse(id: string, at: string | null): Promise<void> {
    return this.#change(this.#sessions, (content) => {
      const uses = content.get('tokenUses') ?? new Map<string, unknown>()
      if (at === null) uses.delete(id)
      else uses.set(id, at)
      content.set('tokenUses', uses)
    })
  }

  async record(change: AccountChange, by: string): Promise<void> {
    const file = this.#history
    await this.#oneByOne(async () => {
      try {
        await replaceFile(
          file,
          async (target) => [[target, await historyText(target, [change], by, new Date(this.#now()))]],
          { secret: true, newFileOwner: this.#newFileOwner },
        )
      } catch (error) {
        throw explained(file, error)
      }
    })
  }

  async *recorded(): AsyncGenerator<HistoryEntry> {
    try {
      yield* readHistory(this.#history)
    } catch (error) {
      throw explained(this.#history, error)
    }
  }

  limiter({ name, points, duration }: TryLimit): RateLimiterAbstract {
    return new RateLimiterMemory({ keyPrefix: name, points, duration })
  }

  /** Waits for changes under way. */
  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  #changeSessions(change: (sessions: Map<string, unknown>) => unknown): Promise<void> {
    return this.#change(this.#sessions, (content) => {
      const now = this.#now()
      const live = [...(content.get('sessions') ?? [])].filter(
        ([, stored]) => isSessionRecord(stored) && stored.expiresAt > now,
      )
      const sessions = new Map(live)
      change(sessions)
      content.set('sessions', sessions)
    })
  }

  #change(file: string, change: (content: Content) => void): Promise<void> {
    return this.#oneByOne(() => this.#replace(file, change))
  }

  async #replace(file: string, change: (content: Content) => void): Promise<void> {
    try {
      await replaceFile(
        file,
        async (target) => {
          const content = await this.#read(file)
          change(content)
          const plain = Object.fromEntries(
            [...content].map(([kind, entries]) => [kind, Object.fromEntries(entries)]),
          )
          return [[target, `${JSON.stringify(plain, null, 2)}\n`]]
        },
        { secret: true, newFileOwner: this.#newFileOwner },
      )
    } catch (error) {
      throw explained(file, error)
    }
  }

  async #read(file: string): Promise<Content> {
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
      throw explained(file, error)
    }
    return parsed(file, text)
  }
}

function parsed(file: string, text: string): Content {
  const corrupt = (problem: string) => new StoreError('STORE_CORRUPT', `file ${file} ${problem}`)
  let value: unknown
  try {
    value = parseJson(text, FILE_LENGTH_MAX)
  } catch (error) {
    throw corrupt(notJson(error))
  }
  if (!isObject(value)) throw corrupt('is not a JSON object')
  return new Map(
    Object.entries(value).map(([kind, entries]) => {
      if (!isObject(entries)) throw corrupt(`has ${JSON.stringify(kind)} that is not an object`)
      return [kind, new Map(Object.entries(entries))]
    }),
  )
}

function explained(file: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  return new StoreError('STORE_UNAVAILABLE', `file ${file} ${fileProblem(error)}`, { cause: error })
}

function isSessionRecord(value: unknown): value is SessionRecord {
  return isObject(value) && typeof value['value'] === 'string' && typeof value['expiresAt'] === 'number'
}

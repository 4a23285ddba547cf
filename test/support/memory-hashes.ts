/** Shared hashes in memory, which can be away for a while. */
import type { SharedHashes } from '../../plugins/enforce-tls/store/shared-hashes.js'

export class MemoryHashes implements SharedHashes {
  readonly description = 'memory'
  readonly all = new Map<string, Map<string, string>>()
  /** Every call rejects while it is set. */
  away = false

  read(hash: string): Promise<ReadonlyMap<string, string>> {
    return this.#there(() => new Map(this.all.get(hash)))
  }

  fields(hash: string): Promise<ReadonlySet<string>> {
    return this.#there(() => new Set(this.all.get(hash)?.keys()))
  }

  get(hash: string, fields: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#there(
      () => new Map([...(this.all.get(hash) ?? [])].filter(([field]) => fields.includes(field))),
    )
  }

  write(hash: string, changes: ReadonlyMap<string, string | null>): Promise<void> {
    return this.#there(() => {
      for (const [field, value] of changes)
        if (value === null) this.all.get(hash)?.delete(field)
        else this.#of(hash).set(field, value)
    })
  }

  add(hash: string, values: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
    return this.#there(() => {
      const added = [...values].filter(([field]) => !this.#of(hash).has(field))
      for (const [field, value] of added) this.#of(hash).set(field, value)
      return new Set(added.map(([field]) => field))
    })
  }

  take(hash: string, field: string): Promise<boolean> {
    return this.#there(() => this.#of(hash).delete(field))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #of(hash: string): Map<string, string> {
    const found = this.all.get(hash) ?? new Map<string, string>()
    this.all.set(hash, found)
    return found
  }

  #there<T>(work: () => T): Promise<T> {
    return this.away ? Promise.reject(new Error('the store is away')) : Promise.resolve(work())
  }
}

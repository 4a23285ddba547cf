/**
 * A map for a million texts, of which no single step takes long: a `Map` that grows from half a million entries to
 * more copies itself in one go, which was measured to take up to 50 ms. This one divides itself once, while it is
 * small, into parts that stay so.
 */

/** It is one `Map` up to so many entries. */
const SMALL = 16_384
/** Of a million entries each part has 16,000. */
const PARTS = 64

/** Entries by text; the order of many is not that in which they were set. */
export class BigMap<V> implements ReadonlyMap<string, V> {
  #parts = [new Map<string, V>()]

  get size(): number {
    return this.#parts.reduce((sum, { size }) => sum + size, 0)
  }

  get(key: string): V | undefined {
    return this.#partOf(key).get(key)
  }

  has(key: string): boolean {
    return this.#partOf(key).has(key)
  }

  set(key: string, value: V): void {
    const part = this.#partOf(key)
    part.set(key, value)
    if (this.#parts.length === 1 && part.size > SMALL) this.#divide(part)
  }

  forEach(action: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) action(value, key, this)
  }

  *entries(): MapIterator<[string, V]> {
    for (const part of this.#parts) yield* part
    return undefined
  }

  *keys(): MapIterator<string> {
    for (const part of this.#parts) yield* part.keys()
    return undefined
  }

  *values(): MapIterator<V> {
    for (const part of this.#parts) yield* part.values()
    return undefined
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries()
  }

  #partOf(key: string): Map<string, V> {
    const { length } = this.#parts
    return this.#parts[length === 1 ? 0 : hashOf(key) % length] as Map<string, V>
  }

  #divide(all: ReadonlyMap<string, V>): void {
    this.#parts = Array.from({ length: PARTS }, () => new Map<string, V>())
    for (const [key, value] of all) this.#partOf(key).set(key, value)
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

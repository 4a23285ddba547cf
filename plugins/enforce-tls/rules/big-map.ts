/**
 * A map for any number of texts, of which no single step takes long. A `Map` of a million entries is one block
 * of memory: when it grows, or the garbage collector looks at it, the program stands still for tens of
 * milliseconds. This one consists of small maps and grows by one of them at a time (linear hashing: W. Litwin,
 * VLDB 1980). Up to a few thousand entries it is one `Map`.
 */

/** So many entries a part holds on average, at most; one that is next to be divided holds twice as many. */
const PART = 4096

/** Entries by text; the order of many is not that in which they were set. */
export class BigMap<V> implements ReadonlyMap<string, V> {
  /** While it is small, and the first of the parts afterwards. */
  #first = new Map<string, V>()
  #parts: Map<string, V>[] | undefined
  /** The bits of a hash that choose a part; where they lead past the last part, all but the highest do. */
  #mask = 1
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    return this.#partOf(key).get(key)
  }

  has(key: string): boolean {
    return this.#partOf(key).has(key)
  }

  set(key: string, value: V): void {
    const part = this.#partOf(key)
    const before = part.size
    part.set(key, value)
    if (part.size === before) return
    this.#size++
    if (this.#size > PART * (this.#parts?.length ?? 1)) this.#grow()
  }

  forEach(action: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) action(value, key, this)
  }

  *entries(): MapIterator<[string, V]> {
    for (const part of this.#parts ?? [this.#first]) yield* part
    return undefined
  }

  *keys(): MapIterator<string> {
    for (const part of this.#parts ?? [this.#first]) yield* part.keys()
    return undefined
  }

  *values(): MapIterator<V> {
    for (const part of this.#parts ?? [this.#first]) yield* part.values()
    return undefined
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries()
  }

  #partOf(key: string): Map<string, V> {
    const parts = this.#parts
    if (parts === undefined) return this.#first
    const place = hashOf(key) & this.#mask
    return parts[place < parts.length ? place : place & (this.#mask >> 1)] as Map<string, V>
  }

  /** Divides the part whose turn it is. */
  #grow(): void {
    const parts = (this.#parts ??= [this.#first])
    const added = parts.length
    if (added > this.#mask) this.#mask = 2 * this.#mask + 1
    const divided = added & (this.#mask >> 1)
    const [staying, leaving] = [new Map<string, V>(), new Map<string, V>()]
    for (const [key, value] of parts[divided] as Map<string, V>)
      ((hashOf(key) & this.#mask) === added ? leaving : staying).set(key, value)
    parts[divided] = staying
    parts.push(leaving)
    this.#first = parts[0] as Map<string, V>
  }
}

/** FNV-1a, with its high bits mixed into the low ones, which choose. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Reading many owners, or all that a store holds. */
import { readOwnerParts } from '../policy/read-parts.js'
import type { ReadStore } from '../store/rule-store.js'
import { Unreadable } from '../rules/entry-problem.js'
import type { OwnerEntries, OwnerParts } from '../rules/owner-entries.js'
import type { RulesDocument } from '../store/rules-document.js'
import { parseMarker } from '../store/marker.js'

/** How many owners are read at the same time. */
const BATCH = 50

/** The entries of these owners, one after the other, in their order. */
export async function* eachOwner(store: ReadStore, owners: readonly string[]): AsyncGenerator<OwnerEntries> {
  yield* inBatches(owners, (owner) => store.readOwner(owner))
}

/** The entries of these owners, in their order. @throws {StoreError} where those of any owner can't be read. */
export async function readOwners(store: ReadStore, owners: readonly string[]): Promise<OwnerEntries[]> {
  const read: OwnerEntries[] = []
  for await (const entries of eachOwner(store, owners)) read.push(entries)
  return read
}

/** The same, where a key of another kind than it should be hides no other. */
export async function readOwnersParts(store: ReadStore, owners: readonly string[]): Promise<OwnerParts[]> {
  const read: OwnerParts[] = []
  for await (const parts of inBatches(owners, (owner) => readOwnerParts(store, owner))) read.push(parts)
  return read
}

/** Owners as far as they can be read: one whose rules can't is left out, and a service that can't is none. */
export interface Readable {
  readonly entries: readonly OwnerEntries[]
  /** What can't be read, each a sentence with its place. */
  readonly problems: readonly string[]
  /** The same by owner, of those that are left out. */
  readonly leftOut: ReadonlyMap<string, string>
}

/** The entries of those owners that can be read. */
export async function readReadable(store: ReadStore, owners: readonly string[]): Promise<Readable> {
  const entries: OwnerEntries[] = []
  const problems = new Set<string>()
  const leftOut = new Map<string, string>()
  for (const { owner, rules, service } of await readOwnersParts(store, owners)) {
    if (service instanceof Unreadable) problems.add(service.problem)
    if (rules instanceof Unreadable) {
      problems.add(rules.problem)
      leftOut.set(owner, rules.problem)
    } else entries.push({ owner, rules, service: service instanceof Unreadable ? null : service })
  }
  return { entries, problems: [...problems], leftOut }
}

async function* inBatches<T>(
  owners: readonly string[],
  read: (owner: string) => Promise<T>,
): AsyncGenerator<T> {
  for (let start = 0; start < owners.length; start += BATCH)
    yield* await Promise.all(owners.slice(start, start + BATCH).map(read))
}

/** All entries as they stand; they need not be valid, not even JSON. */
export async function readAll(store: ReadStore): Promise<RulesDocument> {
  const [domains, groups, owners, identity] = await Promise.all([
    store.services(),
    store.groups(),
    store.owners(),
    store.identity(),
  ])
  const entries = await readOwners(store, owners)
  return {
    domains: new Map(domains),
    groups: new Map(groups),
    rules: new Map(entries.map(({ owner, rules }) => [owner, new Map(rules)])),
    store: validMarker(identity.marker),
  }
}

/** What is no marker can't stand in a document. */
function validMarker(json: string | null): string | null {
  return json === null || 'problem' in parseMarker(json) ? null : json
}

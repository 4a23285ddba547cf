/** Reading many owners, or all that a store holds. */
import type { ReadStore } from '../store/rule-store.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import type { RulesDocument } from '../store/rules-document.js'
import { parseMarker } from '../store/store-marker.js'

/** How many owners are read at the same time. */
const BATCH = 50

/** The entries of these owners, one after the other, in their order. */
export async function* eachOwner(store: ReadStore, owners: readonly string[]): AsyncGenerator<OwnerEntries> {
  for (let start = 0; start < owners.length; start += BATCH) {
    const batch = owners.slice(start, start + BATCH)
    yield* await Promise.all(batch.map((owner) => store.readOwner(owner)))
  }
}

/** The entries of these owners, in their order. */
export async function readOwners(store: ReadStore, owners: readonly string[]): Promise<OwnerEntries[]> {
  const read: OwnerEntries[] = []
  for await (const entries of eachOwner(store, owners)) read.push(entries)
  return read
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

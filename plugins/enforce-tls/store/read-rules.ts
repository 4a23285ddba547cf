/** All that is needed to compile an owner's rules; rejects like the store's own calls. */
import type { StoredGroups } from '../rules/group.js'
import { lookingForGroups, type OwnerEntries } from '../rules/owner-entries.js'
import { inPieces } from './turns.js'
import type { RuleStore } from './rule-store.js'

/** Reads an owner, and the groups only where its rules may refer to one. */
export async function readRules(
  store: Pick<RuleStore, 'readOwner' | 'groups'>,
  owner: string,
): Promise<{ readonly entries: OwnerEntries; readonly groups: StoredGroups }> {
  const entries = await store.readOwner(owner)
  return { entries, groups: (await inPieces(lookingForGroups(entries))) ? await store.groups() : NONE }
}

const NONE: StoredGroups = new Map()

/** All that is needed to compile an owner's rules; rejects like the store's own calls. */
import type { StoredGroups } from '../rules/group.js'
import { lookingForGroups, type OwnerEntries } from '../rules/owner-entries.js'
import { inPieces } from '../work/turns.js'
import type { RuleStore } from '../store/rule-store.js'

/** What an owner's list is compiled of. */
export interface ReadRules {
  readonly entries: OwnerEntries
  /** None where the rules can't refer to one. */
  readonly groups: StoredGroups
  readonly usesGroups: boolean
}

/** Reads an owner, and the groups only where its rules may refer to one. */
export async function readRules(
  store: Pick<RuleStore, 'readOwner' | 'groups'>,
  owner: string,
): Promise<ReadRules> {
  const entries = await store.readOwner(owner)
  const usesGroups = await inPieces(lookingForGroups(entries))
  return { entries, groups: usesGroups ? await store.groups() : NONE, usesGroups }
}

const NONE: StoredGroups = new Map()

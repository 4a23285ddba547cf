/**
 * All that an owner's list is compiled of, each part for itself: what the store holds as something else than it
 * should is `Unreadable`, and does not hide the others. Rejects like the store's own calls where it does not answer.
 */
import { Unreadable } from '../rules/entry-problem.js'
import type { StoredGroups } from '../rules/group.js'
import { mayUseGroups, type OwnerParts } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { StoreError, type RuleStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'

/** What an owner's list is compiled of. */
export interface ReadParts {
  readonly parts: OwnerParts
  /** None where the rules can't refer to one. */
  readonly groups: StoredGroups | Unreadable
  readonly usesGroups: boolean
}

/** What is needed of the store. */
export type PartsStore = Pick<RuleStore, 'readOwner' | 'readRules' | 'readService' | 'groups'>

/** Reads an owner, and the groups only where its rules may refer to one. */
export async function readParts(store: PartsStore, owner: string): Promise<ReadParts> {
  const parts = await readOwnerParts(store, owner)
  const { rules } = parts
  const usesGroups = rules instanceof Unreadable || (await inPieces(mayUseGroups({ rules })))
  return { parts, groups: usesGroups ? await readable(store.groups()) : NONE, usesGroups }
}

/** An owner without its groups. */
export async function readOwnerParts(store: PartsStore, owner: string): Promise<OwnerParts> {
  const read = await readable(store.readOwner(owner))
  if (!(read instanceof Unreadable)) return read
  const domain = serviceDomainOf(owner)
  const [rules, service] = await Promise.all([
    readable(store.readRules(owner)),
    domain === null ? null : readable(store.readService(domain)),
  ])
  return { owner, rules, service }
}

/** What was asked for, or what stands in its place. */
export async function readable<T>(asked: Promise<T>): Promise<T | Unreadable> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_CORRUPT') return new Unreadable(error.message)
    throw error
  }
}

const NONE: StoredGroups = new Map()

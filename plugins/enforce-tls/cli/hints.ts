/** "Did you mean": names near to the one that somebody wrote and that is not there. */
import type { ReadStore } from '../store/rule-store.js'
import { didYouMean, nearest } from '../text/nearest.js'

/** The end of a sentence on an owner or domain that a store does not know; nothing where it does, or none is near. */
export async function ownerHint(store: ReadStore, owner: string): Promise<string> {
  const [owners, services] = await Promise.all([store.owners(), store.services()])
  if (services.has(owner) || owners.includes(owner)) return ''
  return didYouMean(nearest(owner, new Set([...owners, ...services.keys()]), Infinity))
}

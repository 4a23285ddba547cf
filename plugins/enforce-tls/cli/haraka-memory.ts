/**
 * What the Haraka of the chosen folder remembers of its store, and whether it takes its rules from the one that a command
 * works on. Beside `--redis` and `--file` there is no such Haraka.
 */
import path from 'node:path'
import harakaConfig from 'haraka-config'
import type { Settings } from '../settings/types.js'
import type { RuleStore, StoreIdentity } from '../store/rule-store.js'
import { queueFolderOf, SeenStores } from '../store/seen-stores.js'
import { holdsRules, nameOf, standingOf, type SeenStore } from '../store/standing.js'
import { parseMarker } from '../store/marker.js'
import { Refusal } from './refusal.js'

/** A store as a Haraka finds it. */
export interface HarakaView {
  readonly store: Pick<RuleStore, 'description' | 'identity' | 'health'>
  readonly settings: Settings
  /** Of the Haraka; `null` where there is none. */
  readonly folder: string | null
}

/** The memory of the Haraka in a folder. @param tell is told what is wrong with its file */
export function memoryOf(folder: string, tell: (problem: string) => void): SeenStores {
  const configFolder = path.join(folder, 'config')
  const queue: unknown = harakaConfig.module_config(folder, folder).get('queue_dir', 'value')
  return new SeenStores({ configFolder, queueFolder: queueFolderOf(folder, queue) }, tell)
}

/** The store that the Haraka in a folder has seen last; `null` where it remembers none, or there is no folder. */
export function seenBy(folder: string | null): SeenStore | null {
  return folder === null ? null : memoryOf(folder, () => undefined).read()
}

/** Why Haraka takes no rules from a store, as a sentence; `null` where it does. Rejects as the store does. */
export async function notTaken({ store, settings, folder }: HarakaView): Promise<string | null> {
  if (folder === null) return null
  const [identity, health] = await Promise.all([store.identity(), store.health()])
  const mayHaveLost = health.evicts !== null || health.keys.some(({ after }) => typeof after === 'number')
  const { onEmptyStore } = settings.main
  const seen = seenBy(folder)
  const standing = standingOf({ place: store.description, identity, seen, onEmptyStore, mayHaveLost })
  return standing.state === 'gone'
    ? `Haraka in this folder takes no rules from here: ${standing.problem}`
    : null
}

/**
 * Keeps a change out of a store that is not the one whose rules Haraka has seen, or has lost them: what is written
 * there would look like all that there is.
 *
 * @param brought the marker of a document that is imported
 * @returns the marker that stands in the way of the one that is brought, as it stands; `null` where none does
 * @throws {Refusal} where the change is not what brings the rules back; nothing is written then.
 */
export async function assertTaken(
  { store, settings, folder }: HarakaView,
  brought: string | undefined,
): Promise<string | null> {
  if (folder === null) return null
  const identity = await store.identity()
  const seen = seenBy(folder)
  const { onEmptyStore } = settings.main
  // The first change of a store that never had rules is what marks it.
  if (seen === null && identity.traces.length === 0) return null
  const sighting = { place: store.description, identity, seen, onEmptyStore, mayHaveLost: false }
  const standing = standingOf(sighting)
  if (standing.state !== 'gone') return null
  if (brought !== undefined && !holdsRules(identity) && isOf(brought, seen)) return identity.marker
  throw new Refusal([
    `Haraka in this folder takes no rules from here: ${standing.problem}`,
    `nothing was written; ${wayBack(identity, seen)}`,
  ])
}

function wayBack(identity: StoreIdentity, seen: SeenStore | null): string {
  const backup = seen === null ? 'that has an id' : `with the id ${nameOf(seen)}`
  const restore = holdsRules(identity)
    ? ''
    : `enforce-tls import of a document ${backup} brings all rules back; `
  const accept = seen === null ? '' : ` --accept ${nameOf(seen)}`
  return `${restore}if this store is the right one as it is, run first: enforce-tls init${accept}`
}

/** Whether a marker is that of the store that was seen, or none was. */
function isOf(marker: string, seen: SeenStore | null): boolean {
  const parsed = parseMarker(marker)
  return !('problem' in parsed) && (seen === null || parsed.id === nameOf(seen))
}

/** Whether a store is the one whose rules count, and what endangers them, as the Haraka of the chosen folder finds it. */
import path from 'node:path'
import harakaConfig from 'haraka-config'
import { queueFolderOf, SeenStores } from '../store/seen-stores.js'
import type { KeyExpiry, StoreHealth, StoreIdentity } from '../store/rule-store.js'
import { holdsRules, standingOf, type Standing } from '../store/standing.js'
import { parseMarker } from '../store/store-marker.js'
import type { Context } from './context.js'

/** What is to say about a store as a whole. */
export interface StoreStanding {
  /** Its marker in a few words. */
  readonly marker: string
  /** Its id; `null` where it has no marker. */
  readonly id: string | null
  /** Why mail waits. */
  readonly problems: readonly string[]
  /** What should be mended, and stops nothing. */
  readonly warnings: readonly string[]
}

/** How many owners are asked about at the same time. */
const BATCH = 100

/** Looks at the store. */
export async function standingIn(context: Context): Promise<StoreStanding> {
  const { store } = context
  const [identity, health, owners] = await Promise.all([store.identity(), store.health(), store.owners()])
  const expiring = [...health.keys, ...(await expiries(context, owners))].filter(
    ({ after }) => typeof after === 'number',
  )
  const warnings: string[] = []
  const mayHaveLost = health.evicts !== null || expiring.length > 0
  const standing = judge(context, identity, mayHaveLost, warnings)
  if (standing.state !== 'gone' && standing.remark !== null) warnings.push(standing.remark)
  warnings.push(...risksIn(context, health, expiring))
  const marker = identity.marker === null ? null : parseMarker(identity.marker)
  const known = marker && !('problem' in marker) ? marker : null
  return {
    marker: known
      ? `${known.id}, since ${known.made}`
      : 'none; the first change adds one, or: enforce-tls init',
    id: known?.id ?? null,
    problems: [
      ...(standing.state === 'gone' ? [standing.problem] : []),
      ...(health.behind === null ? [] : [health.behind]),
    ],
    warnings,
  }
}

function judge(
  { folder, settings, store }: Context,
  identity: StoreIdentity,
  mayHaveLost: boolean,
  warnings: string[],
): Standing {
  const place = store.description
  if (folder === null && !holdsRules(identity) && identity.marker === null)
    return {
      state: 'new',
      remark: `${place} is empty and has no marker: if it had rules, they are lost; if it is new, run: enforce-tls init`,
    }
  const seen = folder === null ? null : memoryOf(folder, warnings).read()
  return standingOf({ place, identity, seen, onEmptyStore: settings.main.onEmptyStore, mayHaveLost })
}

function memoryOf(folder: string, warnings: string[]): SeenStores {
  const configFolder = path.join(folder, 'config')
  const queue: unknown = harakaConfig.module_config(folder, folder).get('queue_dir', 'value')
  return new SeenStores({ configFolder, queueFolder: queueFolderOf(folder, queue) }, (problem) =>
    warnings.push(problem),
  )
}

async function expiries({ store }: Context, owners: readonly string[]): Promise<KeyExpiry[]> {
  const found: KeyExpiry[] = []
  for (let start = 0; start < owners.length; start += BATCH) {
    const batch = owners.slice(start, start + BATCH).map((owner) => store.expiryOf(owner))
    found.push(...(await Promise.all(batch)).filter((expiry) => expiry !== null))
  }
  return found
}

function risksIn({ store }: Context, health: StoreHealth, expiring: readonly KeyExpiry[]): string[] {
  const names = new Set(expiring.map(({ key }) => key))
  return [
    ...(health.evicts === null ? [] : [health.evicts]),
    ...[...names].map(
      (key) => `${store.description}: key ${key} expires, and its rules with it; keep it with PERSIST`,
    ),
    ...(health.unknown === null ? [] : [health.unknown]),
  ]
}

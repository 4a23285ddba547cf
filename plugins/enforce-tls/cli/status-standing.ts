/** Whether a store is the one whose rules count, and what endangers them, as the Haraka of the chosen folder finds it. */
import path from 'node:path'
import harakaConfig from 'haraka-config'
import { queueFolderOf, SeenStores } from '../store/seen-stores.js'
import { whyNotHeard } from '../store/redis-hearing.js'
import { StoreError, type KeyExpiry, type StoreHealth, type StoreIdentity } from '../store/rule-store.js'
import { holdsRules, standingOf, type Standing } from '../store/standing.js'
import { parseMarker } from '../store/store-marker.js'
import type { Context } from './context.js'
import { Refusal } from './refusal.js'

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
  const [identity, health, deaf] = await Promise.all([store.identity(), store.health(), whyDeaf(context)])
  const lacking = [health.unknown, deaf].filter((sentence) => sentence !== null)
  const owners = await store.owners().catch((error: unknown) => {
    // What else this user may not do is mended in the same go.
    if (lacking.length === 0 || !(error instanceof StoreError)) throw error
    throw new Refusal([error.message, ...lacking])
  })
  const expiring = [...health.keys, ...(await expiries(context, owners))].filter(
    ({ after }) => typeof after === 'number',
  )
  const warnings: string[] = []
  const mayHaveLost = health.evicts !== null || expiring.length > 0
  const standing = judge(context, identity, mayHaveLost, warnings)
  if (standing.state !== 'gone' && standing.remark !== null) warnings.push(standing.remark)
  warnings.push(...risksIn(context, health, expiring), ...lacking)
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

/** Why Redis does not tell the Haraka of this folder of changes at once; `null` where it does, or there is none. */
async function whyDeaf({ asHaraka, settings, store }: Context): Promise<string | null> {
  if (!asHaraka || settings.store.type !== 'redis') return null
  const why = await whyNotHeard(settings.redis)
  return why === ''
    ? null
    : `${store.description} does not tell Haraka of changes, so they take effect up to 25 seconds later: it ${why}`
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

/** Whether the Haraka of the chosen folder has never seen a store; one with rules elsewhere is not to be changed lightly. */
export function isFirst({ folder }: Context): boolean {
  return folder !== null && memoryOf(folder, []).read() === null
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
  ]
}

/** Whether a store is the one whose rules count, and what endangers them, as the Haraka of the chosen folder finds it. */
import { whyNotSubscribed } from '../store/redis/feed.js'
import { StoreError, type KeyExpiry, type StoreHealth, type StoreIdentity } from '../store/rule-store.js'
import { holdsRules, lackOf, standingOf, type Standing } from '../store/standing.js'
import { parseMarker } from '../store/marker.js'
import type { Context } from './context.js'
import { memoryOf, seenBy } from './haraka-memory.js'
import { wayBack } from '../admin/store-memory.js'
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
/** Haraka looks at its store every 30 seconds; what it does then takes a moment. In milliseconds. */
const YOUNG = 35_000

/** Looks at the store. */
export async function standingIn(context: Context): Promise<StoreStanding> {
  const { store } = context
  const [identity, health, atRestart, deaf] = await Promise.all([
    store.identity(),
    store.health(),
    store.restartRisk?.() ?? null,
    whyUnsubscribed(context),
  ])
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
  const { standing, unremembered } = judge(context, identity, mayHaveLost, warnings)
  if (standing.state !== 'gone' && standing.remark !== null) warnings.push(standing.remark)
  warnings.push(...risksIn(context, health, expiring), ...(atRestart === null ? [] : [atRestart]), ...lacking)
  const marker = identity.marker === null ? null : parseMarker(identity.marker)
  const known = marker && !('problem' in marker) ? marker : null
  return {
    marker: known
      ? `${known.id}, since ${known.made}`
      : standing.state === 'gone'
        ? 'none'
        : 'none; the first change adds one, or: enforce-tls init',
    id: known?.id ?? null,
    problems: [
      ...(standing.state === 'gone'
        ? [`${standing.problem}. ${wayBack(identity, seenBy(context.folder))}`]
        : []),
      ...(unremembered === null ? [] : [unremembered]),
      ...(health.behind === null ? [] : [health.behind]),
    ],
    warnings,
  }
}

/** Why Redis does not tell the Haraka of this folder of changes at once; `null` where it does, or there is none. */
async function whyUnsubscribed({ asHaraka, settings, store }: Context): Promise<string | null> {
  if (!asHaraka || settings.store.type !== 'redis') return null
  const why = await whyNotSubscribed(settings.redis)
  return why === ''
    ? null
    : `${store.description} does not tell Haraka of changes, so they take effect up to 25 seconds later: it ${why}`
}

function judge(
  { folder, settings, store }: Context,
  identity: StoreIdentity,
  mayHaveLost: boolean,
  warnings: string[],
): { readonly standing: Standing; readonly unremembered: string | null } {
  const place = store.description
  if (folder === null && !holdsRules(identity) && identity.marker === null)
    return {
      standing: {
        state: 'new',
        remark: `${place} ${lackOf(identity)} and has no marker: if it had rules, they are lost; if it is new, run: enforce-tls init`,
      },
      unremembered: null,
    }
  const memory = folder === null ? null : memoryOf(folder, (problem) => warnings.push(problem))
  const seen = memory?.read() ?? null
  const { onEmptyStore } = settings.main
  const standing = standingOf({ place, identity, seen, onEmptyStore, mayHaveLost })
  // With the other answers to an empty store a memory changes nothing.
  const needed = onEmptyStore === 'auto' && holdsRules(identity)
  const missing = memory !== null && seen === null && needed
  if (missing && isYoung(identity)) {
    warnings.push(
      `this Haraka has not noted yet which store it uses (${memory.file}): it does within 30 seconds while it runs; look again then`,
    )
    return { standing, unremembered: null }
  }
  const unremembered = missing
    ? `this Haraka has no memory of its store (${memory.file}): if the rules were lost, mail would be delivered without them; Haraka writes it within 30 seconds while it runs, and its log says why it cannot`
    : null
  return { standing, unremembered }
}

/** Whether a store was marked so short a time ago that a Haraka that runs need not have looked at it. */
function isYoung({ marker }: StoreIdentity): boolean {
  const parsed = marker === null ? null : parseMarker(marker)
  if (parsed === null || 'problem' in parsed) return false
  const age = Date.now() - Date.parse(parsed.made)
  return age >= 0 && age < YOUNG
}

/** Whether the Haraka of the chosen folder has never seen a store; one with rules elsewhere is not to be changed lightly. */
export function isFirst({ folder }: Context): boolean {
  return folder !== null && memoryOf(folder, () => undefined).read() === null
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

/** Whose mail is in the delivery log: of one machine or of all nodes, and which nodes have not been seen for a while. */
import type { Settings } from '../settings/types.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { DOWN_AFTER, parseHeartbeat } from '../waiting/node-heartbeat.js'
import { HASHES } from '../waiting/orders.js'
import type { LogScope } from './scope.js'

export interface ScopeQuery {
  /** The machine whose mail alone is in the log; `null` where nodes share one. */
  readonly machine: string | null
  /** The beginning of the period: who was last seen before has nothing to tell of it. */
  readonly since: Date
  readonly now: Date
  /** What happens to mail while its rules cannot be read. */
  readonly main: Pick<Settings['main'], 'onStoreFailure' | 'onEmptyStore'>
}

/** Never rejects: where the store does not say who is down, that is unknown. */
export async function readLogScope(
  hashes: Pick<SharedHashes, 'read'>,
  { machine, since, now, main }: ScopeQuery,
): Promise<LogScope> {
  const deliversUnknown = main.onStoreFailure === 'deliver' || main.onEmptyStore === 'deliver'
  try {
    const beats = [...(await hashes.read(HASHES.nodes)).values()].flatMap(
      (json) => parseHeartbeat(json) ?? [],
    )
    const down = beats
      .filter(({ at }) => Date.parse(at) >= since.getTime() && now.getTime() - Date.parse(at) > DOWN_AFTER)
      .map(({ name, at }) => ({ name, seen: new Date(at).toISOString() }))
    const off = beats
      .filter(({ at }) => Date.parse(at) >= since.getTime())
      .flatMap(({ name, logOff }) =>
        isTime(logOff) ? [{ name, since: new Date(logOff).toISOString() }] : [],
      )
    return {
      ...{ machine, deliversUnknown, off, nodesUnknown: false },
      down: down.sort((a, b) => (a.seen < b.seen ? -1 : 1)),
    }
  } catch {
    return { machine, down: [], off: [], nodesUnknown: true, deliversUnknown }
  }
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text))
}

/**
 * What nobody comes for any more: answers whose command has ended, counts of processes, and nodes that are gone for good, as a container that
 * came back under another name. Rejects where the store does not answer.
 */
import type { SharedHashes } from '../store/shared-hashes.js'
import { parseHeartbeat } from './node-heartbeat.js'
import { HASHES, parseAnswer } from './orders.js'
import type { SharedWrites } from './shared-writes.js'
import { parseUntried } from './untried-items.js'

const HOUR = 3_600_000
/** A command waits for seconds, and a process that lives tells its count four times a minute. */
const TOLD_LAST = HOUR
/** Longer than any queue keeps a message. */
const NODES_LAST = 30 * 24 * HOUR

/** Removes it. @param now in milliseconds since the epoch */
export async function removeLeftOver(
  hashes: SharedHashes,
  writes: SharedWrites,
  now = Date.now(),
): Promise<void> {
  for (const [id, json] of await hashes.read(HASHES.answers)) {
    const at = Date.parse(parseAnswer(json)?.at ?? '')
    if (!(now - at < TOLD_LAST)) writes.put(HASHES.answers, id, null)
  }
  for (const [node, json] of await hashes.read(HASHES.nodes)) {
    for (const [process, told] of await hashes.read(HASHES.untried(node)))
      if (!(now - Date.parse(parseUntried(told)?.at ?? '') < TOLD_LAST))
        writes.put(HASHES.untried(node), process, null)
    const seen = Date.parse(parseHeartbeat(json)?.at ?? '')
    if (now - seen < NODES_LAST) continue
    for (const hash of [HASHES.items(node), HASHES.orders(node), HASHES.grants(node)])
      for (const id of (await hashes.read(hash)).keys()) writes.put(hash, id, null)
    writes.put(HASHES.nodes, node, null)
  }
}

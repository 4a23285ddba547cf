/** Messages and notices that could be neither delivered nor returned: a person has to look at them, or nobody does. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { numbered } from '../text/list.js'
import { errorMessage } from '../text/error-message.js'
import type { Surroundings } from './context.js'
import { queueFolderIn } from './haraka-memory.js'
import { formatUtc } from '../text/utc.js'

/** What is kept on this machine. */
export interface KeptStatus {
  readonly folder: string
  /** `null` where the folder could not be read. */
  readonly count: number | null
  /** When the latest one was written, in ISO 8601; `null` for none, and where that is unknown. */
  readonly latest: string | null
  readonly text: string
  readonly warnings: readonly string[]
}

/** What is known; `null` beside `--redis` and `--file`, which know no queue. Never rejects. */
export async function keptState({ folder }: Pick<Surroundings, 'folder'>): Promise<KeptStatus | null> {
  if (folder === null) return null
  const queue = queueFolderIn(folder)
  try {
    const names = (await readdir(queue)).filter((name) => name.startsWith('error.'))
    const times = await Promise.all(names.map((name) => stat(path.join(queue, name)).then(timeOf, () => 0)))
    const last = Math.max(0, ...times)
    const latest = last === 0 ? null : new Date(last).toISOString()
    const since = latest === null ? '' : `, the latest of ${formatUtc(latest)}`
    const text = `${numbered(names.length, 'message')} as error.* in ${queue}${since}`
    return {
      ...{ folder: queue, count: names.length, latest, text },
      warnings:
        names.length === 0
          ? []
          : [
              `${text}: neither they nor a notice could be delivered. Look at each, and tell whoever it is from; to try it again, rename it without "error." and restart Haraka; otherwise delete it`,
            ],
    }
  } catch (error) {
    // A Haraka that was never started has no queue yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    const why = `unknown: ${errorMessage(error)}`
    return {
      ...{ folder: queue, count: null, latest: null, text: why },
      warnings: [`messages kept as error.*: ${why}`],
    }
  }
}

/** A renamed file keeps the time of its last change; since when it has this name is the time of the rename. */
function timeOf({ ctimeMs }: { readonly ctimeMs: number }): number {
  return ctimeMs
}

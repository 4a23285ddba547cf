/** What the Haraka of the chosen folder remembers of its store. Beside `--redis` and `--file` there is no such Haraka. */
import path from 'node:path'
import harakaConfig from 'haraka-config'
import type { StoreMemory } from '../admin/store-memory.js'
import type { Settings } from '../settings/types.js'
import { queueFolderOf, SeenStores } from '../store/seen-stores.js'
import type { SeenStore } from '../store/standing.js'

/** The memory of the Haraka in a folder. @param tell is told what is wrong with its file */
export function memoryOf(folder: string, tell: (problem: string) => void): SeenStores {
  const configFolder = path.join(folder, 'config')
  return new SeenStores({ configFolder, queueFolder: queueFolderIn(folder) }, tell)
}

/** The queue folder of the Haraka in a folder. */
export function queueFolderIn(folder: string): string {
  const queue: unknown = harakaConfig.module_config(folder, folder).get('queue_dir', 'value')
  return queueFolderOf(folder, queue)
}

/** The store that the Haraka in a folder has seen last; `null` where it remembers none, or there is no folder. */
export function seenBy(folder: string | null): SeenStore | null {
  return folder === null ? null : memoryOf(folder, () => undefined).read()
}

/** What decides whether that Haraka takes rules from a store; `null` without a folder. */
export function memoryIn({
  folder,
  settings,
}: {
  readonly folder: string | null
  readonly settings: Settings
}): StoreMemory | null {
  if (folder === null) return null
  return { seen: () => seenBy(folder), onEmptyStore: () => settings.main.onEmptyStore }
}

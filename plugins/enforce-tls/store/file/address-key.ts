/**
 * The key of the hashes in the delivery log, in a file beside it. Whoever may read the log may read the key; both are
 * needed to ask for an address. Rejects with what the file system says.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'

/** As the delivery log: the owner writes, the group reads. */
const MODE = 0o640

/** The key; `null` where there is none yet. */
export async function readAddressKey(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Writes the key where there is none; gives the one that is there then. */
export async function makeAddressKey(file: string, candidate: string): Promise<string> {
  const written = `${file}.${randomUUID()}`
  await writeFile(written, `${candidate}\n`, { mode: MODE })
  try {
    // Whole at once, and never in place of another: two processes may come here together.
    await link(written, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(written)
  }
  return (await readAddressKey(file)) ?? candidate
}

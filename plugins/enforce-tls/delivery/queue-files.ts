/**
 * Haraka's queue files, as far as this plugin moves them: setting one aside, and dividing one among its
 * recipients. A failure leaves the original as it was.
 */
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { renameSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import type { HarakaAddress, HarakaMailItem, HarakaOutbound } from '../haraka/types.js'

/**
 * Sets a queue file aside under a name that Haraka leaves alone.
 *
 * @returns the new name, without folder
 */
export async function keepAsError(file: string): Promise<string> {
  const name = `error.${path.basename(file)}`
  await rename(file, path.join(path.dirname(file), name))
  return name
}

/**
 * Divides an item into one for each group of its recipients; the new ones go to the delivery queue. All new
 * files are complete on disk before the first gets its real name, and the old one goes right after that:
 * what a crash can do is leave a recipient in two files for the time of a few system calls, never in none.
 *
 * @throws when a file can't be written; nothing has changed then.
 */
export async function divide(
  item: HarakaMailItem,
  groups: readonly (readonly HarakaAddress[])[],
  outbound: HarakaOutbound,
): Promise<void> {
  const folder = path.dirname(item.path)
  const { qfile } = outbound
  const written: { readonly name: string; readonly draft: string }[] = []
  try {
    for (const recipients of groups) {
      const { arrival, attempts } = qfile.parts(item.filename) ?? {}
      const name = qfile.name({ arrival, attempts })
      const draft = path.join(folder, `${qfile.platformDOT}${name}`)
      written.push({ name, draft })
      await write(draft, item, recipients)
    }
    for (const { name, draft } of written) renameSync(draft, path.join(folder, name))
    unlinkSync(item.path)
  } catch (error) {
    await Promise.all(
      written.flatMap(({ name, draft }) => [
        rm(draft, { force: true }),
        rm(path.join(folder, name), { force: true }),
      ]),
    )
    throw error
  }
  for (const { name } of written) {
    outbound.delivery_queue.push(new outbound.HMailItem(name, path.join(folder, name), item.todo.notes))
  }
}

/** The format of `outbound/index.js` `build_todo`: length, JSON head, message. */
async function write(
  file: string,
  item: HarakaMailItem,
  recipients: readonly HarakaAddress[],
): Promise<void> {
  const head = Buffer.from(`\n${JSON.stringify({ ...item.todo, rcpt_to: recipients }, null, '\t')}\n`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  const handle = await open(file, 'wx')
  try {
    await handle.write(Buffer.concat([length, head]))
    for await (const chunk of createReadStream(item.path, {
      start: item.data_start,
    }) as AsyncIterable<Buffer>) {
      await handle.write(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Haraka's queue files, as far as this plugin moves them: setting one aside, dividing one among its
 * recipients, splitting some recipients off. A failure leaves the original as it was.
 */
import { createReadStream, renameSync, unlinkSync } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { asNotified, isNotified } from './queue-name.js'
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

/** Whether a queue file has been removed, by a person for example; unknown counts as no. */
export function isGone(file: string): Promise<boolean> {
  return access(file).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT',
  )
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
  const parts: Part[] = []
  try {
    for (const recipients of groups) parts.push(await draft(item, recipients, outbound))
    for (const part of parts) renameSync(part.draft, part.file)
    unlinkSync(item.path)
  } catch (error) {
    await Promise.all(
      parts.flatMap((part) => [part.draft, part.file]).map((file) => rm(file, { force: true })),
    )
    throw error
  }
  for (const part of parts) outbound.delivery_queue.push(itemOf(part, item, outbound))
}

/**
 * Writes an item for some of an item's recipients; the item itself still has them.
 *
 * @returns the new item, ready, with what is known of its recipients
 * @throws when the file can't be written; nothing has changed then.
 */
export async function splitOff(
  item: HarakaMailItem,
  recipients: readonly HarakaAddress[],
  outbound: HarakaOutbound,
): Promise<HarakaMailItem> {
  const part = await draft(item, recipients, outbound)
  try {
    await rename(part.draft, part.file)
  } catch (error) {
    await rm(part.draft, { force: true })
    throw error
  }
  const split = itemOf(part, item, outbound)
  await new Promise<void>((resolve) => split.once('ready', () => resolve()))
  // A queue file holds addresses only; what servers said of them is for the bounce.
  split.todo.rcpt_to = [...recipients]
  return split
}

interface Part {
  readonly name: string
  /** Where it is written: a name that Haraka removes at its next start. */
  readonly draft: string
  readonly file: string
}

function itemOf({ name, file }: Part, { todo }: HarakaMailItem, outbound: HarakaOutbound): HarakaMailItem {
  return new outbound.HMailItem(name, file, todo.notes)
}

/** Writes a queue file under a draft's name: the format of `outbound/index.js` `build_todo`. */
async function draft(
  item: HarakaMailItem,
  recipients: readonly HarakaAddress[],
  { qfile }: HarakaOutbound,
): Promise<Part> {
  const folder = path.dirname(item.path)
  const { arrival, attempts } = qfile.parts(item.filename) ?? {}
  const fresh = qfile.name({ arrival, attempts })
  const name = (isNotified(item.filename) && asNotified(fresh)) || fresh
  const part = {
    name,
    draft: path.join(folder, `${qfile.platformDOT}${name}`),
    file: path.join(folder, name),
  }
  const head = Buffer.from(`\n${await todoOf(item, recipients)}\n`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  try {
    const handle = await open(part.draft, 'wx')
    try {
      await handle.writeFile(Buffer.concat([length, head]))
      const message = createReadStream(item.path, { start: item.data_start }) as AsyncIterable<Buffer>
      for await (const chunk of message) await handle.writeFile(chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(part.draft, { force: true })
    throw error
  }
  return part
}

/** The head for some recipients, as JSON. */
async function todoOf(item: HarakaMailItem, recipients: readonly HarakaAddress[]): Promise<string> {
  const todo = { ...item.todo, rcpt_to: recipients, message_stream: undefined }
  try {
    return JSON.stringify(todo, null, '\t')
  } catch {
    // A plugin has left a cycle or a BigInt in the notes; what is on disk is what a restart would know, too.
    const chunks: Buffer[] = []
    const head = createReadStream(item.path, { start: 4, end: item.data_start - 1 }) as AsyncIterable<Buffer>
    for await (const chunk of head) chunks.push(chunk)
    const { notes } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { notes: unknown }
    return JSON.stringify({ ...todo, notes }, null, '\t')
  }
}

/**
 * The Message-ID of queued messages, for the delivery log: read beside the delivery, which does not wait for it, as soon
 * as it is known that a rule is about the message. Later its file may be gone.
 */
import { open } from 'node:fs/promises'
import type { HarakaMailItem } from '../haraka/types.js'

/** So much of a message is looked at, in bytes. Trace fields stand before it, hardly ever so many. */
const LOOKED_AT = 32 * 1024
const FIELD = /^message-id[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)/im

const ids = new WeakMap<HarakaMailItem, Promise<string | null>>()

/** Begins to read the Message-ID of an item, once. */
export function lookForMessageId(item: HarakaMailItem): void {
  if (!ids.has(item)) ids.set(item, readMessageId(item.path, item.data_start))
}

/** What was read, if it was looked for. */
export function messageIdOf(item: HarakaMailItem): Promise<string | null> | undefined {
  return ids.get(item)
}

/** The Message-ID of the message that begins there in a file; `null` where there is none, or it can't be read. */
export async function readMessageId(path: string, start: number): Promise<string | null> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOKED_AT), 0, LOOKED_AT, start)
      const [header = ''] = buffer.toString('latin1', 0, bytesRead).split(/\r?\n\r?\n/, 1)
      const value = FIELD.exec(header)?.[1]?.replace(/\r?\n/g, '').trim() ?? ''
      return value === '' ? null : Buffer.from(value, 'latin1').toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}

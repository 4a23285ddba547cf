/**
 * What the delivery log has of the header of queued messages, the Message-ID and whether it says `TLS-Required: No`: read beside
 * the delivery, which does not wait for it, as soon as it is known that a rule is about the message. Later its file may be gone.
 */
import { open } from 'node:fs/promises'
import type { HarakaMailItem } from '../haraka/types.js'
import { saysTlsRequiredNo } from '../requiretls/header-fields.js'
import type { IgnoredWhy } from '../requiretls/ignored-no.js'
import { HeaderBlock } from '../rules/header-block.js'

/** So much of a message is looked at, in bytes. Trace fields stand before it, hardly ever so many. */
const LOOKED_AT = 32 * 1024
const TLS_REQUIRED_FIELD = /^tls-required[ \t]*:/im
const FIELD = /^message-id[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)/im

/** Of one message. */
export interface OwnHeader {
  /** `null` where there is none, or it can't be read. */
  readonly messageId: string | null
  /** Whether it says `TLS-Required: No`, as far as that is looked for. */
  readonly saysNo: boolean
}

/** That a message says `TLS-Required: No`, and why that does not count. */
export interface IgnoredNo {
  readonly why: IgnoredWhy
  /** Whether it says it at all. Never rejects. */
  readonly isSaid: Promise<boolean>
}

const headers = new WeakMap<HarakaMailItem, Promise<OwnHeader>>()
const ignored = new WeakMap<HarakaMailItem, IgnoredNo>()

/** Begins to read the header of an item, once. */
export function lookForMessageId(item: HarakaMailItem): void {
  if (!headers.has(item)) headers.set(item, readOwnHeader(item.path, item.data_start))
}

/** The Message-ID that was read, if it was looked for. */
export function messageIdOf(item: HarakaMailItem): Promise<string | null> | undefined {
  return headers.get(item)?.then(({ messageId }) => messageId)
}

/**
 * `TLS-Required: No` of an item that is looked for does not count at this attempt.
 *
 * @param said called the first time, where it is said
 */
export function noteIgnoredNo(item: HarakaMailItem, why: IgnoredWhy, said: () => void): void {
  const header = headers.get(item)
  if (!header) return
  const isNew = !ignored.has(item)
  const isSaid = header.then(({ saysNo }) => saysNo)
  ignored.set(item, { why, isSaid })
  if (isNew) void isSaid.then((is) => is && said())
}

/** What was noted of it last. */
export function ignoredNoOf(item: HarakaMailItem): IgnoredNo | undefined {
  return ignored.get(item)
}

/** What the message says that begins there in a file. Never rejects. */
export async function readOwnHeader(path: string, start: number): Promise<OwnHeader> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOKED_AT), 0, LOOKED_AT, start)
      const [header = '', body] = buffer.toString('latin1', 0, bytesRead).split(/\r?\n\r?\n/, 2)
      const value = FIELD.exec(header)?.[1]?.replace(/\r?\n/g, '').trim() ?? ''
      return {
        messageId: value === '' ? null : Buffer.from(value, 'latin1').toString('utf8'),
        // Of a header that goes on beyond that, there may be a second field.
        saysNo: body !== undefined && saysNo(header),
      }
    } finally {
      await file.close()
    }
  } catch {
    return { messageId: null, saysNo: false }
  }
}

/** Hardly any message has the field: no other is parsed for it. */
function saysNo(header: string): boolean {
  return TLS_REQUIRED_FIELD.test(header) && saysTlsRequiredNo(new HeaderBlock(`${header}\r\n\r\n`))
}

/** Reads the header block out of a queue file, and no more of it. */
import { open, type FileHandle } from 'node:fs/promises'
import { HEADER_BYTES_MAX, HeaderBlock } from '../rules/header-block.js'

/** As much as most header blocks have. */
const FIRST = 16 * 1024

/**
 * The header block of a queued message, as far as it is looked at (`HEADER_BYTES_MAX`).
 *
 * @param start where the message begins in the file, in bytes
 * @param cut see `HeaderBlock`
 * @throws where the file can't be read (rejects)
 */
export async function readHeaderBlock(
  file: string,
  start: number,
  cut: string | null = null,
): Promise<HeaderBlock> {
  const handle = await open(file)
  try {
    const beginning = await readUpTo(handle, start, FIRST)
    if (beginning.length < FIRST || /\n\r?\n/.test(beginning.toString('latin1')))
      return new HeaderBlock(beginning, cut)
    // One byte more than is looked at tells that there is more.
    return new HeaderBlock(await readUpTo(handle, start, HEADER_BYTES_MAX + 1), cut)
  } finally {
    await handle.close()
  }
}

/** As much as there is, up to a length. */
async function readUpTo(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let read = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, read, length - read, start + read)
    read += bytesRead
    if (bytesRead === 0 || read === length) return buffer.subarray(0, read)
  }
}

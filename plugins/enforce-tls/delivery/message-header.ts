/** Reads the header block out of a queue file, and no more of it; a file that can't be read rejects. */
import { open } from 'node:fs/promises'
import { HEADER_BYTES_MAX, HeaderBlock } from '../rules/header-block.js'

const CHUNK = 16 * 1024

/**
 * The header block of a queued message, as far as it is looked at (`HEADER_BYTES_MAX`).
 *
 * @param start where the message begins in the file, in bytes
 */
export async function readHeaderBlock(file: string, start: number): Promise<HeaderBlock> {
  const handle = await open(file)
  try {
    let text = Buffer.alloc(0)
    while (text.length < HEADER_BYTES_MAX) {
      const chunk = Buffer.alloc(CHUNK)
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, start + text.length)
      text = Buffer.concat([text, chunk.subarray(0, bytesRead)])
      if (bytesRead === 0 || /\n\r?\n/.test(text.toString('latin1'))) break
    }
    return new HeaderBlock(text)
  } finally {
    await handle.close()
  }
}

/** Lines of a file that is only added to, oldest first. A file that is missing has none. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'

/** The lines of a file; rejects with what the file system says. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8')
  const opened = new Promise<boolean>((resolve, reject) => {
    input.once('open', () => resolve(true))
    input.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
  if (await opened) yield* createInterface({ input, crlfDelay: Infinity })
}

/** The first line; `null` where there is none. */
export async function firstLineOf(file: string): Promise<string | null> {
  for await (const line of linesOf(file)) return line
  return null
}

/**
 * Drops the lines at the beginning that are old. Nobody may add to the file meanwhile.
 *
 * @param mode of the file that takes its place
 */
export async function dropOldLines(
  file: string,
  isOld: (line: string) => boolean,
  mode: number,
): Promise<void> {
  let start = 0
  for await (const line of linesOf(file)) {
    if (!isOld(line)) break
    start += Buffer.byteLength(line) + 1
  }
  if (start === 0) return
  const rest = `${file}.${randomUUID()}`
  await pipeline(createReadStream(file, { start }), createWriteStream(rest, { mode }))
  await rename(rest, file)
}

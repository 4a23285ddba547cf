/** Writes the output of a command into a file. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileProblem } from '../store/file/errors.js'
import { Refusal } from './refusal.js'

/**
 * Writes a file, and makes the folder that it is in.
 *
 * @param folder where a relative path counts from
 * @throws {Refusal} that says what the file system has against it.
 */
export async function writeOutput(file: string, content: string | Uint8Array, folder: string): Promise<void> {
  const target = path.resolve(folder, file)
  try {
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, content)
  } catch (error) {
    throw new Refusal([`--output ${target} ${fileProblem(error)}`])
  }
}

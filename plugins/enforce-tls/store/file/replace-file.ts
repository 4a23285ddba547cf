/**
 * Replaces a file under a lock, as a whole or not at all: who reads it meanwhile sees the old text or the new
 * one. Every failure rejects with the error of the file system and leaves the old file as it was.
 */
import { randomBytes } from 'node:crypto'
import { open, readlink, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** Mode of a file that is made: the owner writes, the group reads; rules are nobody else's business. */
const NEW_FILE_MODE = 0o640
/** Mode of a file with secrets that is made, and of all files while they are written. */
const SECRET_FILE_MODE = 0o600
/** A lock that its holder has not refreshed for this long belongs to a process that died, in milliseconds. */
const LOCK_STALE = 5000
/** How long to wait for another writer, in milliseconds: longer than a lock takes to become stale. */
const LOCK_TIMEOUT = 15_000
/** Between two tries to get the lock, in milliseconds; varied, so that two writers do not stay in step. */
const LOCK_PAUSE = 15
const LINKS_MAX = 40
/** Of a file with secrets, what an operator has let a group do stays; others have no business with it. */
const NOT_OTHERS = 0o770

/** How a file is replaced. */
export interface ReplaceOptions {
  /** Whether nobody but its owner may read a file that is made. @default the group may */
  readonly secret?: boolean
  /** Whom files belong to that are not there yet; others keep theirs. @default who makes them */
  readonly newFileOwner?: NewFileOwner
}

/** Whom a file is given that is made by root, as far as there is anybody. */
export type NewFileOwner = { readonly uid: number; readonly gid: number } | null

/** The new texts of a file and of others that belong to it. */
export type NewTexts = readonly (readonly [file: string, text: string])[]

/**
 * Reads, changes and replaces a file while no other writer can.
 *
 * @param update gives the new texts of the file, whose real name it is given, and of files beside it, after it
 *   has read the old ones itself. All are written before the first is put in its place.
 */
export async function replaceFile(
  file: string,
  update: (target: string) => Promise<NewTexts>,
  options: ReplaceOptions = {},
): Promise<void> {
  // A link stays a link: what it points to is replaced, and locked, under its one real name.
  const target = await realTarget(file)
  let lost: Error | null = null
  const release = await lockOn(target, (error) => (lost = error))
  try {
    const texts = await update(target)
    await writeBeside(texts, options, () => {
      if (lost) throw lost
    })
  } finally {
    // A lock that was lost is not ours to release, and the change is made or has failed already.
    await release().catch(() => undefined)
  }
}

/** Waits for the lock as long as another writer holds it; any other error is thrown at once. */
async function lockOn(target: string, onCompromised: (error: Error) => void): Promise<() => Promise<void>> {
  // Loaded for a change only: it hooks into fs and into the signals of the process, which is no good guest's
  // behaviour in a mail server that only ever reads.
  const { lock } = await import('proper-lockfile')
  const deadline = Date.now() + LOCK_TIMEOUT
  for (;;) {
    try {
      return await lock(target, { realpath: false, stale: LOCK_STALE, onCompromised })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED' || Date.now() > deadline) throw error
    }
    await pause(LOCK_PAUSE * (0.5 + Math.random()))
  }
}

/**
 * Writes new files beside the old ones and renames them. The npm package write-file-atomic does not look how much
 * was written and replaces the file by half of the text when the disk is full.
 */
async function writeBeside(
  texts: NewTexts,
  options: ReplaceOptions,
  assertLocked: () => void,
): Promise<void> {
  const written: string[] = []
  try {
    for (const [target, text] of texts) written.push(await writeTemporary(target, text, options))
    assertLocked()
    for (const [index, [target]] of texts.entries()) await rename(written[index] ?? '', target)
  } catch (error) {
    for (const temporary of written) await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** A complete new file beside the old one; gives its name. */
async function writeTemporary(
  target: string,
  text: string,
  { secret = false, newFileOwner = null }: ReplaceOptions,
): Promise<string> {
  const old = await stat(target).catch(whenMissing(null))
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  const mode = secret ? SECRET_FILE_MODE : NEW_FILE_MODE
  const handle = await open(temporary, 'wx', SECRET_FILE_MODE)
  try {
    // Before the first byte: whoever may not read the file never can.
    const owner = old ?? newFileOwner
    if (owner) await setOwner(handle, owner.uid, owner.gid)
    await handle.chmod(old ? old.mode & (secret ? NOT_OTHERS : 0o7777) : mode)
    await handle.writeFile(text)
    await handle.sync()
    return temporary
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
}

/** Sets owner and group as far as this user may give files away; the group alone lets Haraka go on reading. */
async function setOwner(handle: FileHandle, uid: number, gid: number): Promise<void> {
  await handle
    .chown(uid, gid)
    .catch(() => handle.chown(-1, gid))
    .catch(() => undefined)
}

/** The file behind symbolic links, also where the last one points to a file that is yet to be made. */
export async function realTarget(file: string, links = 0): Promise<string> {
  const real = await realpath(file).catch(whenMissing(null))
  if (real !== null) return real
  const folder = await realpath(path.dirname(file))
  const plain = path.join(folder, path.basename(file))
  const linked = links < LINKS_MAX ? await readlink(plain).catch(() => null) : null
  return linked === null ? plain : realTarget(path.resolve(folder, linked), links + 1)
}

function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value
    throw error
  }
}

/**
 * What is wrong when the file system refuses: words for the person in charge, with the way out; an error
 * that is not in the table is passed on in its own words.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: `may not be read or written by this user; check owner and mode of the file and of its folder`,
  EPERM: `may not be changed by this user; check owner, mode and attributes of the file and of its folder`,
  EROFS: 'is on a file system that is mounted read-only',
  EISDIR: 'is a folder; the path of a file is expected',
  ENOTDIR: 'has a path through something that is not a folder; check the path',
  ELOOP: 'is a symbolic link in a circle; check the path',
  ENOENT: 'is in a folder that does not exist; create the folder, or check the path',
  ENOSPC: 'cannot be written, the disk is full; free some space and repeat',
  EDQUOT: 'cannot be written, the disk quota is used up; free some space and repeat',
  EMFILE: 'cannot be opened, this process has too many open files; raise its limit',
  ENFILE: 'cannot be opened, the system has too many open files; raise its limit',
  ELOCKED:
    'is locked by another writer; if none runs any more, remove the folder of the same name with .lock',
  ECOMPROMISED: 'was not written, the lock was lost meanwhile; repeat the change',
}

/** Says what an error means, as the end of a sentence that names the file. */
export function fileProblem(error: unknown): string {
  const { code, message, syscall, path: file } = error as NodeJS.ErrnoException
  // A file is opened; what is looked at otherwise, and must be there, is its folder.
  if (code === 'ENOENT' && syscall === 'open' && file !== undefined && existsSync(path.dirname(file)))
    return 'does not exist; check the path (ENOENT)'
  const words = code === undefined ? undefined : PROBLEMS[code]
  return words === undefined ? `cannot be used: ${message}` : `${words} (${String(code)})`
}

/**
 * Passwords as they are stored: scrypt (RFC 7914) in a text of the PHC string format, with its parameters, so that
 * later versions can ask for more. One computation at a time in a process: each takes memory and one of the few
 * threads that Haraka needs for files and names. A text that is no such hash fits no password.
 */
import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import pLimit from 'p-limit'

/** log2 of the cost: with r=8 each computation takes 32 MiB. */
const COST_LOG2 = 15
const BLOCK_SIZE = 8
const PARALLEL = 3
const SALT_BYTES = 16
const HASH_BYTES = 32
/** More memory than any parameters that this version writes, in bytes. */
const MEMORY_MAX = 256 * 1024 * 1024
/** How many computations may wait for their turn. */
const WAITING_MAX = 50

/** The fewest characters of a new password. */
export const PASSWORD_MIN = 12
/** The most characters of a password: what is longer is not looked at. */
export const PASSWORD_MAX = 1024

/** Too many computations wait already. */
export class TooBusy extends Error {
  readonly code = 'TOO_BUSY'
}

const oneAtATime = pLimit(1)
const computed = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** What is wrong with a new password, as the end of a sentence; `null` for a good one. */
export function passwordProblem(password: string): string | null {
  const length = Array.from(password).length
  if (length < PASSWORD_MIN) return `has ${length} characters; use at least ${PASSWORD_MIN}`
  return password.length > PASSWORD_MAX ? `is longer than ${PASSWORD_MAX} characters` : null
}

/** The text to store of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const parameters = { N: 2 ** COST_LOG2, r: BLOCK_SIZE, p: PARALLEL }
  return phc(salt, await derive(password, salt, HASH_BYTES, parameters))
}

/** A hash that no password is known for: to compare with where there is no user, at the same cost. */
export function unknownHash(): string {
  return phc(randomBytes(SALT_BYTES), randomBytes(HASH_BYTES))
}

/**
 * Whether a password is the one that was stored.
 *
 * @throws {TooBusy} when too many of these wait already.
 */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, ln, r, p, salt = '', hash = ''] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored) ?? []
  if (hash === '' || password.length > PASSWORD_MAX) return false
  const expected = Buffer.from(hash, 'base64')
  const parameters = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
  const found = await derive(password, Buffer.from(salt, 'base64'), expected.length, parameters)
  return timingSafeEqual(found, expected)
}

function phc(salt: Buffer, hash: Buffer): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=${COST_LOG2},r=${BLOCK_SIZE},p=${PARALLEL}$${base64(salt)}$${base64(hash)}`
}

function derive(password: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> {
  if (oneAtATime.activeCount + oneAtATime.pendingCount >= WAITING_MAX)
    return Promise.reject(new TooBusy('too many passwords are being checked'))
  // One spelling for what looks and types the same.
  const typed = password.normalize('NFC')
  return oneAtATime(() => computed(typed, salt, length, { ...options, maxmem: MEMORY_MAX }))
}

/**
 * Signing in: whether name and password belong together. An unknown name takes the same time and gets the same
 * words as a wrong password, and after some tries both are answered with how long to wait.
 */
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { Problem } from '../problem.js'
import { parseUser, parseUserName, type User } from './account.js'
import { isPassword, unknownHash } from './password.js'
import type { Vault } from './vault.js'

/** Wrong passwords for one user from one address, within a quarter of an hour. */
const TRIES_FOR_USER = 5
/** Wrong passwords from one address, whoever they are for. */
const TRIES_FROM_ADDRESS = 50
const DURATION_SECONDS = 15 * 60

/** Checks passwords, and counts how often. */
export class SignIn {
  readonly #vault: Vault
  readonly #forUser: RateLimiterAbstract
  readonly #fromAddress: RateLimiterAbstract
  readonly #nobody = unknownHash()

  constructor(vault: Vault) {
    this.#vault = vault
    this.#forUser = vault.limiter({ name: 'user', points: TRIES_FOR_USER, duration: DURATION_SECONDS })
    this.#fromAddress = vault.limiter({
      name: 'address',
      points: TRIES_FROM_ADDRESS,
      duration: DURATION_SECONDS,
    })
  }

  /**
   * The user whose name and password these are.
   *
   * @param address where the request comes from
   * @throws {Problem} 401 where they do not belong together, 429 after too many tries.
   */
  async check(
    given: string,
    password: string,
    address: string,
  ): Promise<{ readonly name: string; readonly user: User }> {
    const parsed = parseUserName(given)
    const name = 'name' in parsed ? parsed.name : ''
    const key = `${name}|${address}`
    // Before the look: tries at the same time count as well.
    await consume(this.#forUser, key)
    await consume(this.#fromAddress, address)
    const user = name === '' ? null : parseUser(await this.#vault.read('users', name))
    const fits = await isPassword(password, user?.password ?? this.#nobody)
    if (!fits || user === null)
      throw new Problem(401, 'sign-in-failed', 'The user name or the password is wrong.')
    await this.#forUser.delete(key)
    await this.#fromAddress.reward(address)
    return { name, user }
  }
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000))
    throw new Problem(
      429,
      'too-many-tries',
      `Too many tries to sign in. Try again in ${Math.ceil(seconds / 60)} minutes.`,
      { retryAfter: seconds },
    )
  }
}

/**
 * Signing in: whether name and password belong together. An unknown name takes the same time and gets the same
 * words as a wrong password, and after some tries both are answered with how long to wait. What a try costs here
 * and in the store is bounded by how many passwords can be looked at: nothing is noted of tries beyond that.
 */
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { numbered } from '../../text/list.js'
import { Problem } from '../problem.js'
import { parseUser, parseUserName, type User } from './account.js'
import { networkOf } from './client-network.js'
import { isPassword, TooBusy, unknownHash } from './password.js'
import type { AccountStore } from './account-store.js'

/** Wrong passwords for one user from one address, within a quarter of an hour. */
const TRIES_FOR_USER = 5
/** Wrong passwords from one address, whoever they are for. */
const TRIES_FROM_ADDRESS = 50
/** Wrong passwords for one user, wherever they come from. */
const TRIES_FROM_ANYWHERE = 200
const DURATION_SECONDS = 15 * 60

/** Tries that are looked at, or wait for it, in a process; in all, and from one address. */
const AT_A_TIME = 50
const AT_A_TIME_FROM_ADDRESS = 10

/** Checks passwords, and counts how often. */
export class SignIn {
  readonly #accounts: AccountStore
  readonly #fromAddress: RateLimiterAbstract
  readonly #forUser: RateLimiterAbstract
  readonly #fromAnywhere: RateLimiterAbstract
  readonly #nobody = unknownHash()
  readonly #underWay = new Map<string, number>()
  #allUnderWay = 0

  constructor(accounts: AccountStore) {
    this.#accounts = accounts
    const limiter = (name: string, points: number) =>
      accounts.limiter({ name, points, duration: DURATION_SECONDS })
    this.#fromAddress = limiter('address', TRIES_FROM_ADDRESS)
    this.#forUser = limiter('user', TRIES_FOR_USER)
    this.#fromAnywhere = limiter('anywhere', TRIES_FROM_ANYWHERE)
  }

  /**
   * The user whose name and password these are.
   *
   * @param address where the request comes from
   * @throws {Problem} 401 where they do not belong together, 429 after too many tries.
   * @throws {TooBusy} where too many are tried at this moment.
   */
  async check(
    given: string,
    password: string,
    address: string,
  ): Promise<{ readonly name: string; readonly user: User }> {
    const network = networkOf(address)
    const mine = this.#underWay.get(network) ?? 0
    if (this.#allUnderWay >= AT_A_TIME || mine >= AT_A_TIME_FROM_ADDRESS)
      throw new TooBusy('too many passwords are being checked')
    this.#allUnderWay++
    this.#underWay.set(network, mine + 1)
    try {
      return await this.#check(given, password, network)
    } finally {
      this.#allUnderWay--
      const left = (this.#underWay.get(network) ?? 1) - 1
      if (left > 0) this.#underWay.set(network, left)
      else this.#underWay.delete(network)
    }
  }

  async #check(
    given: string,
    password: string,
    network: string,
  ): Promise<{ readonly name: string; readonly user: User }> {
    const parsed = parseUserName(given)
    const name = 'name' in parsed ? parsed.name : ''
    const key = `${name}|${network}`
    // Before the look: tries at the same time count as well. The address first: one that has to wait leaves
    // nothing behind of the names that it tries.
    await consume(this.#fromAddress, network)
    await consume(this.#forUser, key)
    // This one takes as long as any other try: what a new address leaves behind is never made faster than that.
    const elsewhere = await consume(this.#fromAnywhere, name).then(() => null, onlyProblem)
    const user = name === '' ? null : parseUser(await this.#accounts.read('users', name))
    const fits = await isPassword(password, user?.password ?? this.#nobody)
    if (elsewhere !== null) throw elsewhere
    if (!fits || user === null) throw new Problem(401, 'sign-in-failed', 'Wrong user name or password.')
    await this.#forUser.delete(key)
    await this.#fromAnywhere.reward(name)
    await this.#fromAddress.reward(network)
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
      `Too many sign-in attempts. Try again in ${numbered(Math.ceil(seconds / 60), 'minute')}.`,
      { retryAfter: seconds },
    )
  }
}

function onlyProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  throw error
}

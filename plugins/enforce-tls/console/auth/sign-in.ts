/**
 * Signing in: whether name and password belong together. An unknown name takes the same time and gets the same
 * words as a wrong password, and after some tries both are answered with how long to wait. What a try costs here
 * and in the store is bounded by how many passwords can be looked at: nothing is noted of tries beyond that.
 */
import { isIP } from 'node:net'
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { numbered } from '../../text/list.js'
import { Problem } from '../problem.js'
import { parseUser, parseUserName, type User } from './account.js'
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

  /**
   * Work with another secret than a password, counted as tries from an address: those that throw are.
   *
   * @throws {Problem} 429 after too many tries.
   */
  async counted<T>(address: string, work: () => Promise<T>): Promise<T> {
    const network = networkOf(address)
    await consume(this.#fromAddress, network)
    const result = await work()
    await this.#fromAddress.reward(network)
    return result
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

/**
 * An IPv4 address, or the network of an IPv6 address: whoever has one of its addresses usually has all of its /64
 * (RFC 6177). What is no address, since a proxy may send anything, counts as one.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1)
  if (isIP(bare) === 4) return bare
  if (isIP(bare) !== 6) return 'unknown'
  const parts = partsOf(bare)
  // ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2).
  if (parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff) {
    const [high = 0, low = 0] = parts.slice(6)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const network = parts.slice(0, 4).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}

/** The eight parts of an IPv6 address. */
function partsOf(address: string): number[] {
  // In its shortest spelling, without IPv4 in it (WHATWG URL).
  const { hostname } = new URL(`http://[${address}]`)
  const [before = '', after] = hostname.slice(1, -1).split('::', 2)
  const read = (text: string) => (text === '' ? [] : text.split(':').map((part) => parseInt(part, 16)))
  const [head, tail] = [read(before), read(after ?? '')]
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

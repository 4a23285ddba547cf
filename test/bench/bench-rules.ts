/** The rules and addresses of the benchmarks: rule n is for mail to a domain of its own, partner-n.example. */
import type Redis from 'ioredis'
import { seededRandom } from '../support/seeded-random.js'
import { storedRule } from '../support/rules.js'

/** So many commands are sent before their answers are awaited. */
const CHUNK = 2000

/** A rule as a store holds it. @param position its place among its owner's rules, from 1 */
export function ruleJson(number: number, position: number): string {
  return JSON.stringify(
    storedRule({ to: [partner(number)], name: `Enforced TLS to partner ${number}`, position }),
  )
}

export function ruleId(number: number): string {
  return `r${number.toString(36).padStart(7, '0')}`
}

/** The domain that a rule is for. */
export function partner(number: number): string {
  return `partner-${number}.example`
}

/** A domain that no rule is for, written as those that are. */
export function stranger(number: number): string {
  return `nobody-${number}.example`
}

export function ownerName(number: number): string {
  return `owner-${number}.example`
}

/** The numbers of an owner's rules: rule n belongs to owner n modulo the number of owners. */
export function* rulesOfOwner(owner: number, owners: number, rules: number): Generator<number> {
  for (let number = owner; number < rules; number += owners) yield number
}

/** Numbers below a bound, the same ones in every run. */
export function numbersBelow(bound: number, count: number, seed: number): Uint32Array {
  const random = seededRandom(seed)
  return Uint32Array.from({ length: count }, () => random.between(0, bound))
}

/** Writes rules `from` to `to` into Redis, of so many owners, whose services are on. */
export async function fillRedis(
  redis: Redis,
  { from, to, owners }: { from: number; to: number; owners: number },
): Promise<void> {
  for (let start = from; start < to; start += CHUNK) {
    const commands = redis.pipeline()
    for (let number = start; number < Math.min(start + CHUNK, to); number++) {
      const owner = ownerName(number % owners)
      const json = ruleJson(number, Math.floor(number / owners) + 1)
      commands.hset(`enforce-tls:rules:${owner}`, ruleId(number), json)
      if (number < owners) commands.hset('enforce-tls:domains', owner, '{"enabled":true}')
    }
    await commands.exec()
  }
}

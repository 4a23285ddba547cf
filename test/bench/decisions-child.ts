/**
 * One measurement of part a in a process of its own, so that none finds the memory of another: run with
 * `--expose-gc` and a task as JSON; prints the result as JSON.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { harakaRoot } from '../support/repository.js'
import { numbersBelow, ownerName, partner, stranger } from './bench-rules.js'
import { timeCalls } from './call-times.js'
import { percentile } from './statistics.js'
import { warmDecider } from './warm-decisions.js'

/** What to measure: decisions by so many rules of so many owners, or Haraka's list with as many hosts. */
export interface Task {
  readonly kind: 'plugin' | 'haraka'
  readonly rules: number
  readonly owners: number
  readonly calls: number
}

/** Times in nanoseconds. */
export interface Result {
  readonly p50: number
  readonly p99: number
  /** `null` where memory is not measured. */
  readonly bytesPerRule: number | null
  readonly calls: number
}

/** The rule that call n looks for; every second call asks for a domain that no rule is for. */
interface LookUp {
  readonly rule: number
  readonly domain: string
}

const SEED = 5
const AT_MOST_MS = 4000

async function timePlugin({ rules, owners, calls }: Task): Promise<Result> {
  // What the first rules of all need, code above all, is no rule's.
  await warmDecider(100, 2)
  const before = await usedMemory()
  const decide = await warmDecider(rules, owners)
  const bytesPerRule = ((await usedMemory()) - before) / rules
  const messages = lookUps(rules, Math.min(calls, 100_000)).map(({ rule, domain }) => ({
    sender: { local: 'ann', domain: ownerName(rule % owners) },
    recipient: { local: 'cfo', domain },
  }))
  const covered = messages.filter((message) => decide(message.sender, message.recipient).requirement !== null)
  if (covered.length * 2 !== messages.length)
    throw new Error(`${covered.length} of ${messages.length} were covered`)
  const times = timeCalls(
    (index) => {
      const message = messages[index % messages.length] as (typeof messages)[number]
      return decide(message.sender, message.recipient)
    },
    { calls, atMost: AT_MOST_MS },
  )
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), bytesPerRule, calls: times.length }
}

/** The part of Haraka's outbound item that the look-up uses. */
type LookUpInHaraka = (this: object, mx: { exchange: string; from_dns: string }) => boolean

/** Haraka's own method, called as for an MX host that DNS told of: address, host name, and the item's domain. */
function timeHaraka({ rules, calls }: Task): Result {
  const outbound = join(harakaRoot(), 'outbound')
  const load = createRequire(__filename)
  const { prototype } = load(join(outbound, 'hmail')) as { prototype: { get_force_tls: LookUpInHaraka } }
  const settings = load(join(outbound, 'tls')) as { cfg?: object }
  settings.cfg = { force_tls_hosts: Array.from({ length: rules }, (_, number) => partner(number)) }
  const wanted = lookUps(rules, Math.min(calls, 100_000)).map(({ domain }) => ({
    item: { todo: { domain }, logdebug: () => undefined },
    mx: { exchange: '192.0.2.25', from_dns: `mx1.${domain}` },
  }))
  const times = timeCalls(
    (index) => {
      const { item, mx } = wanted[index % wanted.length] as (typeof wanted)[number]
      return prototype.get_force_tls.call(item, mx)
    },
    { calls, atMost: AT_MOST_MS },
  )
  return {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    bytesPerRule: null,
    calls: times.length,
  }
}

function lookUps(rules: number, count: number): LookUp[] {
  return [...numbersBelow(rules, count, SEED)].map((rule, index) => ({
    rule,
    domain: index % 2 === 0 ? partner(rule) : stranger(rule),
  }))
}

async function usedMemory(): Promise<number> {
  const { gc } = globalThis
  if (!gc) throw new Error('node --expose-gc is needed')
  // Twice, with a turn between: what finalizers free shows only then.
  gc()
  await new Promise((resolve) => setImmediate(resolve))
  gc()
  return process.memoryUsage().heapUsed
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as Task
  const result = task.kind === 'plugin' ? await timePlugin(task) : timeHaraka(task)
  // Haraka's modules keep timers and print on stdout: the answer is the last line.
  process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit())
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})

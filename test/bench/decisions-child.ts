/**
 * One measurement of part a in a process of its own, so that none finds the memory of another: run with
 * `--expose-gc` and a task as JSON; prints the result as JSON.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { comparableDomain, comparableLocal, formatAddress } from '../../plugins/enforce-tls/rules/address.js'
import { harakaRoot } from '../support/repository.js'
import { numbersBelow, ownerName, partner, stranger } from './bench-rules.js'
import { timeCalls } from './call-times.js'
import { percentile } from './statistics.js'
import { warmDecider, type Decider } from './warm-decisions.js'

/** What to measure: decisions by so many rules of so many owners, or Haraka's list with as many hosts. */
export interface Task {
  readonly kind: 'plugin' | 'haraka'
  readonly rules: number
  readonly owners: number
  readonly calls: number
}

/** Times in nanoseconds. */
export interface Result {
  /** Of look-ups that find something. */
  readonly p50: number
  readonly p99: number
  /**
   * Of the look-ups alone in plain `Map`s as large, for the same addresses: the sender's three owners, then the
   * recipient's domain in the map of one owner; `null` where they were not measured.
   */
  readonly p50OfMaps: number | null
  /** Of look-ups for domains that nothing is there for; `null` where they were not measured. */
  readonly p50OfOthers: number | null
  /** `null` where memory was not measured. */
  readonly bytesPerRule: number | null
  readonly calls: number
}

const SEED = 5
/** Memory is measured over at least so many. */
const MEASURED_RULES = 20_000
const AT_MOST_MS = 4000

async function timePlugin({ rules, owners, calls }: Task): Promise<Result> {
  // What the first rules of all need, code above all, is no rule's.
  await warmDecider(100, 2)
  const before = await usedMemory()
  const deciders: Decider[] = []
  // Of few rules it takes several: what the engine makes of its own code meanwhile is as much as they are.
  while (deciders.length === 0 || deciders.length * rules < MEASURED_RULES)
    deciders.push(await warmDecider(rules, owners))
  const bytesPerRule = ((await usedMemory()) - before) / (deciders.length * rules)
  const decide = deciders[0] as Decider
  const numbers = numbersBelow(rules, calls, SEED)
  const times = async (domainOf: (rule: number) => string, covered: boolean): Promise<Float64Array> => {
    const prepare = (index: number) => messageFor(numbers[index % calls] as number, owners, domainOf)
    const { sender, recipient } = prepare(0)
    if (((await decide(sender, recipient)).requirement !== null) !== covered)
      throw new Error(`the decision on ${recipient.domain} is wrong`)
    return await timeCalls(prepare, (message) => decide(message.sender, message.recipient), {
      calls,
      atMost: AT_MOST_MS,
    })
  }
  const found = await times(partner, true)
  return {
    p50: percentile(found, 0.5),
    p99: percentile(found, 0.99),
    p50OfMaps: percentile(await timeMaps(numbers, { rules, owners, calls }), 0.5),
    p50OfOthers: percentile(await times(stranger, false), 0.5),
    bytesPerRule,
    calls,
  }
}

/** What no decision can do without: four look-ups, of texts that were made just now. */
async function timeMaps(
  numbers: Uint32Array,
  { rules, owners, calls }: Pick<Task, 'rules' | 'owners' | 'calls'>,
): Promise<Float64Array> {
  const maps = new Map<string, Map<string, object>>()
  for (let owner = 0; owner < owners; owner++) {
    const name = ownerName(owner)
    maps.set(name, new Map())
    maps.set(`ann@${name}`, new Map())
  }
  for (let rule = 0; rule < rules; rule++)
    maps.get(ownerName(rule % owners))?.set(partner(rule), { number: rule })
  return await timeCalls(
    (index) => messageFor(numbers[index % calls] as number, owners, partner),
    ({ sender, recipient }) => [
      maps.get('*'),
      maps.get(sender.domain)?.get(recipient.domain),
      maps.get(formatAddress(sender)),
    ],
    { calls, atMost: AT_MOST_MS },
  )
}

/** Addresses as a message brings them: texts that were made just now. */
function messageFor(rule: number, owners: number, domainOf: (rule: number) => string) {
  return {
    sender: { local: comparableLocal('Ann'), domain: fresh(ownerName(rule % owners)) },
    recipient: { local: comparableLocal('Cfo'), domain: fresh(domainOf(rule)) },
  }
}

function fresh(domain: string): string {
  return comparableDomain(domain.charAt(0).toUpperCase() + domain.slice(1))
}

/** The part of Haraka's outbound item that the look-up uses. */
type LookUpInHaraka = (this: object, mx: { exchange: string; from_dns: string }) => boolean

/** Haraka's own method, called as for an MX host that DNS told of: address, host name, and the item's domain. */
async function timeHaraka({ rules, calls }: Task): Promise<Result> {
  const outbound = join(harakaRoot(), 'outbound')
  const load = createRequire(__filename)
  const { prototype } = load(join(outbound, 'hmail')) as { prototype: { get_force_tls: LookUpInHaraka } }
  const settings = load(join(outbound, 'tls')) as { cfg?: object }
  settings.cfg = { force_tls_hosts: Array.from({ length: rules }, (_, number) => partner(number)) }
  const numbers = numbersBelow(rules, calls, SEED)
  const prepare = (index: number) => {
    const domain = fresh(partner(numbers[index % calls] as number))
    return {
      item: { todo: { domain }, logdebug: () => undefined },
      mx: { exchange: '192.0.2.25', from_dns: fresh(`mx1.${domain}`) },
    }
  }
  const times = await timeCalls(prepare, ({ item, mx }) => prototype.get_force_tls.call(item, mx), {
    calls,
    atMost: AT_MOST_MS,
  })
  return {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    p50OfMaps: null,
    p50OfOthers: null,
    bytesPerRule: null,
    calls: times.length,
  }
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
  const result = task.kind === 'plugin' ? await timePlugin(task) : await timeHaraka(task)
  // Haraka's modules keep timers and print on stdout: the answer is the last line.
  process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit())
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})

/**
 * Part d: start and memory of a Haraka with the plugin, against the number of rules in its Redis; and what the
 * first message of an owner with all of these rules costs: how long it waits, and how long others would.
 */
import Redis from 'ioredis'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { fillRedis, ownerName } from './bench-rules.js'
import { SmtpProbe, TAKE_ALL } from './smtp-probe.js'
import { median, shownCount, shownMilliseconds, shownVerdict } from './statistics.js'

/** The owner of all rules. */
const BIG = ownerName(0)
const SMALL = 'small.example'
/** The longest time that the event loop may stand still, in milliseconds. */
const STALL_TARGET = 20
/** A start that depends on the number of rules would differ from one without by far more than this factor. */
const START_TARGET = 1.25
/** How long the first message of a large owner may take, in milliseconds. */
const PATIENCE = 30_000

/** Prints the time from the start of the process until Haraka listens, and on SIGUSR2 what a process is like. */
const FACTS_PLUGIN = `
const { monitorEventLoopDelay } = require('node:perf_hooks')
const v8 = require('node:v8')
const vm = require('node:vm')
const delay = monitorEventLoopDelay({ resolution: 1 })
exports.register = function () {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc')
  delay.enable()
  this.register_hook('init_master', 'tell_start', 90)
  process.on('SIGUSR2', () => {
    const longestStall = delay.max / 1e6
    const { rss } = process.memoryUsage()
    gc()
    const { heapUsed } = process.memoryUsage()
    process.stdout.write('bench-facts ' + JSON.stringify({ longestStall, rss, heapUsed }) + ' end\\n')
    // The next turn of the event loop would count the collection.
    setTimeout(() => delay.reset(), 20)
    setTimeout(() => process.stdout.write('bench-reset\\n'), 40)
  })
}
exports.tell_start = (next) => {
  process.stdout.write('bench-started ' + process.uptime() * 1000 + ' end\\n')
  next()
}
`

/** What a process says of itself: milliseconds and bytes. */
interface Facts {
  readonly longestStall: number
  readonly rss: number
  readonly heapUsed: number
}

/** Figures for one number of rules: milliseconds and bytes. */
interface Measured {
  readonly rules: number
  readonly start: number
  readonly startWithoutPlugin: number
  readonly rss: number
  readonly rssWithoutPlugin: number
  /** Of an owner with all of the rules. */
  readonly firstDecision: number
  readonly longestStall: number
  readonly heapWithRules: number
}

export const startUp: BenchPart = { id: 'd', title: 'Start-up and memory', run }

async function run({ quick, progress }: BenchRun): Promise<readonly BenchTable[]> {
  const sizes = quick ? [0, 1000] : [0, 1000, 100_000, 1_000_000]
  const starts = quick ? 1 : 5
  progress.start(sizes.length * (starts + 1))
  await using redis = await startRedis()
  const client = new Redis(redis.port)
  const measured: Measured[] = []
  try {
    let filled = 0
    for (const rules of sizes) {
      await fillRedis(client, { from: filled, to: rules, owners: 1 })
      filled = rules
      progress.step(`${shownCount(rules)} rules in Redis`)
      measured.push(await measure(redis.port, { rules, starts, step: (label) => progress.step(label) }))
    }
  } finally {
    client.disconnect()
  }
  return [startTable(measured), loadTable(measured.filter(({ rules }) => rules > 0))]
}

async function measure(
  port: number,
  { rules, starts, step }: { rules: number; starts: number; step: (label: string) => void },
): Promise<Measured> {
  const withPlugin: Started[] = []
  const without: Started[] = []
  let load: Load | undefined
  for (let number = 1; number <= starts; number++) {
    await using bare = await startMeasured(null)
    without.push(await factsOfStart(bare))
    await bare.stop()
    await using haraka = await startMeasured(port)
    withPlugin.push(await factsOfStart(haraka))
    load ??= await loadBigOwner(haraka)
    step(`${shownCount(rules)} rules, start ${number}`)
  }
  return {
    rules,
    start: median(withPlugin.map(({ start }) => start)),
    startWithoutPlugin: median(without.map(({ start }) => start)),
    rss: median(withPlugin.map(({ rss }) => rss)),
    rssWithoutPlugin: median(without.map(({ rss }) => rss)),
    ...(load ?? { firstDecision: NaN, longestStall: NaN, heapWithRules: NaN }),
  }
}

async function startMeasured(port: number | null): Promise<Haraka> {
  return await startHaraka({
    plugins: ['facts', 'take-all', ...(port === null ? [] : ['enforce-tls'])],
    extraPlugins: { ...TAKE_ALL, facts: FACTS_PLUGIN },
    config: port === null ? {} : { 'enforce-tls.ini': `[redis]\nport=${port}\n` },
  })
}

/** A started Haraka. */
interface Started {
  readonly start: number
  readonly rss: number
}

/** After its first message, for which everything that is loaded late has been. */
async function factsOfStart(haraka: Haraka): Promise<Started> {
  const [, start] = await haraka.waitForLog(/bench-started (\S+) end/)
  using probe = await SmtpProbe.open(haraka.port)
  await probe.isRefused(SMALL)
  return { start: Number(start), rss: (await factsOf(haraka)).rss }
}

type Load = Pick<Measured, 'firstDecision' | 'longestStall' | 'heapWithRules'>

async function loadBigOwner(haraka: Haraka): Promise<Load> {
  using probe = await SmtpProbe.open(haraka.port)
  const start = performance.now()
  // While one process reads them, others may be in the middle of their own work: mail waits, and is tried again.
  await haraka.until(
    () =>
      probe.isRefused(BIG).then(
        () => true,
        () => false,
      ),
    'a decision on an owner with many rules',
    PATIENCE,
  )
  const firstDecision = performance.now() - start
  const { longestStall, heapUsed } = await factsOf(haraka)
  return { firstDecision, longestStall, heapWithRules: heapUsed }
}

/** What the process says; afterwards the longest stall counts anew. */
async function factsOf(haraka: Haraka): Promise<Facts> {
  const after = haraka.mark()
  process.kill(haraka.pids.master, 'SIGUSR2')
  const [, json] = await haraka.waitForLog(/bench-facts (.*) end/, { after })
  await haraka.waitForLog(/bench-reset/, { after })
  return JSON.parse(json ?? '') as Facts
}

function startTable(measured: readonly Measured[]): BenchTable {
  const without = measured[0]?.start ?? NaN
  return {
    title: 'Start of a Haraka, by the number of rules in Redis',
    columns: ['rules in Redis', 'start', 'without the plugin', 'memory', 'without the plugin', 'target'],
    rows: measured.map(({ rules, start, startWithoutPlugin, rss, rssWithoutPlugin }) => [
      shownCount(rules),
      shownMilliseconds(start),
      shownMilliseconds(startWithoutPlugin),
      shownMegabytes(rss),
      shownMegabytes(rssWithoutPlugin),
      shownVerdict(start <= without * START_TARGET),
    ]),
    note:
      'From the start of the process until Haraka has run its start-up hooks; resident memory after the ' +
      `first message, of an owner without rules. Medians. Target: at most ${START_TARGET} times the start ` +
      'with an empty Redis.',
    data: measured,
  }
}

function loadTable(measured: readonly Measured[]): BenchTable {
  return {
    title: 'The first message of an owner who has all of these rules',
    columns: ['rules', 'waits for its decision', 'longest stall of the event loop', 'heap then', 'target'],
    rows: measured.map(({ rules, firstDecision, longestStall, heapWithRules }) => [
      shownCount(rules),
      shownMilliseconds(firstDecision),
      shownMilliseconds(longestStall),
      shownMegabytes(heapWithRules),
      shownVerdict(longestStall <= STALL_TARGET),
    ]),
    note:
      'One owner with as many rules, read from Redis and compiled in a running Haraka; the longest time in ' +
      'which the process did nothing else (perf_hooks.monitorEventLoopDelay), pauses of its garbage ' +
      `collection included. Target: no stall of more than ${STALL_TARGET} ms.`,
    data: measured,
  }
}

function shownMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`
}

/**
 * Part d: start and memory of a Haraka with the plugin, against the number of rules in its Redis; and what the
 * first message of an owner with all of these rules costs: how long it waits, and how long others would.
 */
import Redis from 'ioredis'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { fillRedis, ownerName } from './bench-rules.js'
import { FACTS_PLUGIN } from './facts-plugin.js'
import { SmtpProbe, TAKE_ALL } from './smtp-probe.js'
import { median, shownCount, shownMilliseconds, shownVerdict } from './statistics.js'

/** The owner of all rules. */
const BIG = ownerName(0)
const SMALL = 'small.example'
/** The longest time that the event loop may stand still, in milliseconds. */
const STALL_TARGET = 50
/** How long the first message of an owner of a million rules may wait, in milliseconds. */
const FIRST_TARGET = 10_000
/**
 * A start that depends on the number of rules would be slower than one with an empty Redis by far more than this
 * factor; each is compared with starts without the plugin at the same time, when the machine is as busy.
 */
const START_TARGET = 1.25
/** How long the first message of a large owner may take, in milliseconds. */
const PATIENCE = 120_000

/** What a process says of itself: milliseconds and bytes. */
interface Facts {
  readonly longestStall: number
  /** The same in processor time of its main thread; `null` where the system does not tell. */
  readonly longestOwnStall: number | null
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
  readonly longestOwnStall: number | null
  readonly heapWithRules: number
}

export const startUp: BenchPart = { id: 'd', title: 'Start-up and memory', run }

async function run({ quick, progress }: BenchRun): Promise<readonly BenchTable[]> {
  const sizes = quick ? [0, 1000] : [0, 1000, 100_000, 1_000_000]
  const starts = quick ? 1 : 3
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
  const loads: Load[] = []
  for (let number = 1; number <= starts; number++) {
    await using bare = await startMeasured(null)
    without.push(await factsOfStart(bare))
    await bare.stop()
    await using haraka = await startMeasured(port)
    withPlugin.push(await factsOfStart(haraka))
    loads.push(await loadBigOwner(haraka))
    step(`${shownCount(rules)} rules, start ${number}`)
  }
  return {
    rules,
    start: median(withPlugin.map(({ start }) => start)),
    startWithoutPlugin: median(without.map(({ start }) => start)),
    rss: median(withPlugin.map(({ rss }) => rss)),
    rssWithoutPlugin: median(without.map(({ rss }) => rss)),
    firstDecision: median(loads.map(({ firstDecision }) => firstDecision)),
    longestStall: median(loads.map(({ longestStall }) => longestStall)),
    longestOwnStall: medianOrNull(loads.map(({ longestOwnStall }) => longestOwnStall)),
    heapWithRules: median(loads.map(({ heapWithRules }) => heapWithRules)),
  }
}

function medianOrNull(samples: readonly (number | null)[]): number | null {
  const told = samples.filter((sample) => sample !== null)
  return told.length === 0 ? null : median(told)
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

type Load = Pick<Measured, 'firstDecision' | 'longestStall' | 'longestOwnStall' | 'heapWithRules'>

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
  const { longestStall, longestOwnStall, heapUsed } = await factsOf(haraka)
  return { firstDecision, longestStall, longestOwnStall, heapWithRules: heapUsed }
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
  const factor = ({ start, startWithoutPlugin }: Measured): number => start / startWithoutPlugin
  const [empty] = measured
  return {
    title: 'Start of a Haraka, by the number of rules in Redis',
    columns: ['rules in Redis', 'start', 'without the plugin', 'memory', 'without the plugin', 'target'],
    rows: measured.map((each) => [
      shownCount(each.rules),
      shownMilliseconds(each.start),
      shownMilliseconds(each.startWithoutPlugin),
      shownMegabytes(each.rss),
      shownMegabytes(each.rssWithoutPlugin),
      shownVerdict(empty !== undefined && factor(each) <= factor(empty) * START_TARGET),
    ]),
    note:
      'From the start of the process until Haraka has run its start-up hooks; resident memory after the ' +
      'first message, of an owner without rules. Medians; starts with and without the plugin take turns. ' +
      `Target: the one is to the other as with an empty Redis, at most ${START_TARGET} times that.`,
    data: measured,
  }
}

function loadTable(measured: readonly Measured[]): BenchTable {
  return {
    title: 'The first message of an owner who has all of these rules',
    columns: [
      'rules',
      'waits for its decision',
      'longest stall',
      'its own work in one',
      'heap then',
      'target',
    ],
    rows: measured.map(({ rules, firstDecision, longestStall, longestOwnStall, heapWithRules }) => [
      shownCount(rules),
      shownMilliseconds(firstDecision),
      shownMilliseconds(longestStall),
      longestOwnStall === null ? 'not told' : shownMilliseconds(longestOwnStall),
      shownMegabytes(heapWithRules),
      shownVerdict(firstDecision <= FIRST_TARGET && (longestOwnStall ?? longestStall) <= STALL_TARGET),
    ]),
    note:
      'One owner with as many rules, read from Redis and compiled in a running Haraka. A stall is a time in ' +
      'which the event loop did not go on (perf_hooks.monitorEventLoopDelay), pauses for other programs of ' +
      'the machine included; its own work is the processor time of the main thread between two turns of the ' +
      `loop, garbage collection included. Medians of as many starts. Target: a decision within ` +
      `${FIRST_TARGET / 1000} s, and at most ${STALL_TARGET} ms of its own work at a time.`,
    data: measured,
  }
}

function shownMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`
}

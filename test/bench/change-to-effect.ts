/**
 * Part c: how long after a change in Redis it is in force in every process. Three real Haraka are asked all the
 * time, over SMTP, whether they would take a message, while a plain Redis client switches the rule on and off.
 */
import { setTimeout as pause } from 'node:timers/promises'
import Redis from 'ioredis'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { fillRedis, ownerName } from './bench-rules.js'
import { probeRule, SmtpProbe, TAKE_ALL } from './smtp-probe.js'
import { percentile, shownCount, shownMilliseconds, shownVerdict } from './statistics.js'

const PROCESSES = 3
const OWNERS = 1000
const TARGET_MS = 50
/** Between two questions to one Haraka, so that asking does not keep it from its work; in milliseconds. */
const BETWEEN_QUESTIONS = 2
/** So long no change is longer in coming, in milliseconds. */
const PATIENCE = 60_000

const DOMAIN = ownerName(0)

export const changeToEffect: BenchPart = { id: 'c', title: 'From a change to its effect', run }

async function run({ quick, progress }: BenchRun): Promise<readonly BenchTable[]> {
  const rules = quick ? 1000 : 100_000
  const changes = quick ? 6 : 200
  progress.start(changes + 2)
  await using redis = await startRedis()
  const client = new Redis(redis.port)
  const harakas: Haraka[] = []
  const probes: SmtpProbe[] = []
  try {
    await fillRedis(client, { from: 0, to: rules, owners: Math.min(OWNERS, rules) })
    await setProbeRule(client, false)
    progress.step(`${shownCount(rules)} rules in Redis`)
    for (let number = 0; number < PROCESSES; number++) harakas.push(await startProbed(redis.port))
    for (const haraka of harakas) probes.push(await SmtpProbe.open(haraka.port))
    await Promise.all(probes.map((probe) => untilRefused(probe, false)))
    progress.step(`${PROCESSES} Haraka`)
    const times: number[][] = []
    for (let change = 1; change <= changes; change++) {
      times.push(await timeChange(client, probes, change % 2 === 1))
      progress.step(`change ${change}`)
    }
    return [table(rules, times)]
  } finally {
    for (const probe of probes) probe[Symbol.dispose]()
    await Promise.all(harakas.map((haraka) => haraka.close()))
    client.disconnect()
  }
}

async function startProbed(port: number): Promise<Haraka> {
  return await startHaraka({
    plugins: ['take-all', 'enforce-tls'],
    extraPlugins: TAKE_ALL,
    config: { 'enforce-tls.ini': `[redis]\nport=${port}\n` },
  })
}

async function setProbeRule(client: Redis, enabled: boolean): Promise<void> {
  await client.hset(`enforce-tls:rules:${DOMAIN}`, 'probe', probeRule(enabled))
}

/** @returns for each Haraka the milliseconds from the command to its first answer that shows the change */
async function timeChange(client: Redis, probes: readonly SmtpProbe[], enabled: boolean): Promise<number[]> {
  const start = performance.now()
  const changed = setProbeRule(client, enabled)
  const times = await Promise.all(
    probes.map(async (probe) => {
      await untilRefused(probe, enabled)
      return performance.now() - start
    }),
  )
  await changed
  return times
}

async function untilRefused(probe: SmtpProbe, expected: boolean): Promise<void> {
  const end = performance.now() + PATIENCE
  while ((await probe.isRefused(DOMAIN)) !== expected) {
    if (performance.now() > end) throw new Error(`a change was not in force after ${PATIENCE} ms`)
    await pause(BETWEEN_QUESTIONS)
  }
}

function table(rules: number, times: readonly (readonly number[])[]): BenchTable {
  const figures = [
    { where: 'in one process', samples: times.flat() },
    { where: `in all ${PROCESSES} processes`, samples: times.map((ofChange) => Math.max(...ofChange)) },
  ].map(({ where, samples }) => ({
    where,
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    longest: Math.max(...samples),
  }))
  return {
    title: `From a change in Redis to its effect, ${shownCount(rules)} rules`,
    columns: ['a change is in force', 'p50', 'p99', 'longest', 'target'],
    rows: figures.map(({ where, p50, p99, longest }) => [
      where,
      ...[p50, p99, longest].map(shownMilliseconds),
      shownVerdict(p99 <= TARGET_MS),
    ]),
    note:
      `${times.length} times a plain client switches a rule on or off with HSET; ${PROCESSES} Haraka, each ` +
      `asked over SMTP, with ${BETWEEN_QUESTIONS} ms between, whether it takes a message that the rule is ` +
      'about. The time runs from before the command to the answer that shows the change. The rules are of ' +
      `${shownCount(Math.min(OWNERS, rules))} owners. Target: p99 at most ${TARGET_MS} ms.`,
    data: { rules, processes: PROCESSES, changes: times.length, milliseconds: figures },
  }
}

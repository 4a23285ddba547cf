/** What a running Haraka holds, and whether that grows. Needs Linux's /proc and the resources plugin. */
import { readdirSync, readlinkSync } from 'node:fs'
import type { Haraka } from '../support/haraka.js'

/** Caches are full after the first round; what the collector leaves behind differs by less, in bytes. */
const HEAP_GROWTH_MAX = 4 * 2 ** 20

export interface Resources {
  /** Bytes. */
  readonly rss: number
  /** Bytes, buffers included, after a garbage collection. */
  readonly heap: number
  /** All of the process: connections of mail, to Redis, and what listens. */
  readonly sockets: number
  readonly timers: number
}

/** Asks the only process of a Haraka. */
export async function resourcesOf(haraka: Haraka): Promise<Resources> {
  const after = haraka.mark()
  const { master } = haraka.pids
  process.kill(master, 'SIGUSR2')
  const [, json = ''] = await haraka.waitForLog(/soak-resources (.*) end/, { after })
  return { ...(JSON.parse(json) as Omit<Resources, 'sockets'>), sockets: socketsOf(master) }
}

/**
 * What has leaked, in words.
 *
 * @param before after some messages, at rest
 * @param rounds after each round, at rest
 */
export function leaks(before: Resources, rounds: readonly Resources[]): string[] {
  const [first, last] = [rounds[0], rounds.at(-1)]
  if (!first || !last) return ['nothing was measured']
  const growth = last.heap - first.heap
  return [
    ...(last.sockets > before.sockets ? [`${last.sockets - before.sockets} sockets are left open`] : []),
    ...(last.timers > before.timers ? [`${last.timers - before.timers} timers are left`] : []),
    ...(growth > HEAP_GROWTH_MAX ? [`the heap has grown by ${growth} bytes since the first round`] : []),
  ]
}

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((name) => isSocket(`${folder}/${name}`)).length
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:')
  } catch {
    // It was closed meanwhile.
    return false
  }
}

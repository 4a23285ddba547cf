/** CPU time of processes, from Linux's /proc. Throws where there is none. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

let tickLength: number | undefined

/** User and system time of some processes and of all their descendants that live, in milliseconds. */
export function cpuTime(pids: readonly number[]): number {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []))
  const wanted = new Set(pids)
  for (let size = 0; size !== wanted.size;) {
    size = wanted.size
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid)
  }
  return all.reduce((sum, { pid, time }) => sum + (wanted.has(pid) ? time : 0), 0)
}

/** What processes at rest may take between two looks, in milliseconds. */
const AT_REST = 5

/** The same, once the processes have come to rest. */
export async function cpuTimeAtRest(pids: readonly number[]): Promise<number> {
  for (let last = cpuTime(pids); ;) {
    await pause(150)
    const now = cpuTime(pids)
    if (now - last < AT_REST) return now
    last = now
  }
}

/**
 * See proc(5). Time of a process itself is in nanoseconds where the kernel tells: in ticks, each of Postfix's many
 * processes would lose half of one. Of its children that have ended it is in ticks.
 */
function statOf(pid: number): { pid: number; parent: number; time: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; then state, parent, ..., 14 utime to 17 cstime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * tick()
    return [{ pid, parent: Number(fields[1]), time: (exactTime(pid) ?? ticks(11)) + ticks(13) }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}

/** Time of all of a process's threads that live, in milliseconds; `null` where the kernel does not tell. */
function exactTime(pid: number): number | null {
  const folder = `/proc/${pid}/task`
  if (!existsSync(`${folder}/${pid}/schedstat`)) return null
  return readdirSync(folder).reduce((sum, thread) => sum + threadTime(`${folder}/${thread}/schedstat`), 0)
}

/** See Documentation/scheduler/sched-stats of the kernel: nanoseconds on a processor come first. */
function threadTime(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6
  } catch {
    // It has ended meanwhile.
    return 0
  }
}

/** Of the clock of `stat`, in milliseconds. */
function tick(): number {
  return (tickLength ??= 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })))
}

/** CPU time of processes, from Linux's /proc. Throws where there is none. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

let perSecond: number | undefined

/** User and system time of some processes and of all their descendants that live, in milliseconds. */
export function cpuTime(pids: readonly number[]): number {
  perSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []))
  const wanted = new Set(pids)
  for (let size = 0; size !== wanted.size;) {
    size = wanted.size
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid)
  }
  const ticks = all.reduce((sum, stat) => sum + (wanted.has(stat.pid) ? stat.ticks : 0), 0)
  return (ticks * 1000) / perSecond
}

/** The same, once the processes have come to rest. */
export async function cpuTimeAtRest(pids: readonly number[]): Promise<number> {
  for (let last = cpuTime(pids); ;) {
    await pause(150)
    const now = cpuTime(pids)
    if (now === last) return now
    last = now
  }
}

/** See proc(5): the name in parentheses may hold anything; then state, parent, ..., 14 utime to 17 cstime. */
function statOf(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return [{ pid, parent: Number(fields[1]), ticks }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}

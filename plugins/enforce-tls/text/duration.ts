/** How long something takes or is kept, for people. Pure. */
import { numbered } from './list.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Such as `7 days`, `1.5 days` or `12 hours`. @param time in milliseconds */
export function formatDuration(time: number): string {
  const [length, unit] = time < DAY ? ([HOUR, 'hour'] as const) : ([DAY, 'day'] as const)
  return numbered(Number((time / length).toFixed(2)), unit)
}

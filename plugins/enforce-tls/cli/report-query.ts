/** What `enforce-tls report` is asked for, and where its output goes. What can't be meant is thrown as `WrongUse`. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type ReportQuery, parseSince, parseUntil } from '../report/report-query.js'
import { formatFlaw } from '../rules/format-problem.js'
import { parseDomain } from '../rules/address.js'
import { WrongUse, Refusal } from './refusal.js'
import { ownerOf } from './rule-entries.js'
import { fileProblem } from '../store/file/errors.js'

/** What `report` is given. */
export interface ReportOptions {
  readonly owner?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly domain?: string | undefined
  readonly format?: Format | undefined
  readonly output?: string | undefined
  readonly tlsRpt?: true | undefined
  readonly organization?: string | undefined
  readonly contact?: string | undefined
  readonly gzip?: true | undefined
  readonly json?: true | undefined
}

/** How a report is printed. */
export const FORMATS = ['table', 'csv', 'json', 'html'] as const
export type Format = (typeof FORMATS)[number]

/** Where a report begins by default. */
export const SINCE = '7d'
/** What a time may look like. */
export const TIMES =
  '7d, 24h or 2w before now, a day such as 2026-11-01 (of UTC), or a time such as 2026-11-01T08:00:00Z'

/**
 * What the options ask for.
 *
 * @throws {WrongUse} for a time, owner or domain that can't be meant.
 */
export function queryOf({ owner, domain, since, until }: ReportOptions, now: Date): ReportQuery {
  return {
    ...periodOf(since ?? SINCE, until, now),
    owner: owner === undefined ? null : ownerOf(owner),
    domain: domain === undefined ? null : domainOf('--domain', domain),
    now,
  }
}

/** @throws {WrongUse} for times that can't be meant. */
export function periodOf(
  since: string,
  until: string | undefined,
  now: Date,
): Pick<ReportQuery, 'since' | 'until'> {
  const from = timeOf('--since', since, parseSince(since, now))
  const to = until === undefined ? now : timeOf('--until', until, parseUntil(until, now))
  if (from >= to)
    throw new WrongUse([
      `--since ${JSON.stringify(since)} is not before --until ${JSON.stringify(until ?? 'now')}; expected: an earlier time`,
    ])
  return { since: from, until: to }
}

/** @throws {WrongUse} for a text that is no time. */
function timeOf(option: string, text: string, time: Date | null): Date {
  if (time) return time
  throw new WrongUse([`${option} ${JSON.stringify(text)} is not a time; expected: ${TIMES}`])
}

/** @throws {WrongUse} for a text that is no domain. */
export function domainOf(option: string, text: string): string {
  const parsed = parseDomain(text)
  if ('domain' in parsed) return parsed.domain
  throw new WrongUse([`${option} ${JSON.stringify(text)} ${formatFlaw(parsed)}`])
}

/**
 * Writes the output into a file, and makes the folder that it is in.
 *
 * @param folder where a relative path counts from
 * @throws {Refusal} that says what the file system has against it.
 */
export async function writeOutput(file: string, content: string | Uint8Array, folder: string): Promise<void> {
  const target = path.resolve(folder, file)
  try {
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, content)
  } catch (error) {
    throw new Refusal([`--output ${target} ${fileProblem(error)}`])
  }
}

/**
 * Whom a check is about: domains and addresses, those of a list, and those of a group. Patterns that stand for
 * domains without naming them are told as skipped.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isIP } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { formatAddress, parseAddress, parseDomain } from '../rules/address.js'
import { parseGroup, formatGroupProblem, type StoredGroups } from '../rules/group.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { quote } from '../text/quote.js'
import { fileProblem } from '../store/file/errors.js'
import { noGroup } from './no-group.js'
import type { Terminal } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { atOnce } from '../work/pieces.js'

/** A partner to be checked. */
export interface Target {
  readonly domain: string
  /** The address, where it is one. */
  readonly recipient?: string
}

/** A line of a list, and where it stands, as the beginning of a sentence. */
export interface Line {
  readonly text: string
  readonly place: string
}

/** A pattern that names no domain that could be asked. */
export interface Skipped {
  readonly pattern: string
  readonly why: string
}

/** Targets, each once, and what can't be one. */
export interface Targets {
  readonly targets: readonly Target[]
  readonly skipped: readonly Skipped[]
}

/**
 * Reads what the user wrote.
 *
 * @param groups asked for only when one is named
 * @throws {Refusal} for what is no target, with the place where it stands.
 */
export async function readTargets(
  words: readonly string[],
  lines: readonly Line[],
  groups: () => Promise<StoredGroups>,
): Promise<Targets> {
  const given = [...words.map((text) => ({ text, place: '' })), ...lines]
  const targets = new Map<string, Target>()
  const skipped = new Map<string, string>()
  for (const { text, place } of given) {
    for (const pattern of membersIn(text, isGroupReference(text) ? await groups() : new Map())) {
      const why = unnamed(pattern)
      if (why === null) targets.set(pattern, targetOf(pattern, place))
      else skipped.set(pattern, why)
    }
  }
  const once = new Map([...targets.values()].map((target) => [target.recipient ?? target.domain, target]))
  return {
    targets: [...once.values()],
    skipped: [...skipped].map(([pattern, why]) => ({ pattern, why })),
  }
}

/** The targets that patterns of a valid rule name, by themselves or in groups; what can't be one is left out. */
export function namedTargets(patterns: readonly string[], groups: StoredGroups): Target[] {
  const members = patterns.flatMap((pattern) => membersIn(pattern, groups))
  return [...new Set(members)]
    .filter((pattern) => unnamed(pattern) === null)
    .map((pattern) => targetOf(pattern, ''))
}

/** The patterns of a valid rule, or of its groups, that can't be a target. */
export function skippedIn(patterns: readonly string[], groups: StoredGroups): Skipped[] {
  const members = patterns.flatMap((pattern) => membersIn(pattern, groups))
  return members.flatMap((pattern) => {
    const why = unnamed(pattern)
    return why === null ? [] : [{ pattern, why }]
  })
}

/** Whether a word stands for the members of a group. */
export function isGroupReference(text: string): boolean {
  return text.startsWith(GROUP_PREFIX)
}

/** Lines of a file, or of standard input for `-`; what is empty or begins with # is left out. */
export async function linesOf(file: string, { stdin, cwd }: Terminal): Promise<Line[]> {
  const lines = (await contentOf(file, stdin, cwd())).split(/\r?\n/)
  return lines
    .map((line, index) => ({
      text: line.replace(/#.*$/, '').trim(),
      place: `${file === '-' ? 'standard input' : file}, line ${index + 1}: `,
    }))
    .filter(({ text }) => text !== '')
}

async function contentOf(file: string, stdin: Terminal['stdin'], folder: string): Promise<string> {
  if (file === '-') return textOf(stdin)
  try {
    return await readFile(path.resolve(folder, file), 'utf8')
  } catch (error) {
    throw new Refusal([`--list ${file} ${fileProblem(error)}`])
  }
}

/** Why a pattern names no domain that could be asked; `null` for one that does. */
function unnamed(pattern: string): string | null {
  if (pattern === '*') return 'it stands for all domains'
  return pattern.startsWith('.') ? 'it stands for all subdomains; name one' : null
}

function targetOf(text: string, place: string): Target {
  const parsed = text.includes('@') ? parseAddress(text) : parseDomain(text)
  if ('domain' in parsed) return parsed
  if ('address' in parsed) return { domain: parsed.address.domain, recipient: formatAddress(parsed.address) }
  const bare = text.replace(/^\[(?:IPv6:)?|\]$/gi, '')
  if (isIP(bare))
    throw new WrongUse([
      `${place}${quote(text)} is an address of a host; name the domain, and ask that host with --mx ${text}`,
    ])
  throw new WrongUse([`${place}${quote(text)} ${parsed.problem}`])
}

/** The patterns of a group, or the word itself. @throws {Refusal} when there is no such group. */
function membersIn(text: string, groups: StoredGroups): readonly string[] {
  if (!isGroupReference(text)) return [text]
  const name = text.slice(GROUP_PREFIX.length)
  const json = groups.get(name)
  if (json === undefined) throw noGroup(groups, name)
  const checked = atOnce(parseGroup(json))
  if ('problem' in checked) throw new Refusal([`group ${quote(name)}: ${formatGroupProblem(checked)}`])
  return checked.patterns
}

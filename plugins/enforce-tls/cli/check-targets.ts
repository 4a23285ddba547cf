/**
 * Whom a check is about: domains and addresses, those of a list, and those of a group, and the servers that `--mx` and
 * `--dns` name. Patterns that stand for domains without naming them are told as skipped.
 */
import { formatFlaw } from '../rules/format-problem.js'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isIP } from 'node:net'
import { Option } from '@commander-js/extra-typings'
import { text as textOf } from 'node:stream/consumers'
import { formatAddress, parseAddress, parseDomain } from '../rules/address.js'
import { parseGroup, type StoredGroups } from '../rules/group.js'
import { formatGroupProblem } from '../rules/format-problem.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { quote } from '../text/quote.js'
import { fileProblem } from '../store/file/errors.js'
import { groupIn } from '../admin/set-group.js'
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
  const expected = parsed.suggestion ? {} : { expected: TARGET_EXPECTED }
  throw new WrongUse([`${place}partner ${quote(text)} ${formatFlaw({ ...expected, ...parsed })}`])
}

const TARGET_EXPECTED = 'a domain, an address or group:<name>'

/** The patterns of a group, or the word itself. @throws {AdminProblem} where there is no such group. */
function membersIn(text: string, groups: StoredGroups): readonly string[] {
  if (!isGroupReference(text)) return [text]
  const name = text.slice(GROUP_PREFIX.length)
  const checked = atOnce(parseGroup(groupIn(groups, name)))
  if ('problem' in checked) throw new Refusal([`group ${quote(name)}: ${formatGroupProblem(checked)}`])
  return checked.patterns
}

const SMTP = 25

/** `--dns`, of all commands that ask mail servers. */
export function dnsOption(condition = '') {
  return new Option(
    '--dns <server>',
    `${condition}ask this DNS server, address or address:port, instead of the system's`,
  )
}

/** `--mx`: `host`, `host:port`, `[2001:db8::1]:port`. @throws {WrongUse} for what is none. */
export function hostOf(text: string): { host: string; port: number } {
  const { host, port } = hostAndPort(text)
  const number = port === undefined ? SMTP : Number(port)
  if (number < 1 || number > 65_535) throw new WrongUse([`--mx ${quote(text)} has no port from 1 to 65535`])
  if (isIP(host)) return { host, port: number }
  const parsed = parseDomain(host)
  if ('problem' in parsed)
    throw new WrongUse([`--mx ${quote(text)} ${formatFlaw(parsed)}; expected: mx.bank.example:25`])
  return { host: parsed.domain, port: number }
}

/** `--dns`, as `node:dns` takes it. @throws {WrongUse} for what is no address. */
export function serverOf(text: string): string {
  const { host, port } = hostAndPort(text)
  if (!isIP(host) || Number(port ?? 53) > 65_535)
    throw new WrongUse([
      `--dns ${quote(text)} is not the address of a DNS server; expected: 192.0.2.53 or 192.0.2.53:5353`,
    ])
  if (port === undefined) return host
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

function hostAndPort(text: string): { host: string; port: string | undefined } {
  if (isIP(text)) return { host: text, port: undefined }
  const [, literal, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  return { host: literal ?? name ?? text, port }
}

/**
 * The rules file as a document: marker, domains, groups and rules in one JSON object, the same that `export` prints.
 * Pure; a text that is not one throws a `DocumentProblem` with the exact place. What a rule or a service means
 * is not looked at here.
 */
import { formatFlaw } from '../rules/format-problem.js'
import { parseDomain } from '../rules/address.js'
import { jsonExcess } from '../rules/json.js'
import { PIECE } from '../rules/owner-entries.js'
import { parseOwner } from '../rules/owner.js'
import { quote } from '../text/quote.js'
import { atOnce, sorting, type InPieces } from '../work/pieces.js'
import { scanning, type Part } from './json-problem.js'
import { parseMarker } from './marker.js'

/** All rules, services and groups; every value as JSON text. */
export interface RulesDocument {
  /** Domain to its service. */
  readonly domains: Map<string, string>
  /** Group to its patterns. */
  readonly groups: Map<string, string>
  /** Owner to rule id to rule. */
  readonly rules: Map<string, Map<string, string>>
  /** The marker of the store, see `parseMarker`; `null` where there is none. */
  store: string | null
}

/** What is wrong with a document: the end of a sentence that names the file. */
export class DocumentProblem extends Error {
  override readonly name = 'DocumentProblem'
}

const KEYS = ['domains', 'groups', 'rules', 'store'] as const
const EXAMPLE = '{ "domains": { "acme.example": { "enabled": true } }, "rules": {} }'

/** A document without anything in it. */
export function emptyDocument(): RulesDocument {
  return { domains: new Map(), groups: new Map(), rules: new Map(), store: null }
}

/** The place of an entry in the words of the document. */
export function placeIn(...path: readonly [key: string, ...string[]]): string {
  const [key, ...fields] = path
  return key + fields.map((field) => `[${quote(field)}]`).join('')
}

/**
 * Reads a document; keys that are missing are empty.
 *
 * @throws {DocumentProblem} for the first thing that is not as expected.
 */
export function parseDocument(text: string): RulesDocument {
  return atOnce(readingDocument(text))
}

/** `parseDocument`, in pieces. */
export function* readingDocument(text: string): InPieces<RulesDocument> {
  const json = text.replace(/^\ufeff/, '')
  if (json.trim() === '') throw new DocumentProblem('the document is empty; for no rules at all, write {}')
  const found = yield* scanning(json, 3)
  if ('problem' in found)
    throw new DocumentProblem(`line ${found.line}, column ${found.column}: the document ${found.problem}`)
  const top = found.members
  if (top === null) throw new DocumentProblem(`the document is not a JSON object; expected: ${EXAMPLE}`)
  for (const key of top.keys()) {
    if (!(KEYS as readonly string[]).includes(key))
      throw new DocumentProblem(`unknown key ${quote(key)}; allowed keys: ${KEYS.join(', ')}`)
  }
  const document = emptyDocument()
  let read = 0
  function* add(entries: Map<string, string>, name: string, { start, end }: Part): InPieces<void> {
    entries.set(name, compacted(json.slice(start, end)))
    read += end - start
    if (read < PIECE) return
    read = 0
    yield
  }
  for (const [domain, service] of members(top, 'domains')) {
    checkName('domains', domain, normalisedDomain(domain))
    yield* add(document.domains, domain, service)
  }
  for (const [group, patterns] of members(top, 'groups')) yield* add(document.groups, group, patterns)
  for (const [owner, rules] of members(top, 'rules')) {
    checkName('rules', owner, normalisedOwner(owner))
    if (rules.members === null) throw notAnObject(placeIn('rules', owner), 'rule ids and rules')
    const entries = new Map<string, string>()
    document.rules.set(owner, entries)
    for (const [id, rule] of rules.members) yield* add(entries, id, rule)
  }
  document.store = markerIn(json, top.get('store'))
  return document
}

/** Writes a document in the one order that makes two versions easy to compare: names sorted, rules as they stand. */
export function formatDocument(document: RulesDocument): string {
  return atOnce(writingDocument(document))
}

/** `formatDocument`, in pieces. */
export function* writingDocument({ domains, groups, rules, store }: RulesDocument): InPieces<string> {
  const parts: string[] = ['{']
  if (store !== null) {
    const text = JSON.stringify(parsed(store), null, 2).replaceAll('\n', '\n  ')
    parts.push(`\n  "store": ${text},`)
  }
  let length = 0
  function* write(name: string, text: string, comma: string): InPieces<void> {
    const part = `${comma}\n${name}: ${text}`
    parts.push(part)
    length += part.length
    if (length < PIECE) return
    length = 0
    yield
  }
  function* writeEntries(entries: Iterable<readonly [string, string]>, indent: string): InPieces<void> {
    let comma = '{'
    for (const [name, json] of entries) {
      const text = JSON.stringify(parsed(json), null, 2).replaceAll('\n', `\n${indent}`)
      yield* write(indent + JSON.stringify(name), text, comma)
      comma = ','
    }
    parts.push(comma === '{' ? '{}' : `\n${indent.slice(2)}}`)
  }
  for (const [name, entries, comma] of [
    ['domains', domains, ''],
    ['groups', groups, ','],
  ] as const) {
    parts.push(`${comma}\n  "${name}": `)
    yield* writeEntries(yield* sorting([...entries], byName), '    ')
  }
  parts.push(',\n  "rules": ')
  let comma = '{'
  for (const [owner, ofOwner] of yield* sorting([...rules], byName)) {
    if (ofOwner.size === 0) continue
    parts.push(`${comma}\n    ${JSON.stringify(owner)}: `)
    yield* writeEntries(ofOwner, '      ')
    comma = ','
  }
  parts.push(comma === '{' ? '{}' : '\n  }', '\n}\n')
  return parts.join('')
}

/**
 * A JSON text in the spelling in which a document gives it, in pieces.
 *
 * @throws {DocumentProblem} for a text that is not JSON and so can't be kept in a document.
 */
export function* compactJson(text: string): InPieces<string> {
  const found = yield* scanning(text, 0)
  if ('problem' in found)
    throw new DocumentProblem(`${quote(text)} cannot be kept in it, it ${found.problem}`)
  return JSON.stringify(parsed(text))
}

/** What is too large to be read stays as it is: who reads the entry says what is wrong with it. */
function compacted(text: string): string {
  return text.length > PIECE && jsonExcess(text) !== null ? text : JSON.stringify(parsed(text))
}

function parsed(text: string): unknown {
  return JSON.parse(text)
}

/** @throws {DocumentProblem} for a marker that is none. */
function markerIn(json: string, part: Part | undefined): string | null {
  if (part === undefined) return null
  const text = JSON.stringify(parsed(json.slice(part.start, part.end)))
  const marker = parseMarker(text)
  if ('problem' in marker) throw new DocumentProblem(`${placeIn('store')}: ${marker.problem}`)
  return text
}

function members(top: ReadonlyMap<string, Part>, key: (typeof KEYS)[number]): ReadonlyMap<string, Part> {
  const value = top.get(key)
  if (value === undefined) return new Map()
  if (value.members === null) throw notAnObject(placeIn(key), 'names and their entries')
  return value.members
}

function checkName(key: 'domains' | 'rules', name: string, normalised: string | { problem: string }): void {
  if (normalised === name) return
  throw new DocumentProblem(
    `${placeIn(key, name)}: ${
      typeof normalised === 'string'
        ? `write it in lower case and as A-labels: ${quote(normalised)}`
        : normalised.problem
    }`,
  )
}

function normalisedDomain(name: string): string | { problem: string } {
  const result = parseDomain(name)
  return 'domain' in result ? result.domain : { problem: `the domain ${formatFlaw(result)}` }
}

function normalisedOwner(name: string): string | { problem: string } {
  const result = parseOwner(name)
  if ('owner' in result) return result.owner
  // Version 0.1.0 wrote it, and nobody ever looks it up: no reason to do without all the other rules.
  const domain = name.startsWith('*@') ? normalisedDomain(name.slice(2)) : null
  return domain === name.slice(2) ? name : { problem: formatFlaw(result) }
}

function notAnObject(place: string, content: string): DocumentProblem {
  return new DocumentProblem(`${place}: is not an object; an object of ${content} is expected`)
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

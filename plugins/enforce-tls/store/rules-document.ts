/**
 * The rules file as a document: marker, domains, groups and rules in one JSON object, the same that `export` prints.
 * Pure; a text that is not one throws a `DocumentProblem` with the exact place. What a rule or a service means
 * is not looked at here.
 */
import { parseDomain } from '../rules/address.js'
import { parseOwner, quote } from '../rules/owner.js'
import { jsonProblem } from './json-problem.js'
import { parseMarker } from './store-marker.js'

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
  const json = text.replace(/^\ufeff/, '')
  if (json.trim() === '') throw new DocumentProblem('the document is empty; no rules at all are written {}')
  const found = jsonProblem(json)
  if (found)
    throw new DocumentProblem(`line ${found.line}, column ${found.column}: the document ${found.problem}`)
  const top = JSON.parse(json) as unknown
  if (!isObject(top)) throw new DocumentProblem(`the document is not a JSON object; expected: ${EXAMPLE}`)
  for (const key of Object.keys(top)) {
    if (!(KEYS as readonly string[]).includes(key))
      throw new DocumentProblem(`unknown key ${quote(key)}; allowed keys: ${KEYS.join(', ')}`)
  }
  const document = emptyDocument()
  for (const [domain, service] of members(top, 'domains')) {
    checkName('domains', domain, normalisedDomain(domain))
    document.domains.set(domain, JSON.stringify(service))
  }
  for (const [group, patterns] of members(top, 'groups')) document.groups.set(group, JSON.stringify(patterns))
  for (const [owner, rules] of members(top, 'rules')) {
    checkName('rules', owner, normalisedOwner(owner))
    if (!isObject(rules)) throw notAnObject(placeIn('rules', owner), 'rule ids and rules')
    const entries = Object.entries(rules).map(([id, rule]) => [id, JSON.stringify(rule)] as const)
    document.rules.set(owner, new Map(entries))
  }
  document.store = markerIn(top)
  return document
}

/** Writes a document in the one order that makes two versions easy to compare: names sorted, rules as they stand. */
export function formatDocument({ domains, groups, rules, store }: RulesDocument): string {
  const owners = [...rules].filter(([, ofOwner]) => ofOwner.size > 0)
  const top = {
    ...(store === null ? {} : { store: parsed(store) }),
    domains: plain(sorted(domains), parsed),
    groups: plain(sorted(groups), parsed),
    rules: plain(sorted(owners), (ofOwner) => plain(ofOwner, parsed)),
  }
  return `${JSON.stringify(top, null, 2)}\n`
}

/**
 * A JSON text in the spelling in which a document gives it.
 *
 * @throws {DocumentProblem} for a text that is not JSON and so can't be kept in a document.
 */
export function compactJson(text: string): string {
  const found = jsonProblem(text)
  if (found) throw new DocumentProblem(`${quote(text)} can't be kept in it, it ${found.problem}`)
  return JSON.stringify(parsed(text))
}

function parsed(text: string): unknown {
  return JSON.parse(text)
}

function markerIn(top: object): string | null {
  const { store } = top as { store?: unknown }
  if (store === undefined) return null
  const json = JSON.stringify(store)
  const marker = parseMarker(json)
  if ('problem' in marker) throw new DocumentProblem(`${placeIn('store')}: ${marker.problem}`)
  return json
}

function members(top: object, key: (typeof KEYS)[number]): [string, unknown][] {
  const value = new Map(Object.entries(top) as [string, unknown][]).get(key)
  if (value === undefined) return []
  if (!isObject(value)) throw notAnObject(placeIn(key), 'names and their entries')
  return Object.entries(value)
}

function checkName(key: 'domains' | 'rules', name: string, normalised: string | { problem: string }): void {
  if (normalised === name) return
  throw new DocumentProblem(
    `${placeIn(key, name)}: ${
      typeof normalised === 'string'
        ? `names are written in lower case and as A-labels here: ${quote(normalised)}`
        : normalised.problem
    }`,
  )
}

function normalisedDomain(name: string): string | { problem: string } {
  const result = parseDomain(name)
  return 'domain' in result ? result.domain : { problem: `the domain ${result.problem}` }
}

function normalisedOwner(name: string): string | { problem: string } {
  const result = parseOwner(name)
  if ('owner' in result) return result.owner
  // Version 0.1.0 wrote it, and nobody ever looks it up: no reason to do without all the other rules.
  const domain = name.startsWith('*@') ? normalisedDomain(name.slice(2)) : result
  return domain === name.slice(2) ? name : result
}

function notAnObject(place: string, content: string): DocumentProblem {
  return new DocumentProblem(`${place}: is not an object; an object of ${content} is expected`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted<V>(entries: Iterable<readonly [string, V]>): (readonly [string, V])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** An object without a prototype: `__proto__` is a key like any other in it. */
function plain<V>(entries: Iterable<readonly [string, V]>, value: (stored: V) => unknown): object {
  const object = Object.create(null) as Record<string, unknown>
  for (const [key, stored] of entries) object[key] = value(stored)
  return object
}

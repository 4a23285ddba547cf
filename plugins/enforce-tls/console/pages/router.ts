/** Where one is: the part of the address behind `#`, so that a reverse proxy's path does not matter. */
import type { Direction } from './types.js'

/** Pages of which there is one. */
const PLAIN = ['domains', 'groups', 'account', 'suggestions', 'people', 'tokens'] as const

export type Place =
  | { readonly view: (typeof PLAIN)[number] }
  /** Of all partners, or of one. */
  | { readonly view: 'waiting'; readonly partner: string }
  /** Rules of all owners; what is asked for as a query, such as `text=bank`. */
  | { readonly view: 'all-rules'; readonly query: string }
  /** With the deliveries of all that one may see, or of one domain. */
  | { readonly view: 'partner'; readonly domain: string; readonly owner: string | null }
  /** Of all that one may see, or of one domain. */
  | { readonly view: 'overview'; readonly owner: string | null }
  | { readonly view: 'person'; readonly name: string }
  /** Choosing a password with a one-time link. */
  | { readonly view: 'invitation'; readonly name: string; readonly secret: string }
  /** What is asked for as a query, such as `by=ann`. */
  | { readonly view: 'history'; readonly query: string }
  /** What is asked for as a query, such as `to=cfo%40bank.example`. */
  | { readonly view: 'messages'; readonly query: string }
  | { readonly view: 'message'; readonly uuid: string; readonly query: string }
  | { readonly view: 'group'; readonly name: string }
  | { readonly view: 'domain' | 'domain-history'; readonly owner: string }
  | { readonly view: 'rules'; readonly owner: string; readonly direction: Direction }
  | { readonly view: 'rule'; readonly owner: string; readonly direction: Direction; readonly id: string }
  | { readonly view: 'nowhere' }

/** The id of a rule that is not saved yet. */
export const NEW = 'new'

/** Reads an address such as `#/domains/acme.example/outgoing`. */
export function parsePlace(hash: string): Place {
  const [first = '', second, third, fourth] = parts(hash)
  if (first === '') return { view: 'domains' }
  if (second === undefined) {
    if (first === 'overview') return { view: first, owner: null }
    if (first === 'messages') return { view: first, query: '' }
    if (first === 'history') return { view: first, query: '' }
    if (first === 'waiting') return { view: first, partner: '' }
    if (first === 'rules') return { view: 'all-rules', query: '' }
    return { view: PLAIN.find((view) => view === first) ?? 'nowhere' }
  }
  if (first === 'overview') return { view: first, owner: second }
  if (first === 'waiting') return { view: first, partner: second }
  if (first === 'rules') return { view: 'all-rules', query: second }
  if (first === 'partners') return { view: 'partner', domain: second, owner: third ?? null }
  if (first === 'groups') return { view: 'group', name: second }
  if (first === 'messages' || first === 'history') return { view: first, query: second }
  if (first === 'person') return { view: first, name: second }
  if (first === 'invitation' && third !== undefined) return { view: first, name: second, secret: third }
  if (first === 'message') return { view: first, uuid: second, query: third ?? '' }
  if (first !== 'domains') return { view: 'nowhere' }
  if (third === undefined) return { view: 'domain', owner: second }
  if (third === 'history') return { view: 'domain-history', owner: second }
  if (third !== 'outgoing' && third !== 'incoming') return { view: 'nowhere' }
  const rules = { owner: second, direction: third } as const
  return fourth === undefined ? { view: 'rules', ...rules } : { view: 'rule', ...rules, id: fourth }
}

/** The address of a place. */
export function href(...path: readonly string[]): string {
  return `#/${path.map((each) => encodeURIComponent(each)).join('/')}`
}

/** The address of the messages that are asked for; what is empty is left out. */
export function messagesHref(asked: Readonly<Record<string, string | null>>): string {
  return href('messages', queryOf(asked))
}

/** A query of what is given. */
export function queryOf(asked: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked))
    if (value !== null && value !== '') query.set(name, value)
  return query.toString()
}

function parts(hash: string): string[] {
  try {
    return hash
      .replace(/^#?\/?/, '')
      .split('/')
      .map((each) => decodeURIComponent(each))
  } catch {
    return ['?']
  }
}

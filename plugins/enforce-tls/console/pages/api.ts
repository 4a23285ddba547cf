/** Speaks with the API: relative to the page, with the session's token, and every failure as an `ApiError`. */
import { texts } from './texts.js'
import type { HistoryEntry, RuleList, Session } from './types.js'

/** A request that failed; `message` is for a person. */
export class ApiError extends Error {
  constructor(
    /** 0 where there was no answer. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** An answer and its version. */
export interface Answer<T> {
  readonly body: T
  readonly etag: string
  /** The path of the next page; `null` where this is the last, or no list. */
  readonly next: string | null
  /** Of a list: how many entries all of its pages have; `null` where that is unknown. */
  readonly total: number | null
}

/** What the client holds between requests. */
const held: { csrf: string | null; onSignedOut: () => void } = { csrf: null, onSignedOut: () => undefined }

/** Says which session the following requests belong to. */
export function useSessionToken(session: Session | null): void {
  held.csrf = session?.csrf ?? null
}

/** Says what to do when the session has ended. */
export function whenSignedOut(callback: () => void): void {
  held.onSignedOut = callback
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Sends a request.
 *
 * @param path behind `api/`, as in `owners/acme.example/rules`
 * @param asked what was asked before this change
 * @throws {ApiError} for every answer but success, and when there is none
 */
export async function request<T>(
  method: Method,
  path: string,
  body?: unknown,
  ifMatch?: string | null,
  asked?: string,
): Promise<Answer<T>> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (held.csrf !== null && method !== 'GET') headers['x-csrf-token'] = held.csrf
  if (ifMatch !== undefined && ifMatch !== null) headers['if-match'] = ifMatch
  if (asked !== undefined) headers['x-asked'] = asked
  let response: Response
  try {
    response = await fetch(`api/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new ApiError(0, 'offline', texts.errors.offline, null)
  }
  const answered = await readBody(response)
  if (response.ok)
    return {
      body: answered as T,
      etag: response.headers.get('etag') ?? '',
      next: nextOf(path, response),
      total: totalOf(response),
    }
  if (response.status === 401 && path !== 'session') held.onSignedOut()
  throw toError(response.status, answered)
}

/**
 * Has the browser save what a path answers with, under the name that the answer has.
 *
 * @throws {ApiError} as `request`
 */
export async function download(path: string): Promise<void> {
  let response: Response
  try {
    response = await fetch(`api/${path}`)
  } catch {
    throw new ApiError(0, 'offline', texts.errors.offline, null)
  }
  if (response.status === 401) held.onSignedOut()
  if (!response.ok) throw toError(response.status, await readBody(response))
  const [, name = 'report'] =
    /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? []
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/**
 * All pages of a list.
 *
 * @param most where to stop: so many entries, or some more, are enough
 */
export async function requestAll<T>(path: string, most = Infinity): Promise<readonly T[]> {
  const all: T[] = []
  for (let next: string | null = path; next !== null && all.length < most;) {
    const page: Answer<readonly T[]> = await request<readonly T[]>('GET', next)
    for (const entry of page.body) all.push(entry)
    next = page.next
  }
  return all
}

/**
 * Rules of an owner from the top, with the version of the list; read again from the start where it changes meanwhile.
 *
 * @param least where to stop: so many rules, or some more, are enough
 */
export async function requestRules(path: string, least: number): Promise<Answer<RuleList>> {
  const first = await request<RuleList>('GET', path)
  const rules = [...first.body.rules]
  let { next } = first
  while (next !== null && rules.length < least) {
    const page: Answer<RuleList> = await request<RuleList>('GET', next)
    if (page.etag !== first.etag) return requestRules(path, least)
    for (const rule of page.body.rules) rules.push(rule)
    next = page.next
  }
  return { ...first, body: { ...first.body, rules }, next }
}

/** Who changed something last, and when; `null` where the history does not say. */
export interface LastChange {
  readonly by: string | null
  readonly at: string | null
}

/** The latest change in the history that is meant. */
export async function lastChange(
  query: string,
  isMeant: (entry: HistoryEntry) => boolean,
): Promise<LastChange> {
  const { body } = await request<readonly HistoryEntry[]>('GET', `history?${query}`)
  const entry = body.find(isMeant)
  return { by: entry?.by ?? null, at: entry?.at ?? null }
}

/** The reference to the next page is relative to the request that it answers (RFC 8288). */
function nextOf(path: string, response: Response): string | null {
  const [, query] = /<(\?[^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? []
  return query === undefined ? null : `${path.split('?', 1)[0] ?? ''}${query}`
}

function totalOf(response: Response): number | null {
  const given = response.headers.get('x-total-count')
  return given === null ? null : Number(given)
}

/** Part of a path. */
export function part(text: string): string {
  return encodeURIComponent(text)
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

function toError(status: number, body: unknown): ApiError {
  const { error } = (body ?? {}) as { error?: { code?: string; message?: string; field?: string } }
  const message = error?.message ?? texts.errors.status(status)
  return new ApiError(status, error?.code ?? 'unknown', message, error?.field ?? null)
}

/** Of a change that asks nothing. */
export const NOTHING_ASKED = 'nothing'

/** Whether a change was not made because it would do something else than was asked. */
export function asksAnew(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'asks-anew'
}

/** Any failure as a sentence. */
export function formatError(error: unknown): string {
  return error instanceof ApiError ? error.message : texts.errors.unexpected
}

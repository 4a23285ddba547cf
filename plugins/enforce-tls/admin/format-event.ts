/** What the history says of an event, which changed no entry, in short lines. Pure; anybody may have written it. */
import { isObject, parsedAs } from '../rules/json.js'
import type { EventKey, HistoryPlace } from '../store/history.js'
import { oneLine } from '../text/one-line.js'
import { releaseLines } from './format-release.js'

/** What is recorded of a change of an account. */
export interface AccountFacts {
  /** What was done, such as `role: viewer → admin`. */
  readonly did: string
  /** Of a token: what it is for. */
  readonly name?: string
}

/** Whether it is an event. */
export function isEventKey(key: HistoryPlace['key']): key is EventKey {
  return key === 'releases' || key === 'users' || key === 'tokens'
}

/** The lines of an event. */
export function eventLines(key: EventKey, json: string | null): string[] {
  if (key === 'releases') return releaseLines(json)
  return [oneLine(accountFacts(json).did)]
}

/** The facts as far as they can be read. */
export function accountFacts(json: string | null): AccountFacts {
  const { did, name } = parsedAs(json ?? '', isObject) ?? {}
  return {
    did: typeof did === 'string' ? did : 'changed',
    ...(typeof name === 'string' ? { name } : {}),
  }
}

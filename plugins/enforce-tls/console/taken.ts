/**
 * Whether Haraka takes its rules from the store that the console shows. Where it takes none - the store has lost them, is
 * another one, or is cut off from its master - what the store holds says nothing of what is in force: no route answers of
 * rules then as if it did. One place, so that no page or program reads "no rules" out of a store that has lost them.
 */
import { takingOf } from '../admin/store-memory.js'
import { AdminProblem } from '../admin/problem.js'
import { StoreError } from '../store/rule-store.js'
import { Problem } from './problem.js'
import type { Call, Route } from './route.js'

type Asking = Pick<Call, 'context' | 'identity'>

/** What somebody may read of it. */
export interface ShownTaking {
  /** Whole sentences; `null` where Haraka takes the rules. */
  readonly problem: string | null
  readonly warnings: readonly string[]
}

const UNKNOWN =
  'So what is in force is unknown here: a Haraka goes by the rules that it has read before, and other mail waits.'
const UNTRUSTED = `Haraka takes no rules from its store now. ${UNKNOWN} Ask an administrator.`

/** Rejects as the store does. */
export async function shownTaking({ context, identity }: Asking): Promise<ShownTaking> {
  const { problem, warnings } = await takingOf(context.store, context.memory)
  // Where the store is, and what is wrong there, is for administrators of all.
  const trusted = identity.role === 'admin'
  const said = trusted ? `${problem}. ${UNKNOWN}` : UNTRUSTED
  return { problem: problem === null ? null : said, warnings: trusted ? warnings : [] }
}

/** @throws {Problem} 503 where Haraka takes no rules from the store. */
export async function assertTaken(asking: Asking): Promise<void> {
  const { problem } = await shownTaking(asking)
  if (problem !== null) throw new Problem(503, 'store-gone', problem)
}

/**
 * What a route answers of rules. Looked at afterwards: what was read of a store that counts then was read of it.
 *
 * @param rules a change looks for itself before it writes, and what it has done is told as done
 */
export async function answerOfRules<T>(
  asking: Asking,
  rules: NonNullable<Route['rules']>,
  answer: () => Promise<T>,
): Promise<T> {
  let answered: T
  try {
    answered = await answer()
  } catch (error) {
    // What is not found in a store that has lost it may be in force all the same.
    if (mayMislead(error)) await assertTaken(asking).catch(unlessAway)
    throw error
  }
  if (rules === 'shown') await assertTaken(asking)
  return answered
}

function mayMislead(error: unknown): boolean {
  if (error instanceof AdminProblem) return error.data.code !== 'store-gone'
  if (error instanceof StoreError) return error.code !== 'STORE_UNAVAILABLE'
  return error instanceof Problem && error.status !== 503
}

function unlessAway(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}

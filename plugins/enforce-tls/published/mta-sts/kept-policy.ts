/** A policy as it is kept: its text, the id that it was fetched for, and when. Pure. */
import { readPolicy, type PolicyProblem, type StsPolicy } from './policy.js'

export interface KeptPolicy {
  /** The id of the TXT record at that time. */
  readonly id: string
  /** In milliseconds since the epoch. */
  readonly fetchedAt: number
  readonly text: string
  readonly policy: StsPolicy
  /** What is ignored of the text. */
  readonly problems: readonly PolicyProblem[]
}

/** A policy is fetched again after a day, a short-lived one before it runs out, in milliseconds. */
const REFRESH_AFTER = 86_400_000

export function encodeKept({ id, fetchedAt, text }: KeptPolicy): string {
  return JSON.stringify({ id, fetchedAt, text })
}

/** What was encoded; `null` for what is no kept policy. */
export function decodeKept(value: string): KeptPolicy | null {
  try {
    const { id, fetchedAt, text } = Object(JSON.parse(value)) as Record<string, unknown>
    if (typeof id !== 'string' || typeof fetchedAt !== 'number' || typeof text !== 'string') return null
    const { policy, problems } = readPolicy(text)
    return policy && { id, fetchedAt, text, policy, problems }
  } catch {
    return null
  }
}

/** Whether a policy still holds. One from the future does: the clock was set. */
export function holds({ fetchedAt, policy }: KeptPolicy, now: number): boolean {
  return now - fetchedAt < policy.maxAge * 1000
}

/** Whether a policy is to be fetched again though it holds. */
export function isRefreshDue({ fetchedAt, policy }: KeptPolicy, now: number): boolean {
  const age = now - fetchedAt
  return age < 0 || age >= Math.min(REFRESH_AFTER, policy.maxAge * 500)
}

/**
 * One look-up over all resolvers of the list: each is asked until one answers, those that stay silent again in a
 * second and third round, until the time is over. Where no resolver has an answer, the look-up fails with what each of
 * them said.
 */
import type { Answer, Failed, Question, RecordType } from './answer.js'
import { ALIASES_MAX, type ReadAnswer } from './read-answer.js'
import type { ValidatingResolver } from './validating-resolver.js'

export interface Limits {
  /** How long one resolver is waited for, in milliseconds. */
  readonly tryTimeout: number
  /** How long a look-up takes at most, in milliseconds. */
  readonly timeout: number
}

const ROUNDS = 3
export const NO_RESOLVER =
  'no DNS resolver that validates is configured: set [dns] resolver, or run one on this machine and name it in resolv.conf'

/**
 * Looks a question up; never rejects.
 *
 * @param now in milliseconds, of a clock that nobody sets
 */
export async function lookUp<T extends RecordType>(
  resolvers: readonly ValidatingResolver[],
  question: Question<T>,
  { tryTimeout, timeout }: Limits,
  now: () => number,
): Promise<Answer<T>> {
  if (resolvers.length === 0) return lookUpFailed(question, NO_RESOLVER, true)
  const ends = now() + timeout
  let { name } = question
  let [authentic, ttl] = [true, Infinity]
  for (let links = 0; links <= ALIASES_MAX; links++) {
    const answer = await firstAnswer(resolvers, { ...question, name }, tryTimeout, ends, now)
    if (answer.kind === 'failed') return lookUpFailed(question, answer.why, answer.isOurs)
    authentic &&= answer.authentic
    ttl = Math.min(ttl, answer.ttl)
    if (answer.kind !== 'alias') return { ...answer, authentic, ttl }
    ;({ name } = answer)
  }
  return lookUpFailed(question, 'too many CNAME records in a row')
}

async function firstAnswer<T extends RecordType>(
  resolvers: readonly ValidatingResolver[],
  question: Question<T>,
  tryTimeout: number,
  ends: number,
  now: () => number,
): Promise<ReadAnswer<T>> {
  const said = new Map<string, { readonly why: string; readonly isOurs: boolean }>()
  let silent: readonly ValidatingResolver[] = resolvers.toSorted(
    (a, b) => Number(a.silent) - Number(b.silent),
  )
  for (let round = 0; round < ROUNDS && silent.length > 0; round++) {
    const asked = silent
    silent = []
    for (const resolver of asked) {
      const rest = Math.min(tryTimeout, ends - now())
      if (rest <= 0) break
      const answer = await resolver.ask(question, rest)
      if (answer.kind !== 'silent' && answer.kind !== 'failed') return answer
      said.set(resolver.name, { why: answer.why, isOurs: answer.isOurs === true })
      if (answer.kind === 'silent') silent = [...silent, resolver]
    }
  }
  const reasons = [...said].map(([name, { why }]) => `${name} ${why}`)
  if (reasons.length === 0) return { kind: 'failed', why: 'the time was over' }
  const areOurs = [...said.values()].every(({ isOurs }) => isOurs)
  return { kind: 'failed', why: reasons.join('; '), ...(areOurs ? { isOurs: true } : {}) }
}

function lookUpFailed({ name, type }: Question, why: string, isOurs?: true): Failed {
  return {
    kind: 'failed',
    why: `the DNS look-up of ${type} ${name} failed: ${why}`,
    ...(isOurs ? { isOurs } : {}),
  }
}

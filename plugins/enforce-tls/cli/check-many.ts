/** Checks many partners, some at a time, and shows on a terminal how far it is. */
import pLimit from 'p-limit'
import type { PartnerCheck, CheckRequest } from '../check/types.js'
import type { Terminal } from './output.js'
import type { Partners } from './partners.js'

/** The checks, in the order of the questions. */
export async function checkMany(
  { check }: Pick<Partners, 'check'>,
  questions: readonly CheckRequest[],
  concurrency: number,
  { stderr }: Terminal,
): Promise<PartnerCheck[]> {
  const limit = pLimit(concurrency)
  const shows = stderr.isTTY && questions.length > 1
  let done = 0
  const progress = (): void => {
    if (shows) stderr.write(`\r${done} of ${questions.length} partners checked`)
  }
  progress()
  try {
    return await Promise.all(
      questions.map((question) =>
        limit(async () => {
          const answer = await check(question)
          done++
          progress()
          return answer
        }),
      ),
    )
  } finally {
    // ECMA-48 EL: the line is the result's now.
    if (shows) stderr.write('\r\u001b[2K')
  }
}

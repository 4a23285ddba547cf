/** Checks many partners, some at a time, and shows on a terminal how far it is. */
import { SingleBar } from 'cli-progress'
import pLimit from 'p-limit'
import type { PartnerCheck, PartnerQuestion } from '../check/types.js'
import type { Terminal } from './output.js'
import type { Partners } from './partners.js'

/** The checks, in the order of the questions. */
export async function checkMany(
  { check }: Pick<Partners, 'check'>,
  questions: readonly PartnerQuestion[],
  concurrency: number,
  { stderr }: Terminal,
): Promise<PartnerCheck[]> {
  const bar =
    stderr.isTTY && questions.length > 1
      ? new SingleBar({
          stream: stderr,
          format: '[{bar}] {value} of {total} partners',
          clearOnComplete: true,
        })
      : null
  bar?.start(questions.length, 0)
  const limit = pLimit(concurrency)
  try {
    return await Promise.all(
      questions.map((question) =>
        limit(async () => {
          const done = await check(question)
          bar?.increment()
          return done
        }),
      ),
    )
  } finally {
    bar?.stop()
  }
}

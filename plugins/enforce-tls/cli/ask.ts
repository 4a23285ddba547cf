/** Questions to whoever sits at the terminal. */
import { createInterface } from 'node:readline'
import { oneLine } from '../text/one-line.js'
import type { Output } from './output.js'
import { Refusal } from './refusal.js'

/** Whether somebody can be asked. */
export function canAsk({ terminal }: Output): boolean {
  return terminal.stdin.isTTY
}

/** Asks on the terminal; anything but yes, and the end of input, is a no. */
export function isConfirmed(output: Output, question: string): Promise<boolean> {
  return withQuestions(output, (confirmed) => confirmed(question))
}

/** What is about to be removed, and what is said where it is not. */
interface Removal {
  readonly question: string
  /** A sentence without its end. */
  readonly refused: string
  /** The command that does it without a question. */
  readonly command: string
}

/**
 * Asks before something is removed.
 *
 * @param yes do not ask, not even on a terminal
 * @throws {Refusal} where the answer is not yes, or nobody can be asked.
 */
export async function confirmRemoval(output: Output, yes: boolean, removal: Removal): Promise<void> {
  const { question, refused, command } = removal
  if (yes) return
  if (!canAsk(output))
    throw new Refusal(
      [`${refused}, because there is no terminal to ask on; to do it without a question:`],
      [command],
    )
  if (!(await isConfirmed(output, question))) throw new Refusal([refused])
}

/** Asks several questions in one dialogue: what is typed ahead is not lost between them. */
export async function withQuestions<T>(
  { terminal }: Output,
  work: (confirmed: (question: string) => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const dialogue = createInterface({ input: terminal.stdin, output: terminal.stderr })
  const lines = dialogue[Symbol.asyncIterator]()
  try {
    return await work(async (question) => {
      terminal.stderr.write(`${oneLine(question)} [y/N] `)
      const line = await lines.next()
      if (line.done) terminal.stderr.write('\n')
      return line.done !== true && /^y(?:es)?$/i.test(line.value.trim())
    })
  } finally {
    dialogue.close()
  }
}

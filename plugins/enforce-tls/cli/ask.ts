/** Questions to whoever sits at the terminal. */
import { createInterface } from 'node:readline'
import { oneLine } from '../delivery/printable.js'
import type { Output } from './output.js'

/** Whether somebody can be asked. */
export function canAsk({ terminal }: Output): boolean {
  return terminal.stdin.isTTY
}

/** Asks on the terminal; anything but yes, and the end of input, is a no. */
export function isConfirmed(output: Output, question: string): Promise<boolean> {
  return withQuestions(output, (confirmed) => confirmed(question))
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

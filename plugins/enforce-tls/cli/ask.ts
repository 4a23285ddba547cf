/** Questions to whoever sits at the terminal; a new password, which is never taken from the command line. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { prose, type Output } from './output.js'
import { Refusal } from './refusal.js'
import { passwordProblem } from '../console/auth/password.js'

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
      terminal.stderr.write(`${prose(terminal.stderr, question).trimEnd()} [y/N] `)
      const line = await lines.next()
      if (line.done) terminal.stderr.write('\n')
      return line.done !== true && /^y(?:es)?$/i.test(line.value.trim())
    })
  } finally {
    dialogue.close()
  }
}

/**
 * A good new password.
 *
 * @param fromInput read standard input to its end, even where it is a terminal
 * @throws {Refusal} where none is given, the two differ, or it is not good enough.
 */
export async function newPassword(output: Output, fromInput: boolean): Promise<string> {
  const password = fromInput || !canAsk(output) ? await readInput(output) : await askTwice(output)
  const problem = passwordProblem(password)
  if (problem !== null) throw new Refusal([`the password ${problem}`])
  return password
}

async function readInput({ terminal }: Output): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk as Buffer))
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (password !== '') return password
  throw new Refusal([
    'no password was given, and there is no terminal to ask on; pass it on standard input, as in … < password.txt',
  ])
}

async function askTwice(output: Output): Promise<string> {
  const { stdin, stderr } = output.terminal
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const dialogue = createInterface({ input: stdin, output: silent, terminal: true })
  const lines = dialogue[Symbol.asyncIterator]()
  const ask = async (question: string): Promise<string> => {
    stderr.write(question)
    const line = await lines.next()
    stderr.write('\n')
    if (line.done) throw new Refusal(['no password was given; nothing was changed'])
    return line.value
  }
  try {
    const password = await ask('Password: ')
    if ((await ask('The same again: ')) === password) return password
  } finally {
    dialogue.close()
  }
  throw new Refusal(['the two passwords are not the same; nothing was changed'])
}

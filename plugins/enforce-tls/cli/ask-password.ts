/** A new password: from a pipe, or typed twice at the terminal without being shown. Never from the command line. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { passwordProblem } from '../console/auth/password.js'
import { canAsk } from './ask.js'
import type { Output } from './output.js'
import { Refusal } from './refusal.js'

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

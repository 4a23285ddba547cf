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
 * @param fromPipe read standard input to its end
 * @throws {Refusal} where nobody can be asked, the two differ, or it is not good enough.
 */
export async function newPassword(output: Output, fromPipe: boolean): Promise<string> {
  if (!fromPipe && !canAsk(output))
    throw new Refusal(['nobody can be asked for a password here; give it with --password-stdin'])
  const password = fromPipe ? await readPipe(output) : await askTwice(output)
  const problem = passwordProblem(password)
  if (problem !== null) throw new Refusal([`the password ${problem}`])
  return password
}

async function readPipe({ terminal }: Output): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
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

/**
 * The sending client of the delivery bench, as a process of its own: some SMTP connections at once, each of
 * which hands over one message after the other.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { SenderAnswer, SenderCommand } from './messages.js'

async function send(command: SenderCommand): Promise<void> {
  const { messages, connections } = command
  let left = messages
  const next = (): boolean => left-- > 0
  await Promise.all(Array.from({ length: connections }, () => one(command, next)))
}

async function one({ port, size }: SenderCommand, next: () => boolean): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const reply = async (): Promise<void> => {
    for (;;) {
      const { value, done } = (await lines.next()) as { value?: string; done?: boolean }
      if (done || value === undefined) throw new Error('the server closed the connection')
      if (!/^[23]/.test(value)) throw new Error(value)
      if (value[3] !== '-') return
    }
  }
  const say = async (line: string): Promise<void> => {
    socket.write(`${line}\r\n`)
    await reply()
  }
  await reply()
  await say('EHLO client.bench.example')
  const text = 'All work and no play makes Jack a dull boy, says the ledger.\r\n'.repeat(Math.ceil(size / 62))
  while (next()) {
    await say('MAIL FROM:<ann@acme.example>')
    await say('RCPT TO:<cfo@bench.example>')
    await say('DATA')
    await say(`From: ann@acme.example\r\nTo: cfo@bench.example\r\nSubject: bench\r\n\r\n${text}.`)
  }
  socket.end('QUIT\r\n')
}

process.on('message', (command: SenderCommand) => {
  const answer = (sent: SenderAnswer): void => void process.send?.(sent)
  send(command).then(
    () => answer({ kind: 'sent' }),
    (error: unknown) => answer({ kind: 'sent', problem: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

/**
 * The sending client of the delivery bench, as a process of its own: some SMTP connections at once, each of
 * which hands over one message after the other.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { domainOf } from './destinations.js'
import type { SenderAnswer, SenderCommand } from './messages.js'

const LINE = 'All work and no play makes Jack a dull boy, says the ledger.\r\n'

async function send(command: SenderCommand): Promise<void> {
  const { port, messages, connections, size, destinations, first } = command
  let sent = 0
  const next = (): string | null => (sent < messages ? domainOf(first + (sent++ % destinations)) : null)
  const header = 'From: ann@acme.example\r\nTo: cfo@bench.example\r\nSubject: bench\r\n\r\n'
  const message = Buffer.from(`${header}${LINE.repeat(Math.ceil(size / LINE.length))}.\r\n`)
  await Promise.all(Array.from({ length: connections }, () => one(port, message, next)))
}

/** @param next the domain that the next message goes to, or null where there are no more */
async function one(port: number, message: Buffer, next: () => string | null): Promise<void> {
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
  const say = async (words: string | Buffer): Promise<void> => {
    socket.write(words)
    await reply()
  }
  await reply()
  await say('EHLO client.bench.example\r\n')
  for (let domain = next(); domain !== null; domain = next()) {
    await say('MAIL FROM:<ann@acme.example>\r\n')
    await say(`RCPT TO:<cfo@${domain}>\r\n`)
    await say('DATA\r\n')
    await say(message)
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

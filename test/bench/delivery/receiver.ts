/**
 * A receiving server for the delivery bench, as a process of its own: takes all mail, offers STARTTLS, gives
 * session tickets, counts. Told over IPC how many messages to expect, it answers once they are there.
 */
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { ReceiverAnswer, ReceiverCommand } from './messages.js'

let secureContext: SecureContext | undefined
let expected = Infinity
let seen = { messages: 0, encrypted: 0, resumed: 0 }

function tell(answer: ReceiverAnswer): void {
  process.send?.(answer)
}

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.write('220 mx.bench.example ESMTP\r\n')
  converse(socket, false)
})

/** Answers commands, until STARTTLS hands the connection over. */
function converse(socket: Socket, encrypted: boolean): void {
  let rest = ''
  let inMessage = false
  const take = (chunk: Buffer): void => {
    rest += chunk.toString('latin1')
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 2)
      if (inMessage) {
        if (line !== '.') continue
        inMessage = false
        socket.write('250 2.0.0 taken\r\n')
        count(socket)
        continue
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'STAR') {
        socket.off('data', take)
        socket.write('220 2.0.0 go ahead\r\n')
        return startTls(socket)
      }
      inMessage = verb === 'DATA'
      socket.write(replyTo(verb, encrypted))
      if (verb === 'QUIT') socket.end()
    }
  }
  socket.on('data', take)
}

function replyTo(verb: string, encrypted: boolean): string {
  if (verb === 'EHLO') return `250-mx.bench.example\r\n${encrypted ? '' : '250-STARTTLS\r\n'}250 8BITMIME\r\n`
  if (verb === 'DATA') return '354 go ahead\r\n'
  return verb === 'QUIT' ? '221 2.0.0 bye\r\n' : '250 2.0.0 ok\r\n'
}

function startTls(socket: Socket): void {
  const secure = new TLSSocket(socket, { isServer: true, ...(secureContext ? { secureContext } : {}) })
  secure.on('error', () => socket.destroy())
  converse(secure, true)
}

function count(socket: Socket): void {
  seen.messages++
  if (socket instanceof TLSSocket) {
    seen.encrypted++
    if (socket.isSessionReused()) seen.resumed++
  }
  if (seen.messages === expected) tell({ kind: 'received', ...seen })
}

process.on('message', (command: ReceiverCommand) => {
  if (command.kind === 'expect') {
    expected = command.messages
    seen = { messages: 0, encrypted: 0, resumed: 0 }
    tell({ kind: 'expecting' })
    return
  }
  secureContext = createSecureContext({ key: command.key, cert: command.cert, sessionIdContext: 'bench' })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address) tell({ kind: 'listening', port: address.port })
  })
})
process.on('disconnect', () => process.exit())

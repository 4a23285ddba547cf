/**
 * A receiving server for the delivery bench, as a process of its own: takes all mail, offers what most servers offer,
 * gives session tickets, counts. It looks at as little of a message as it can, since it runs on the processors of what
 * is measured. Told over IPC how many messages to expect, it answers once they are there.
 */
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { ReceiverAnswer, ReceiverCommand } from './messages.js'

const NOTHING = Buffer.alloc(0)
const LINE_END = Buffer.from('\r\n')
const MESSAGE_END = Buffer.from('\r\n.\r\n')

let secureContext: SecureContext | undefined
let expected = Infinity
let seen = { messages: 0, encrypted: 0 }
let connections = { connections: 0, resumed: 0, most: 0 }
let open = 0
let isRestAsked = false

function tell(answer: ReceiverAnswer): void {
  process.send?.(answer)
}

const server = createServer((socket) => {
  // Listens on all addresses, since those of 127.0.0.0/8 can't be had otherwise; nobody else is to be served.
  if (socket.remoteAddress?.startsWith('127.') !== true) {
    socket.destroy()
    return
  }
  connections.connections++
  connections.most = Math.max(connections.most, ++open)
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.once('close', () => {
    open--
    tellRest()
  })
  socket.write('220 mx.bench.example ESMTP\r\n')
  converse(socket, false)
})

/** Answers commands, until STARTTLS hands the connection over. */
function converse(socket: Socket, encrypted: boolean): void {
  // The beginning of a line that is not whole, or the last bytes of a message so far.
  let kept = NOTHING
  let inMessage = false
  let replies = ''

  /** @returns what is left behind the message, or nothing */
  const takeText = (bytes: Buffer): Buffer => {
    const text = Buffer.concat([kept, bytes])
    const end = text.indexOf(MESSAGE_END)
    if (end < 0) {
      kept = Buffer.from(text.subarray(1 - MESSAGE_END.length))
      return NOTHING
    }
    kept = NOTHING
    inMessage = false
    replies += '250 2.0.0 taken\r\n'
    count(encrypted)
    return text.subarray(end + MESSAGE_END.length)
  }
  /** @returns what is left behind the command, or nothing */
  const takeCommand = (bytes: Buffer): Buffer => {
    const text = Buffer.concat([kept, bytes])
    const end = text.indexOf(LINE_END)
    if (end < 0) {
      kept = text
      return NOTHING
    }
    kept = NOTHING
    const verb = text.toString('latin1', 0, 4).toUpperCase()
    replies += replyTo(verb, encrypted)
    if (verb === 'STAR') {
      socket.off('data', take)
      flush()
      startTls(socket)
      return NOTHING
    }
    if (verb === 'QUIT') {
      flush()
      socket.end()
    }
    inMessage = verb === 'DATA'
    // A message may begin with its end.
    if (inMessage) kept = LINE_END
    return text.subarray(end + LINE_END.length)
  }
  const flush = (): void => {
    if (replies !== '') socket.write(replies)
    replies = ''
  }
  const take = (chunk: Buffer): void => {
    for (let bytes = chunk; bytes.length > 0;) bytes = inMessage ? takeText(bytes) : takeCommand(bytes)
    flush()
  }
  socket.on('data', take)
}

function replyTo(verb: string, encrypted: boolean): string {
  if (verb === 'EHLO')
    return [
      '250-mx.bench.example',
      ...(encrypted ? [] : ['250-STARTTLS']),
      '250-PIPELINING',
      '250-SIZE 50000000',
      '250-ENHANCEDSTATUSCODES',
      '250 8BITMIME',
      '',
    ].join('\r\n')
  if (verb === 'DATA') return '354 go ahead\r\n'
  if (verb === 'STAR') return '220 2.0.0 go ahead\r\n'
  return verb === 'QUIT' ? '221 2.0.0 bye\r\n' : '250 2.0.0 ok\r\n'
}

function startTls(socket: Socket): void {
  const secure = new TLSSocket(socket, { isServer: true, ...(secureContext ? { secureContext } : {}) })
  secure.on('error', () => socket.destroy())
  secure.once('secure', () => {
    if (secure.isSessionReused()) connections.resumed++
  })
  converse(secure, true)
}

function count(encrypted: boolean): void {
  seen.messages++
  if (encrypted) seen.encrypted++
  if (seen.messages === expected) tell({ kind: 'received', ...seen })
}

function tellRest(): void {
  if (!isRestAsked || open > 0) return
  isRestAsked = false
  tell({ kind: 'resting', ...connections })
  connections = { connections: 0, resumed: 0, most: 0 }
}

process.on('message', (command: ReceiverCommand) => {
  if (command.kind === 'rest') {
    isRestAsked = true
    return tellRest()
  }
  if (command.kind === 'expect') {
    expected = command.messages
    seen = { messages: 0, encrypted: 0 }
    tell({ kind: 'expecting' })
    return
  }
  secureContext = createSecureContext({ key: command.key, cert: command.cert, sessionIdContext: 'bench' })
  server.listen(0, '0.0.0.0', () => {
    const address = server.address()
    if (typeof address === 'object' && address) tell({ kind: 'listening', port: address.port })
  })
})
process.on('disconnect', () => process.exit())

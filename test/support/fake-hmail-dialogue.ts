/**
 * How Haraka 3.3.4 speaks to a server for a fake queue item: the dialogue of `try_deliver_host_on_socket` in
 * `outbound/hmail.js`, without AUTH and without its own TLS, which no guarded item may come to.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { HarakaAddress, HarakaMx, HarakaSocket } from '../../plugins/enforce-tls/haraka/types.js'
import type { FakeHmail } from './fake-hmail.js'

/** Haraka's socket, or what a guard gives it instead. */
export interface Dialogue extends EventEmitter {
  writable: boolean
  /** Whether it has served another message. */
  readonly __fromPool?: boolean
  isSecure(): boolean
  write(data: string | Buffer): boolean
  upgrade(options: object, done: () => void): void
  end(): void
  destroy(): void
}

const REPLY = /^([2345]\d\d)([ -])#?(?:(\d\.\d\.\d)\s)?(.*)/

/** Haraka's wrapper of a connected socket, with lines as events (`tls_socket.js`, `add_line_processor`). */
export class FakeSocket extends EventEmitter implements HarakaSocket, Dialogue {
  writable = true
  #rest = ''

  targetsocket?: Socket

  constructor(targetsocket: Socket) {
    super()
    this.targetsocket = targetsocket
    targetsocket.on('data', (data: Buffer) => {
      const lines = `${this.#rest}${data.toString()}`.split(/(?<=\n)/)
      this.#rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '')
      for (const line of lines) this.emit('line', line)
    })
    for (const event of ['end', 'close', 'drain', 'timeout'])
      targetsocket.on(event, (...data: unknown[]) => this.emit(event, ...data))
    targetsocket.once('error', (error) => {
      if (this.listenerCount('error') > 0) this.emit('error', error)
    })
  }

  clean(): void {
    for (const event of ['data', 'end', 'close', 'error', 'drain'])
      this.targetsocket?.removeAllListeners(event)
    delete this.targetsocket
  }

  isSecure(): boolean {
    return false
  }

  upgrade(): void {
    throw new Error('a guarded item has come to opportunistic TLS of Haraka')
  }

  write(data: string | Buffer): boolean {
    return this.targetsocket?.write(data) ?? false
  }

  end(): void {
    this.targetsocket?.end()
  }

  destroy(): void {
    this.targetsocket?.destroy()
  }
}

/** Speaks until the server has taken or refused the message. @param name of the server, for what is told */
export function speak(item: FakeHmail, mx: HarakaMx, name: string, socket: Dialogue): void {
  const recipients = item.todo.rcpt_to
  const accepted: HarakaAddress[] = []
  const deferred: HarakaAddress[] = []
  const refused: HarakaAddress[] = []
  let processing = true
  let secured = false
  let command = 'CONNECT'
  let index = 0
  let lines: string[] = []

  const release = (): void => {
    socket.removeAllListeners()
    socket.destroy()
  }
  const send = (verb: string, data = ''): void => {
    if (!socket.writable) return lost()
    // Haraka's own safeguard; the item has no next step then.
    if (item.force_tls && !['EHLO', 'LHLO', 'STARTTLS'].includes(verb) && !socket.isSecure()) {
      item.note(`${verb} to ${name} blocked`)
      processing = false
      return release()
    }
    command = verb
    lines = []
    if (verb === 'MAIL') item.note(`MAIL ${name} ${socket.isSecure() ? 'over TLS' : 'in the clear'}`)
    socket.write(`${verb}${data}\r\n`)
  }
  const hello = (): void => send(mx.using_lmtp ? 'LHLO' : 'EHLO', ' mta.test.example')
  const lost = (): void => {
    if (!processing) return
    processing = false
    release()
    void item.try_deliver()
  }
  const recipient = (): HarakaAddress | undefined => recipients[index]
  const rcpt = (): void => send('RCPT', ` TO:<${String(recipient()?.address)}>`)
  const finish = (success: boolean): void => {
    for (const [some, end] of [
      [deferred, 'temp_fail'],
      [refused, 'bounce'],
    ] as const) {
      if (some.length === 0) continue
      item.refcount++
      item.split_to_new_recipients(some, 'Some recipients failed', (part) => {
        item.discard()
        part[end](`Some recipients failed: ${some.map(({ address }) => String(address)).join()}`, { mx })
      })
    }
    processing = false
    if (success) item.delivered('', 25, 'SMTP', '', 'taken', accepted, deferred, refused, true, false)
    else item.discard()
    send('QUIT')
  }
  const next = (): void => {
    switch (command) {
      case 'CONNECT':
        return hello()
      case 'EHLO':
      case 'LHLO':
        if (secured || !item.force_tls) return send('MAIL', ` FROM:<${String(item.todo.mail_from.address)}>`)
        socket.once('secure', () => {
          secured = true
          hello()
        })
        return send('STARTTLS')
      case 'STARTTLS':
        return socket.upgrade({}, () => undefined)
      case 'HELO':
        return send('MAIL', ` FROM:<${String(item.todo.mail_from.address)}>`)
      case 'MAIL':
        return rcpt()
      case 'RCPT':
        index++
        if (recipient()) return rcpt()
        return accepted.length > 0 ? send('DATA') : finish(false)
      case 'DATA':
        socket.write(Buffer.from('Subject: Secret\r\n\r\nThe text\r\n'))
        return send('.')
      case '.':
        return finish(true)
      case 'QUIT':
        return release()
    }
  }

  for (const event of ['error', 'timeout', 'close', 'end']) socket.removeAllListeners(event)
  socket.once('timeout', () => socket.emit('error', new Error('timeout')))
  socket.on('error', lost)
  socket.once('close', lost)
  socket.once('end', () => {
    socket.writable = false
    if (!processing) release()
  })
  socket.on('line', (line: string) => {
    if (!processing && command !== 'QUIT') return
    const [, code = '', more, status, rest = ''] = REPLY.exec(line) ?? []
    lines.push(rest)
    if (more === '-') return
    const text = lines.join(' ')
    const isTemporary = code.startsWith('4')
    const current = recipients.slice(index, index + 1)
    if (!isTemporary && !code.startsWith('5')) {
      if (command === 'RCPT') accepted.push(...current)
      return next()
    }
    // A server that knows no EHLO is asked with HELO.
    if (!isTemporary && command === 'EHLO') return send('HELO', ' mta.test.example')
    for (const each of command === 'RCPT' ? current : recipients) markRefused(each, code, status, text)
    if (command === 'RCPT') {
      ;(isTemporary ? deferred : refused).push(...current)
      return next()
    }
    send('QUIT')
    processing = false
    if (isTemporary) item.temp_fail(`Upstream error: ${code} ${text}`, { mx })
    else item.bounce(`${code} ${text}`, { mx })
  })

  if (!socket.__fromPool) return
  secured = true
  send('MAIL', ` FROM:<${String(item.todo.mail_from.address)}>`)
}

function markRefused(recipient: HarakaAddress, code: string, status: string | undefined, text: string): void {
  recipient.dsn_action = code.startsWith('4') ? 'delayed' : 'failed'
  recipient.dsn_smtp_code = code
  recipient.dsn_smtp_extc = status
  if (status) recipient.dsn_status = status
  recipient.dsn_smtp_response = text
}

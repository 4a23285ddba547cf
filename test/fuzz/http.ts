/** Requests to the console, byte by byte as the caller wants them; each answer is held against what may be. */
import { connect } from 'node:net'
import type { Stage } from './stage.js'

const PATIENCE = 120_000

export interface Wanted {
  readonly method: string
  /** Behind `/enforce-tls/api/`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether it is cut before it is whole. @default false */
  readonly cut?: boolean
}

/** Sends one; gives the status, or 0 where the connection ended without one. */
export async function request(stage: Stage, wanted: Wanted): Promise<number> {
  const { method, path, headers = {}, body = '', cut = false } = wanted
  const lines = Object.entries({
    host: 'localhost',
    connection: 'close',
    ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} /enforce-tls/api/${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  const whole = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
  const answer = await exchange(
    stage.httpPort,
    cut ? whole.subarray(0, Math.floor(whole.length / 2)) : whole,
    cut,
  )
  const what = `${method} ${path.slice(0, 200)}`
  if (answer === null) {
    stage.ledger.violated(`no answer within ${PATIENCE / 1000} s to ${what}`, { kind: `no answer ${method}` })
    return 0
  }
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
  // What is stated: the store does not answer, or somebody has put into it what the API can't read nor mend.
  const stated =
    (status === 503 && /"code":"[\w-]+","message":"./.test(answer)) ||
    (status === 500 && /"code":"store-corrupt","message":"./.test(answer)) ||
    // The answer to HEAD has no body; GET is asked for the same.
    (method === 'HEAD' && /^Content-Type: application\/json/m.test(answer))
  if (status >= 500 && !stated)
    stage.ledger.violated(`${what} was answered ${status}: ${answer.slice(-400)}`, {
      kind: `${status} ${method} ${path.split(/[/?]/)[0] ?? ''}`,
    })
  return status
}

/** All that is answered, or `null` when the time is over. */
function exchange(port: number, bytes: Buffer, cut: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const timer = setTimeout(() => {
      resolve(null)
      socket.destroy()
    }, PATIENCE)
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
      // Large answers are not of interest as a whole.
      if (answer.length > 20_000) answer = answer.slice(0, 2000) + answer.slice(-2000)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
    socket.write(bytes, () => {
      if (cut) setTimeout(() => socket.resetAndDestroy(), 20)
    })
  })
}

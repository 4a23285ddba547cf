/**
 * Leaves a server in a civil way: QUIT, then a little while in which it may answer and close. What it says
 * meanwhile is thrown away, and a server that goes on talking is cut off.
 */
import type { Socket } from 'node:net'

/** How long a server may take to close after QUIT, in milliseconds. */
export const QUIT_TIMEOUT = 2000
/** Far more than an answer to QUIT has, in bytes; who sends more wants to keep us busy. */
const FAREWELL_MAX = 16 * 1024

/**
 * Ends a session with QUIT (RFC 5321 section 4.1.1.10). Total; the socket is closed in the end.
 *
 * @param socket nobody else listens to its data any more
 */
export function leave(socket: Socket): void {
  let received = 0
  const timer = setTimeout(() => socket.destroy(), QUIT_TIMEOUT)
  // An error that nobody listens to would end the process.
  socket.on('error', () => undefined)
  socket.once('close', () => clearTimeout(timer))
  // Bytes that nobody reads would keep the end of the session from being seen.
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > FAREWELL_MAX) socket.destroy()
  })
  socket.resume()
  socket.end('QUIT\r\n')
}

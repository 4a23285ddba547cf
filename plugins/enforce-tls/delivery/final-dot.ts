/**
 * Notes of an attempt whether the server answers once it has been sent the whole message: without an answer nobody here
 * knows whether it has it (RFC 5321 section 4.5.3.2.6, RFC 1047). Changes nothing of what is sent.
 */
import type { EventEmitter } from 'node:events'
import type { Attempt } from './outcome.js'

/** The last line of a reply; what is none answers nothing. */
const ANSWER = /^[2-5]\d\d(?: |\s*$)/

/** @param socket what Haraka talks to: its own, or one in its place */
export function watchDot(
  socket: EventEmitter & { write?: (data: never, ...rest: never[]) => boolean },
  attempt: Attempt,
): void {
  const write = socket.write?.bind(socket)
  if (!write) return
  socket.write = (data: unknown, ...rest: never[]): boolean => {
    if (data === '.\r\n') {
      attempt.isUnanswered = true
      const listen = (line: unknown): void => {
        if (!ANSWER.test(String(line))) return
        attempt.isUnanswered = false
        socket.off('line', listen)
      }
      // Before Haraka draws its conclusions from it.
      socket.prependListener('line', listen)
    }
    return write(data as never, ...rest)
  }
}

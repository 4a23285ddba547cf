/** What is an answer to the final dot, and what leaves open whether the server has the message. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { watchDot } from '../../../plugins/enforce-tls/delivery/final-dot.js'
import type { Attempt } from '../../../plugins/enforce-tls/delivery/outcome.js'

describe('the final dot is', () => {
  for (const [what, lines, isUnanswered] of [
    ['unanswered by nothing', [], true],
    ['unanswered by the beginning of a reply', ['250-2.0.0 queued'], true],
    ['unanswered by what is no reply', ['HTTP/1.1 400 nope', '1 x', '2500'], true],
    ['answered by a reply', ['250 2.0.0 queued'], false],
    ['answered by a code alone', ['250'], false],
    ['answered by a refusal of several lines', ['554-5.7.1 no', '554 5.7.1 no'], false],
  ] as const)
    it(what, () => {
      const attempt: Attempt = { host: 'mx', to: '', secured: true, session: null, failure: null }
      const socket = Object.assign(new EventEmitter(), { write: (data: string) => data !== '' })
      // Haraka has its listener before, and takes its conclusions from the line at once.
      const seen: unknown[] = []
      socket.on('line', () => seen.push(attempt.isUnanswered))
      watchDot(socket, attempt)
      socket.write('DATA\r\n')
      socket.emit('line', '354 go\r\n')
      assert.equal(attempt.isUnanswered, undefined, 'it was not sent whole')
      socket.write('.\r\n')
      for (const line of lines) socket.emit('line', `${line}\r\n`)
      assert.equal(attempt.isUnanswered, isUnanswered)
      if (lines.length > 0) assert.equal(seen.at(-1), isUnanswered)
    })
})

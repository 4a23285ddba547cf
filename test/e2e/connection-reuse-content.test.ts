/** What a server makes of the content of a session's second message: from there on it counts, as on any session. */
import { cut, reset } from '../support/peer-steps.js'
import type { Reply } from '../support/peer-behaviour.js'
import { describeRows, second, type ReuseRow } from '../support/reuse-rows.js'

/** At the final dot of a session's second message. */
function atDot(reply: Reply): ReuseRow['behaviour'] {
  return {
    onSecure: {
      message: (session) => (session.record.messages.length > 1 ? session.reply(reply) : session.proceed()),
    },
  }
}

/** The second message and the third meet it, and go over a fresh connection when they are tried again. */
const COUNTED = { connections: 3, mails: 5, failed: 2 }
/** Of an answer the session goes on to QUIT, and the attempt did not fail for anything that is about TLS. */
const ANSWERED = { connections: 3, mails: 5 }

describeRows('a server that with the content of the second message of a session', [
  { name: 'cuts the connection before it replies', behaviour: atDot(cut), ...COUNTED },
  { name: 'resets the connection before it replies', behaviour: atDot(reset), ...COUNTED },
  { name: 'closes before it replies', behaviour: atDot((session) => session.end()), ...COUNTED },
  {
    name: 'cuts the connection after its go-ahead',
    behaviour: {
      onSecure: {
        DATA: second((session) => {
          session.send('354 go ahead')
          session.cut()
        }),
      },
    },
    ...COUNTED,
  },
  { name: 'puts it off', behaviour: atDot('451 4.3.0 later'), ...ANSWERED, deferred: 2 },
])

/** What a server makes of the second message of a session, until its content has gone out. */
import type { Reply } from '../support/peer-behaviour.js'
import { cut, drip, replyAndCut, reset, silence } from '../support/peer-steps.js'
import { describeRows, second, type ReuseRow } from '../support/reuse-rows.js'

/** Not done again with this server for a while. */
const ONCE = 4
/** A session that has ended says nothing about the next one. */
const EACH_TIME = 5

const ANSWERS: readonly (readonly [string, Reply, number])[] = [
  ['refuses it for now', '451 4.7.1 one message is enough', ONCE],
  ['refuses it', '554 5.7.1 one message is enough', ONCE],
  ['says 421', '421 4.4.2 bye', ONCE],
  ['says 421 and closes', replyAndCut('421 4.4.2 bye'), ONCE],
  ['refuses it in several lines', ['451-4.7.1 one message', '451 4.7.1 is enough'], ONCE],
  ['answers gibberish', 'fine weather', ONCE],
  ['answers with half a code', '25', ONCE],
  ['answers with a code out of SMTP', '199 hello', ONCE],
  ['wants more', '334 VXNlcm5hbWU6', ONCE],
  ['is silent', silence, ONCE],
  ['begins an answer and does not end it', drip(['250-so'], 0), ONCE],
  ['closes', (session) => session.end(), EACH_TIME],
  ['cuts the connection', cut, EACH_TIME],
  ['resets the connection', reset, EACH_TIME],
]

const rows = (['MAIL', 'RCPT', 'DATA'] as const).flatMap((step): ReuseRow[] => [
  ...ANSWERS.map(([what, reply, mails]): ReuseRow => ({
    name: `${what} at ${step}`,
    behaviour: { onSecure: { [step]: second(reply) } },
    mails,
  })),
  {
    name: `answers ${step} twice`,
    behaviour: {
      onSecure: { [step]: second(step === 'DATA' ? ['250 ok', '354 go'] : ['250 ok', '250 ok']) },
    },
    mails: ONCE,
  },
])

describeRows('a server that with the second message of a session', [
  ...rows,
  {
    name: 'is behind by one reply, the late one before the reply to MAIL',
    behaviour: {
      onSecure: {
        MAIL: second(async (session) => {
          session.send('250 2.0.0 the dot again')
          await session.pause(50)
          session.send('250 2.1.0 sender ok')
        }),
      },
    },
    mails: ONCE,
  },
  {
    name: 'is behind by one reply, and the late one is a refusal',
    behaviour: { onSecure: { MAIL: second(['554 5.6.0 the dot again', '250 2.1.0 sender ok']) } },
    mails: ONCE,
  },
])

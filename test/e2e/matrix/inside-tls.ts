/** Servers that establish TLS and misbehave, or behave, inside of it. */
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { bytes, cut, dripForever, replyAndCut, reset, silence } from '../../support/peer-steps.js'
import { until } from '../../support/until.js'
import { delivered, notTls } from './outcomes.js'
import { TRICKLE, CUT, LOST, GIBBERISH, type Row } from './row.js'

/** Establishes TLS, then talks before it is spoken to. */
function talksFirst(line: string): PeerBehaviour {
  return {
    on: {
      handshake: async (session) => {
        session.upgrade()
        await until(() => session.secure || session.closed, { what: 'the end of the handshake' })
        session.send(line)
      },
    },
  }
}

export const INSIDE_TLS: readonly Row[] = [
  { name: 'does all as it should', behaviour: {}, outcome: delivered('TLSv1.3') },
  {
    name: 'speaks TLS 1.2 at most',
    behaviour: { tls: { maxVersion: 'TLSv1.2' } },
    outcome: delivered('TLSv1.2'),
  },
  {
    name: 'offers STARTTLS again inside TLS',
    behaviour: { onSecure: { EHLO: ['250-hello', '250-SIZE 1000000', '250 STARTTLS'] } },
    outcome: delivered(),
  },
  {
    name: 'does not know EHLO inside TLS',
    behaviour: { onSecure: { EHLO: '502 5.5.1 what?' } },
    outcome: delivered(),
  },
  { name: 'answers MAIL with a code alone', behaviour: { onSecure: { MAIL: '250' } }, outcome: delivered() },
  {
    name: 'answers RCPT in several lines',
    behaviour: { onSecure: { RCPT: ['250-2.1.5 well', '250-2.1.5 well', '250 2.1.5 ok'] } },
    outcome: delivered(),
  },
  {
    name: 'talks inside TLS before it is spoken to',
    behaviour: talksFirst('220 hello again'),
    outcome: LOST,
  },
  {
    name: 'drips its answer to EHLO inside TLS for ever',
    behaviour: { onSecure: { EHLO: dripForever('250-SIZE', TRICKLE) } },
    outcome: LOST,
  },
  {
    name: 'sends a line without end inside TLS',
    behaviour: { onSecure: { EHLO: bytes(`250-${'x'.repeat(100_000)}`) } },
    outcome: LOST,
  },
  { name: 'is silent inside TLS', behaviour: { onSecure: { EHLO: silence } }, outcome: LOST },
  { name: 'hangs up inside TLS', behaviour: { onSecure: { EHLO: cut } }, outcome: CUT },
  { name: 'resets inside TLS', behaviour: { onSecure: { EHLO: reset } }, outcome: CUT },
  {
    name: 'closes with close_notify inside TLS',
    behaviour: { onSecure: { EHLO: (session) => session.end() } },
    outcome: CUT,
  },
  {
    name: 'hangs up as soon as TLS is established',
    behaviour: {
      on: {
        handshake: async (session) => {
          session.upgrade()
          await until(() => session.secure || session.closed, { what: 'the end of the handshake' })
          session.cut()
        },
      },
    },
    outcome: CUT,
  },
  {
    name: 'puts mail off with 421 as soon as TLS is established',
    behaviour: talksFirst('421 4.3.2 too busy'),
    outcome: notTls('5.3.2', 2),
  },
  {
    name: 'puts mail off with 421 as soon as TLS 1.2 is established',
    behaviour: { ...talksFirst('421 4.3.2 too busy'), tls: { maxVersion: 'TLSv1.2' } },
    outcome: notTls('5.3.2', 2),
  },
  {
    name: 'refuses mail with 554 inside TLS and hangs up',
    behaviour: { onSecure: { EHLO: replyAndCut('554 5.7.1 not you') } },
    outcome: notTls('5.3.2', 1),
  },
  {
    name: 'refuses EHLO and HELO inside TLS',
    behaviour: { onSecure: { EHLO: '554 5.7.1 not you', HELO: '554 5.7.1 not you' } },
    outcome: notTls('5.7.1', 1),
  },
  {
    name: 'puts EHLO off inside TLS',
    behaviour: { onSecure: { EHLO: '450 4.7.1 greylisted' } },
    outcome: notTls('5.7.1', 2),
  },
  {
    name: 'answers EHLO inside TLS with gibberish',
    behaviour: { onSecure: { EHLO: 'hello' } },
    outcome: GIBBERISH,
  },
  {
    name: 'shifts its replies by one inside TLS',
    behaviour: talksFirst('250 well'),
    outcome: LOST,
  },
  {
    name: 'answers MAIL twice',
    behaviour: { onSecure: { MAIL: ['250 2.1.0 ok', '250 2.1.0 ok'] } },
    outcome: LOST,
  },
  {
    name: 'answers DATA twice',
    behaviour: { onSecure: { DATA: ['354 go ahead', '354 go ahead'] } },
    outcome: LOST,
  },
  {
    name: 'answers the final dot with 354',
    behaviour: { onSecure: { message: '354 go ahead' } },
    outcome: notTls('5.0.0', 2),
  },
  {
    name: 'answers DATA with 250',
    behaviour: { onSecure: { DATA: '250 2.0.0 ok' } },
    outcome: LOST,
  },
  {
    name: 'accepts the recipient with 251',
    behaviour: { onSecure: { RCPT: '251 2.1.5 will forward' } },
    outcome: delivered(),
  },
  {
    name: 'accepts the recipient with 252',
    behaviour: { onSecure: { RCPT: '252 2.1.5 can not tell, but will try' } },
    outcome: delivered(),
  },
  {
    name: 'accepts the message and says goodbye in one packet',
    behaviour: { onSecure: { message: ['250 2.0.0 queued', '421 4.4.2 bye'] } },
    outcome: delivered(),
  },
  {
    name: 'answers the final dot with a code alone',
    behaviour: { onSecure: { message: '250' } },
    outcome: delivered(),
  },
  {
    name: 'answers EHLO inside TLS in a thousand lines',
    behaviour: {
      onSecure: { EHLO: [...Array.from({ length: 1000 }, (_, n) => `250-X${n}`), '250 SIZE 1000000'] },
    },
    outcome: delivered(),
  },
  {
    name: 'answers EHLO inside TLS in ten thousand lines',
    behaviour: { onSecure: { EHLO: bytes('250-x\r\n'.repeat(10_000)) } },
    outcome: LOST,
  },
  {
    name: 'answers MAIL in a line of ten thousand characters',
    behaviour: { onSecure: { MAIL: `250 ${'x'.repeat(10_000)}` } },
    outcome: delivered(),
  },
  {
    name: 'drips its answer to the final dot, but ends it',
    behaviour: {
      onSecure: {
        message: async (session) => {
          await session.drip(['250-2.0.0 so', '250-2.0.0 so'], TRICKLE)
          await session.reply('250 2.0.0 queued')
        },
      },
    },
    outcome: delivered(),
  },
  {
    name: 'ends lines with LF alone inside TLS',
    behaviour: { onSecure: { EHLO: bytes('250-hello\n250 SIZE 1000000\n') } },
    outcome: delivered(),
  },
  {
    name: 'never closes after QUIT',
    behaviour: { onSecure: { QUIT: silence } },
    outcome: delivered(),
  },
  {
    name: 'never closes after QUIT and drips a farewell',
    behaviour: { onSecure: { QUIT: dripForever('221-bye', TRICKLE) } },
    outcome: delivered(),
  },
  {
    name: 'never closes after QUIT and drips gibberish',
    behaviour: { onSecure: { QUIT: dripForever('bye', TRICKLE) } },
    outcome: delivered(),
  },
  {
    name: 'offers AUTH inside TLS only',
    behaviour: { onSecure: { EHLO: ['250-hello', '250 AUTH PLAIN LOGIN'] } },
    outcome: delivered(),
  },
  {
    name: 'wants AUTH first',
    behaviour: { onSecure: { MAIL: '530 5.7.0 authentication required' } },
    outcome: notTls('5.7.0', 1),
  },
  {
    name: 'wants STARTTLS inside TLS',
    behaviour: { onSecure: { MAIL: '530 5.7.0 must issue a STARTTLS command first' } },
    outcome: notTls('5.7.0', 1),
  },
  {
    name: 'answers MAIL with gibberish',
    behaviour: { onSecure: { MAIL: 'fine' } },
    outcome: GIBBERISH,
  },
  {
    name: 'answers the final dot with gibberish',
    behaviour: { onSecure: { message: 'fine' } },
    outcome: GIBBERISH,
  },
  {
    name: 'refuses MAIL',
    behaviour: { onSecure: { MAIL: '550 5.7.1 not you' } },
    outcome: notTls('5.7.1', 1),
  },
  {
    name: 'puts MAIL off',
    behaviour: { onSecure: { MAIL: '451 4.7.1 greylisted' } },
    outcome: notTls('5.7.1', 2),
  },
  {
    name: 'refuses RCPT',
    behaviour: { onSecure: { RCPT: '550 5.1.1 no such user' } },
    outcome: notTls('5.1.1', 1),
  },
  {
    name: 'puts RCPT off',
    behaviour: { onSecure: { RCPT: '452 4.2.2 mailbox full' } },
    outcome: notTls('5.2.2', 2),
  },
  { name: 'refuses DATA', behaviour: { onSecure: { DATA: '554 5.3.0 no' } }, outcome: notTls('5.3.0', 1) },
  {
    name: 'puts DATA off',
    behaviour: { onSecure: { DATA: '451 4.3.2 later' } },
    outcome: notTls('5.3.2', 2),
  },
  {
    name: 'refuses the message before its end',
    behaviour: {
      onSecure: {
        DATA: (session) => {
          session.send('354 go ahead')
          session.send('552 5.3.4 too big')
        },
        message: silence,
      },
    },
    outcome: notTls('5.3.4', 1),
  },
  { name: 'hangs up at DATA', behaviour: { onSecure: { DATA: cut } }, outcome: LOST },
  { name: 'resets at the final dot', behaviour: { onSecure: { message: reset } }, outcome: LOST },
  {
    name: 'hangs up after DATA',
    behaviour: { onSecure: { DATA: replyAndCut('354 go'), message: silence } },
    outcome: LOST,
  },
  { name: 'hangs up at the final dot', behaviour: { onSecure: { message: cut } }, outcome: LOST },
  {
    name: 'puts the message off at the final dot',
    behaviour: { onSecure: { message: '451 4.3.0 later' } },
    outcome: notTls('5.3.0', 2),
  },
  {
    name: 'refuses the message at the final dot',
    behaviour: { onSecure: { message: '554 5.6.0 spam' } },
    outcome: notTls('5.6.0', 1),
  },
]

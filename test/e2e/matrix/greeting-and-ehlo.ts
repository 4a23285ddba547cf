/** Servers that misbehave before STARTTLS: at the greeting, and in their reply to EHLO. */
import { bytes, drip, cut, dripForever, late, replyAndCut, reset, silence } from '../../support/peer-steps.js'
import { delivered, notTls } from './outcomes.js'
import { TRICKLE, NO_TLS, HANDSHAKE, SLOW, LOST, ehlo, type Row } from './row.js'

export const GREETING_AND_EHLO: readonly Row[] = [
  {
    name: 'refuses the connection with 554',
    behaviour: { on: { connect: '554 5.7.1 not you' } },
    outcome: notTls('5.3.2', 1),
  },
  {
    name: 'puts the connection off with 421',
    behaviour: { on: { connect: '421 4.3.2 busy' } },
    outcome: notTls('5.3.2', 2),
  },
  { name: 'never greets', behaviour: { on: { connect: silence } }, outcome: SLOW },
  {
    name: 'drips its greeting for ever',
    behaviour: { on: { connect: dripForever('220-wait', TRICKLE) } },
    outcome: SLOW,
  },
  {
    name: 'drips its greeting without a line end',
    behaviour: {
      on: {
        connect: async (session) => {
          while (!session.closed) {
            session.raw('2')
            await session.pause(TRICKLE)
          }
        },
      },
    },
    outcome: SLOW,
  },
  { name: 'closes without greeting', behaviour: { on: { connect: cut } }, outcome: LOST },
  // The reset can be there before the connection counts as made.
  {
    name: 'resets without greeting',
    behaviour: { on: { connect: reset } },
    outcome: notTls(['5.4.2', '5.4.1'], 2),
  },
  { name: 'greets in HTTP', behaviour: { on: { connect: 'HTTP/1.1 400 Bad Request' } }, outcome: HANDSHAKE },
  {
    name: 'greets in bytes',
    behaviour: { on: { connect: bytes(Buffer.from([0, 255, 1, 10, 13, 10])) } },
    outcome: HANDSHAKE,
  },
  { name: 'greets with a code of its own', behaviour: { on: { connect: '299 hello' } }, outcome: HANDSHAKE },
  {
    name: 'greets with a line that never ends',
    behaviour: { on: { connect: bytes(`220 ${'x'.repeat(100_000)}`) } },
    outcome: HANDSHAKE,
  },
  {
    name: 'greets with ten thousand lines',
    behaviour: { on: { connect: bytes('220-x\r\n'.repeat(10_000)) } },
    outcome: HANDSHAKE,
  },
  {
    name: 'greets with two codes',
    behaviour: { on: { connect: ['220-hello', '250 hello'] } },
    outcome: HANDSHAKE,
  },
  {
    name: 'greets and answers EHLO before it was asked',
    behaviour: { on: { connect: ['220 hello', '250-hello', '250 STARTTLS'] } },
    outcome: HANDSHAKE,
  },
  {
    name: 'greets and begins an answer to EHLO before it was asked',
    behaviour: { on: { connect: bytes('220 hello\r\n250-hel') } },
    outcome: HANDSHAKE,
  },
  {
    name: 'greets in several lines',
    behaviour: { on: { connect: ['220-hello', '220-we are slow', '220 ready'] } },
    outcome: delivered(),
  },
  {
    name: 'drips its greeting, but ends it in time',
    behaviour: { on: { connect: drip(['220-hello', '220-we are slow', '220 ready'], TRICKLE) } },
    outcome: delivered(),
  },
  { name: 'greets with a code alone', behaviour: { on: { connect: '220' } }, outcome: delivered() },
  {
    name: 'ends lines with LF alone',
    behaviour: {
      on: {
        connect: bytes('220 hello\n'),
        EHLO: bytes('250-hello\n250 STARTTLS\n'),
        STARTTLS: async (session) => {
          session.raw('220 go\n')
          await session.handshake()
        },
      },
    },
    outcome: delivered(),
  },
  { name: 'greets late, but in time', behaviour: { on: { connect: late(300) } }, outcome: delivered() },
  // EHLO
  { name: 'does not know EHLO (500)', behaviour: { on: { EHLO: '500 5.5.1 what?' } }, outcome: NO_TLS },
  { name: 'does not know EHLO (502)', behaviour: { on: { EHLO: '502 5.5.2 what?' } }, outcome: NO_TLS },
  {
    name: 'refuses EHLO with 550',
    behaviour: { on: { EHLO: '550 5.7.1 your name is odd' } },
    outcome: NO_TLS,
  },
  {
    name: 'refuses EHLO with 554 and hangs up',
    behaviour: { on: { EHLO: replyAndCut('554 5.7.1 no') } },
    outcome: NO_TLS,
  },
  {
    name: 'puts EHLO off with 421',
    behaviour: { on: { EHLO: '421 4.3.2 later' } },
    outcome: notTls('5.3.2', 2),
  },
  {
    name: 'puts EHLO off with 450',
    behaviour: { on: { EHLO: '450 4.7.1 greylisted' } },
    outcome: notTls('5.3.2', 2),
  },
  { name: 'never answers EHLO', behaviour: { on: { EHLO: silence } }, outcome: SLOW },
  {
    name: 'drips its answer to EHLO for ever',
    behaviour: { on: { EHLO: dripForever('250-SIZE', TRICKLE) } },
    outcome: SLOW,
  },
  {
    name: 'answers EHLO with bytes',
    behaviour: { on: { EHLO: bytes(Buffer.from([0xff, 0xfd, 0x03, 0x0a])) } },
    outcome: HANDSHAKE,
  },
  {
    name: 'answers EHLO with a line that never ends',
    behaviour: { on: { EHLO: bytes(`250-${'x'.repeat(100_000)}`) } },
    outcome: HANDSHAKE,
  },
  { name: 'resets at EHLO', behaviour: { on: { EHLO: reset } }, outcome: LOST },
  { name: 'hangs up at EHLO', behaviour: { on: { EHLO: cut } }, outcome: LOST },
  {
    name: 'hangs up in the middle of its answer to EHLO',
    behaviour: { on: { EHLO: replyAndCut('250-hello', '250-STARTTLS') } },
    outcome: LOST,
  },
  { name: 'answers EHLO with gibberish', behaviour: { on: { EHLO: 'hello to you' } }, outcome: HANDSHAKE },
  { name: 'answers EHLO with 354', behaviour: { on: { EHLO: '354 go on' } }, outcome: HANDSHAKE },
  {
    name: 'mixes codes in its answer to EHLO',
    behaviour: { on: { EHLO: ['250-hello', '251-STARTTLS', '250 SIZE'] } },
    outcome: HANDSHAKE,
  },
  {
    name: 'answers EHLO twice',
    behaviour: { on: { EHLO: ['250-hello', '250 STARTTLS', '220 go ahead'] } },
    outcome: HANDSHAKE,
  },
  {
    name: 'offers a thousand keywords',
    behaviour: ehlo(...Array.from({ length: 1000 }, (_, n) => `X${n}`), 'STARTTLS'),
    outcome: HANDSHAKE,
  },
  {
    name: 'offers five hundred keywords',
    behaviour: ehlo('hello', ...Array.from({ length: 499 }, (_, n) => `X${n}`), 'STARTTLS'),
    outcome: delivered(),
  },
]

/** Servers that offer STARTTLS or not, answer it, and smuggle bytes behind their answer. */
import type { Step } from '../../support/peer-behaviour.js'
import { cut, dripForever, injectInNextPacket, replyAndCut, silence } from '../../support/peer-steps.js'
import { delivered, failed, failedLater } from './outcomes.js'
import { TRICKLE, NO_TLS, INJECTION, HANDSHAKE, SLOW, LOST, ehlo, type Row } from './row.js'

/** Agrees to TLS and smuggles more behind it, in the same packet. */
function smuggle(...lines: string[]): Step {
  return async (session) => {
    session.raw(['220 2.0.0 go ahead', ...lines].join('\r\n'))
    await session.handshake()
  }
}

export const STARTTLS: readonly Row[] = [
  // the offer
  { name: 'does not offer STARTTLS', behaviour: { starttls: false }, outcome: NO_TLS },
  {
    name: 'answers EHLO as if it were HELO',
    behaviour: { on: { EHLO: '250 mx.peer.example' } },
    outcome: NO_TLS,
  },
  { name: 'offers XSTARTTLS', behaviour: ehlo('hello', 'XSTARTTLS'), outcome: NO_TLS },
  { name: 'offers START TLS', behaviour: ehlo('hello', 'START TLS'), outcome: NO_TLS },
  {
    name: 'has STARTTLS blanked by a middlebox',
    behaviour: ehlo('hello', 'XXXXXXXA', 'SIZE 1'),
    outcome: NO_TLS,
  },
  { name: 'is called STARTTLS', behaviour: ehlo('STARTTLS'), outcome: NO_TLS },
  { name: 'offers AUTH and no STARTTLS', behaviour: ehlo('hello', 'AUTH PLAIN LOGIN'), outcome: NO_TLS },
  { name: 'offers starttls in lower case', behaviour: ehlo('hello', 'starttls'), outcome: delivered() },
  {
    name: 'offers STARTTLS with a parameter',
    behaviour: ehlo('hello', 'STARTTLS REQUIRED'),
    outcome: delivered(),
  },
  {
    name: 'offers AUTH beside STARTTLS',
    behaviour: ehlo('hello', 'AUTH PLAIN LOGIN', 'STARTTLS'),
    outcome: delivered(),
  },
  // the answer to STARTTLS
  {
    name: 'puts STARTTLS off with 454',
    behaviour: { on: { STARTTLS: '454 4.7.0 TLS not available' } },
    outcome: failedLater('starttls-deferred'),
  },
  {
    name: 'puts STARTTLS off with 421',
    behaviour: { on: { STARTTLS: '421 4.3.0 later' } },
    outcome: failedLater('starttls-deferred'),
  },
  {
    name: 'refuses STARTTLS with 554',
    behaviour: { on: { STARTTLS: '554 5.7.0 no' } },
    outcome: failed('starttls-refused'),
  },
  {
    name: 'does not know STARTTLS after all (500)',
    behaviour: { on: { STARTTLS: '500 5.5.1 what?' } },
    outcome: failed('starttls-refused'),
  },
  { name: 'answers STARTTLS with 250', behaviour: { on: { STARTTLS: '250 2.0.0 ok' } }, outcome: HANDSHAKE },
  { name: 'answers STARTTLS with 354', behaviour: { on: { STARTTLS: '354 send it' } }, outcome: HANDSHAKE },
  {
    name: 'answers STARTTLS with gibberish',
    behaviour: { on: { STARTTLS: 'go ahead' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'agrees to STARTTLS line by line for ever',
    behaviour: { on: { STARTTLS: dripForever('220-go', TRICKLE) } },
    outcome: SLOW,
  },
  {
    name: 'refuses STARTTLS with 554 and hangs up',
    behaviour: { on: { STARTTLS: replyAndCut('554 5.7.0 no') } },
    outcome: failed('starttls-refused'),
  },
  { name: 'never answers STARTTLS', behaviour: { on: { STARTTLS: silence } }, outcome: SLOW },
  { name: 'hangs up at STARTTLS', behaviour: { on: { STARTTLS: cut } }, outcome: LOST },
  {
    name: 'agrees to STARTTLS in several lines',
    behaviour: {
      on: {
        STARTTLS: async (session) => {
          session.send('220-so', '220 go')
          await session.handshake()
        },
      },
    },
    outcome: delivered(),
  },
  {
    name: 'agrees to STARTTLS with a code alone',
    behaviour: {
      on: {
        STARTTLS: async (session) => {
          session.send('220')
          await session.handshake()
        },
      },
    },
    outcome: delivered(),
  },
  // injection behind the 220
  {
    name: 'smuggles 250 behind the 220',
    behaviour: { on: { STARTTLS: smuggle('250 2.0.0 fake', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles 550 behind the 220',
    behaviour: { on: { STARTTLS: smuggle('550 5.1.1 fake', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles a second 220 behind the 220',
    behaviour: { on: { STARTTLS: smuggle('220 fake', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles a whole EHLO reply behind the 220',
    behaviour: { on: { STARTTLS: smuggle('250-fake', '250-AUTH PLAIN', '250 SIZE 1', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles all replies of a delivery behind the 220',
    behaviour: { on: { STARTTLS: smuggle('250 x', '250 x', '250 x', '354 x', '250 x', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles part of a line behind the 220',
    behaviour: { on: { STARTTLS: smuggle('250 2.0') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles one byte behind the 220',
    behaviour: { on: { STARTTLS: smuggle('2') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles an empty line behind the 220',
    behaviour: { on: { STARTTLS: smuggle('', '') } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles 300 kB behind the 220',
    behaviour: {
      on: { STARTTLS: smuggle(...Array.from({ length: 10_000 }, () => '250 2.0.0 fake, fake'), '') },
    },
    outcome: INJECTION,
  },
  {
    name: 'smuggles 250 in the next packet',
    behaviour: { on: { STARTTLS: injectInNextPacket('250 2.0.0 fake\r\n', 0) } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles 550 in a later packet',
    behaviour: { on: { STARTTLS: injectInNextPacket('550 5.1.1 fake\r\n', 50) } },
    outcome: INJECTION,
  },
  {
    name: 'smuggles part of a line in a later packet',
    behaviour: { on: { STARTTLS: injectInNextPacket('250 2.0', 50) } },
    outcome: INJECTION,
  },
]

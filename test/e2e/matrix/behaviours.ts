/**
 * Receiving servers that fail, lie and attack, one row each: how the server behaves, and what has to become
 * of a covered message. A single outcome holds at every level; the rows about certificates have one for each.
 */
import type { PeerBehaviour, Step } from '../../support/peer-behaviour.js'
import {
  afterClientHello,
  bytes,
  cut,
  dripForever,
  injectInNextPacket,
  late,
  replyAndCut,
  reset,
  silence,
  tlsAlert,
} from '../../support/peer-steps.js'
import { delivered, failed, failedLater, notTls, type Outcome } from './outcomes.js'

/** One server. */
export interface Row {
  readonly name: string
  readonly behaviour: PeerBehaviour
  readonly outcome: Outcome
}

const TRICKLE = 100
const NO_TLS = failed('starttls-not-supported')
const INJECTION = failed('starttls-injection')
const HANDSHAKE = failed('handshake-failure')
const SLOW = failedLater('handshake-failure')
const LOST = notTls('5.4.2', 2)
/** What came from the server after TLS is Haraka's to judge; the wrong word bounces. */
const GIBBERISH = notTls('5.5.1', 1)

/** Agrees to TLS and smuggles more behind it, in the same packet. */
function smuggle(...lines: string[]): Step {
  return async (session) => {
    session.raw(['220 2.0.0 go ahead', ...lines].join('\r\n'))
    await session.handshake()
  }
}

/** An EHLO reply of these keyword lines. */
function ehlo(...lines: string[]): PeerBehaviour {
  return { on: { EHLO: lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`) } }
}

function onHandshake(step: Step): PeerBehaviour {
  return { on: { handshake: step } }
}

export const BEFORE_TLS: readonly Row[] = [
  // greeting
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
  {
    name: 'resets without greeting',
    behaviour: {
      on: {
        connect: async (session, line) => {
          await session.pause(200)
          await reset(session, line)
        },
      },
    },
    outcome: LOST,
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
  // the handshake
  {
    name: 'goes on in the clear in place of the handshake',
    behaviour: onHandshake(afterClientHello((session) => session.send('250-hello', '250 SIZE'))),
    outcome: INJECTION,
  },
  {
    name: 'sends HTTP in place of the handshake',
    behaviour: onHandshake(afterClientHello(bytes('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    outcome: INJECTION,
  },
  { name: 'is silent in place of the handshake', behaviour: onHandshake(silence), outcome: HANDSHAKE },
  { name: 'hangs up in place of the handshake', behaviour: onHandshake(cut), outcome: HANDSHAKE },
  { name: 'hangs up at the ClientHello', behaviour: onHandshake(afterClientHello(cut)), outcome: HANDSHAKE },
  { name: 'resets at the ClientHello', behaviour: onHandshake(afterClientHello(reset)), outcome: HANDSHAKE },
  {
    name: 'sends the TLS alert handshake_failure',
    behaviour: onHandshake(afterClientHello(tlsAlert(40))),
    outcome: HANDSHAKE,
  },
  {
    name: 'sends the TLS alert protocol_version',
    behaviour: onHandshake(afterClientHello(tlsAlert(70))),
    outcome: HANDSHAKE,
  },
  {
    name: 'sends a TLS alert before the ClientHello',
    behaviour: onHandshake(tlsAlert(80)),
    outcome: HANDSHAKE,
  },
  {
    name: 'begins a TLS record and stops',
    behaviour: onHandshake(afterClientHello(bytes(Buffer.from([0x16, 0x03, 0x03, 0x02, 0x00, 0x02])))),
    outcome: HANDSHAKE,
  },
  {
    name: 'drips TLS records that mean nothing',
    behaviour: onHandshake(
      afterClientHello(async (session) => {
        while (!session.closed) {
          session.raw(Buffer.from([0x16, 0x03, 0x03, 0x00, 0x01, 0x02]))
          await session.pause(TRICKLE)
        }
      }),
    ),
    outcome: HANDSHAKE,
  },
  {
    name: 'speaks TLS 1.0 and 1.1 only',
    behaviour: { tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, without encryption',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'eNULL:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, without a certificate',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
  {
    name: 'knows one cipher only, too weak',
    behaviour: { tls: { maxVersion: 'TLSv1.2', ciphers: 'PSK-NULL-SHA256:AES128-SHA:!ECDSA:@SECLEVEL=0' } },
    outcome: HANDSHAKE,
  },
]

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
    behaviour: {
      on: {
        handshake: async (session) => {
          session.upgrade()
          while (!session.secure && !session.closed) await session.pause(1)
          session.send('220 hello again')
        },
      },
    },
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
  { name: 'hangs up inside TLS', behaviour: { onSecure: { EHLO: cut } }, outcome: LOST },
  {
    name: 'answers EHLO inside TLS with gibberish',
    behaviour: { onSecure: { EHLO: 'hello' } },
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
    name: 'hangs up after DATA',
    // A short message may be there before the connection is gone; no reply may count then either.
    behaviour: { onSecure: { DATA: replyAndCut('354 go'), message: cut } },
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

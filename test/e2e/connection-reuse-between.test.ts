/** What a server does on its own between two messages of a session. */
import { silence } from '../support/peer-steps.js'
import { afterMessage, describeRows, second, type ReuseRow } from '../support/reuse-rows.js'

/** Unasked: the session is closed before the next message comes. */
const UNASKED: Readonly<Record<string, string>> = {
  'a reply too many': '250 2.0.0 ok\r\n',
  'a greeting': '220 hello again\r\n',
  'a go-ahead': '354 go ahead\r\n',
  'a refusal of the second kind': '451 4.3.0 later\r\n',
  'a refusal of the third kind': '554 5.7.1 not you\r\n',
  'a 421 without closing': '421 4.4.2 too long\r\n',
  'half a line': '25',
  'a single byte': '\0',
  gibberish: 'fine weather\r\n',
  'more than any buffer holds': 'x'.repeat(300_000),
}

const rows: readonly ReuseRow[] = [
  { name: 'nothing: the session serves them all', behaviour: {}, connections: 1 },
  {
    name: 'nothing, and RSET is refused: it is not said',
    behaviour: { onSecure: { RSET: '502 5.5.1 what?' } },
    connections: 1,
  },
  ...Object.entries(UNASKED).map(([name, bytes]): ReuseRow => ({
    name,
    behaviour: afterMessage((session) => session.raw(bytes)),
  })),
  {
    name: 'a 421, and closes',
    behaviour: afterMessage((session) => {
      session.send('421 4.4.2 bye')
      session.end()
    }),
  },
  { name: 'closes with close_notify', behaviour: afterMessage((session) => session.end()) },
  { name: 'closes without close_notify', behaviour: afterMessage((session) => session.cut()) },
  { name: 'resets', behaviour: afterMessage((session) => session.reset()) },
  { name: 'closes at once', behaviour: afterMessage((session) => session.end(), 0) },
  { name: 'resets at once', behaviour: afterMessage((session) => session.reset(), 0) },
  {
    name: 'bytes that are no TLS',
    behaviour: afterMessage((session) => session.rawPastTls(Buffer.from('250 2.0.0 in the clear\r\n'))),
  },
  {
    name: 'a TLS record that does not decrypt',
    behaviour: afterMessage((session) => session.rawPastTls(Buffer.from('1703030005deadbeef00', 'hex'))),
  },
  {
    name: 'another reply in the packet of the reply to the dot',
    behaviour: { onSecure: { message: ['250 2.0.0 queued', '250 2.0.0 queued'] } },
  },
  {
    name: 'the beginning of another reply in the packet of the reply to the dot',
    behaviour: { onSecure: { message: '250 2.0.0 queued\r\n250 2.0' } },
  },
  {
    name: 'dies in silence: the next message waits a little, and goes on',
    behaviour: { onSecure: { MAIL: second(silence) } },
    mails: 4,
  },
  {
    name: 'takes more than five seconds for a reply: it is left in peace',
    behaviour: {
      onSecure: {
        message: async (session) => {
          await session.pause(5200)
          await session.proceed()
        },
      },
    },
  },
]

describeRows('between two messages of a session a server says or does', rows)

/** Partner servers that do at each step whatever comes, and covered mail to them: what no rule covers is Haraka's own affair. */
import type { Step } from '../support/peer-behaviour.js'
import type { PeerSession } from '../support/peer-session.js'
import type { SmtpPeer } from '../support/smtp-peer.js'
import type { Hostile } from './hostile.js'
import { again, pause, type Stage } from './stage.js'

/** Whose mail a fixed rule covers to `rough.example`. */
export const ROUGH_SENDER = 'ann@roughsender.example'
const QUEUE_MAX = 200
const CHUNK = 64 * 1024

/** A step that is mostly good, so that all later ones are reached. */
export function roughStep(stage: () => Stage | undefined, hostile: Hostile, name: string): Step {
  return async (session) => {
    if (!hostile.once(6)) return session.proceed()
    const [what, act] = hostile.pick(ACTS)
    stage()?.ledger.note('peers', { step: name, secure: session.secure, what })
    await act(session, hostile)
  }
}

type Act = (session: PeerSession, hostile: Hostile) => Promise<void> | void

const ACTS: readonly (readonly [string, Act])[] = [
  ['random bytes', (session, hostile) => session.raw(hostile.bytes(hostile.between(1, 5000)))],
  ['a flood without line ends', (session) => flood(session, Buffer.alloc(CHUNK, 'a'))],
  ['a flood of continuations', (session) => flood(session, Buffer.from('250-a\r\n'.repeat(CHUNK / 7)))],
  ['a flood of replies', (session) => flood(session, Buffer.from('250 a\r\n'.repeat(CHUNK / 7)))],
  ['a flood of line ends', (session) => flood(session, Buffer.alloc(CHUNK, '\n'))],
  ['a drip of bytes', (session) => drip(session, '250-slow and slower and slower still\r\n250 done\r\n')],
  ['FIN', (session) => session.end()],
  ['cut', (session) => session.cut()],
  ['RST', (session) => session.reset()],
  [
    'an alert',
    (session, hostile) => session.raw(Buffer.from([0x15, 3, 3, 0, 2, 2, hostile.between(0, 256)])),
  ],
  [
    'a record of TLS that is too long',
    (session) => session.raw(Buffer.concat([Buffer.from([0x16, 3, 3, 0xff, 0xff]), Buffer.alloc(65_535)])),
  ],
  [
    'several replies at once',
    (session) => session.send('250 one', '250 two', '354 three', '220 four', '421 five'),
  ],
  ['421', (session) => session.send('421 4.3.2 later')],
  ['554 in hostile words', (session, hostile) => session.send(`554 5.7.1 ${hostile.text()}`)],
  ['450 in hostile words', (session, hostile) => session.send(`450 ${hostile.text()}`)],
  ['a huge refusal', (session) => session.raw('550-no\r\n'.repeat(500) + '550 ' + 'n'.repeat(3000) + '\r\n')],
  ['a code that is none', (session, hostile) => session.send(`${hostile.between(0, 1000)} x`)],
  [
    'a reply, then the good one',
    async (session) => {
      session.send('250 extra')
      await session.proceed()
    },
  ],
]

async function flood(session: PeerSession, chunk: Buffer): Promise<void> {
  for (let sent = 0; sent < 50 && !session.closed; sent++) {
    session.raw(chunk)
    await pause(1)
  }
  session.cut()
}

async function drip(session: PeerSession, text: string): Promise<void> {
  for (const letter of text) {
    if (session.closed) return
    session.raw(letter)
    await pause(20)
  }
}

/** All steps of a rough server. */
export function roughSteps(stage: () => Stage | undefined, hostile: Hostile): Record<string, Step> {
  const names = [
    'connect',
    'EHLO',
    'HELO',
    'STARTTLS',
    'handshake',
    'MAIL',
    'RCPT',
    'DATA',
    'message',
    'RSET',
    'QUIT',
  ]
  return Object.fromEntries(names.map((name) => [name, roughStep(stage, hostile, name)]))
}

/** Sends to rough servers; `peers` are forgotten of what they saw, so that a long fuzz stays small. */
export async function fuzzPeers(stage: Stage, hostile: Hostile, peers: readonly SmtpPeer[]): Promise<void> {
  await again(stage, async () => {
    if (stage.haraka.queueFiles().length > QUEUE_MAX) return pause(500)
    const to = hostile.list(
      hostile.once(20) ? 200 : hostile.between(1, 4),
      (index) => `x${index}@${hostile.pick(['rough.example', 'rough-plain.example'])}`,
    )
    await stage.haraka.send({ from: ROUGH_SENDER, to })
    for (const { connections } of peers) {
      const gone = connections.filter(({ closed }) => closed).length
      if (gone > 100)
        connections.splice(0, connections.length, ...connections.filter(({ closed }) => !closed))
    }
    await pause(hostile.between(0, 300))
  })
}

/**
 * Servers that misbehave from the second message of a session on, each a row with a domain of its own, all on one real
 * Haraka: every row gets several messages, one after another. Each of them has to arrive once and over TLS, with no
 * attempt counted and nobody told.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { logPairs } from './evidence.js'
import { startHaraka, type Haraka } from './haraka.js'
import type { PeerBehaviour, Reply, Step } from './peer-behaviour.js'
import type { PeerSession } from './peer-session.js'
import { fileStoreConfig } from './rules.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'

/** A server. */
export interface ReuseRow {
  readonly name: string
  readonly behaviour: PeerBehaviour
  /** How many connections the messages take. @default one for each message */
  readonly connections?: number
  /** How often MAIL is said. @default once for each message */
  readonly mails?: number
  /** How many attempts fail. @default 0 */
  readonly failed?: number
  /** How often a message is put off. @default as often as an attempt fails */
  readonly deferred?: number
}

/** How many messages each row gets. */
export const ROUNDS = 3

/** Does the step once the session has taken a message, and the default before. */
export function second(reply: Reply): Step {
  return (session) => (session.record.messages.length > 0 ? session.reply(reply) : session.proceed())
}

/** Takes a message as usual, and then does something that nobody asked for. */
export function afterMessage(act: (session: PeerSession) => unknown, delay = 50): PeerBehaviour {
  return {
    onSecure: {
      message: async (session) => {
        await session.proceed()
        await session.pause(delay)
        await act(session)
      },
    },
  }
}

/** Runs the rows. */
export function describeRows(title: string, rows: readonly ReuseRow[], tls = ''): void {
  describe(title, () => {
    const peers: SmtpPeer[] = []
    let mailbox: SmtpPeer | undefined
    let haraka: Haraka | undefined
    before(async () => {
      for (const { behaviour } of rows) peers.push(await startPeer(behaviour))
      mailbox = await startPeer()
      haraka = await startHaraka({
        config: fileStoreConfig(
          { 'acme.example': [{ to: rows.map((_row, index) => domainOf(index)) }] },
          `[tls]\nconnection_idle=60s\nreply_timeout=2s\n${tls}`,
        ),
        routes: {
          ...Object.fromEntries(
            peers.map((peer, index) => [domainOf(index), [peer.route({ name: `mx.${domainOf(index)}` })]]),
          ),
          'acme.example': [mailbox.route()],
        },
        outbound: { temp_fail_intervals: '5s*2', connect_timeout: 2 },
      })
      for (let round = 1; round <= ROUNDS; round++) {
        for (const index of rows.keys())
          await haraka.send({
            from: 'ann@acme.example',
            to: `x@${domainOf(index)}`,
            subject: `message ${round}`,
          })
        await haraka.waitForEmptyQueue(60_000)
        // What a server does on its own after a message is done before the next one comes.
        await Promise.all(peers.map((peer) => peer.settled()))
      }
    })
    after(async () => {
      await haraka?.close()
      for (const peer of [...peers, mailbox]) await peer?.close()
    })

    for (const [index, row] of rows.entries())
      it(row.name, () => {
        const peer = peers[index]
        const { connections = ROUNDS, mails = ROUNDS, failed = 0 } = row
        const commands = peer?.connections.flatMap((connection) => connection.commands) ?? []
        const attempts = logPairs(haraka?.log ?? '').filter(
          (pairs) => pairs['kind'] === 'attempt' && pairs['domain'] === domainOf(index),
        )
        assert.deepEqual(
          {
            subjects: peer?.messages.map(({ data }) => /^Subject: (.*?)\r?$/m.exec(data)?.[1]),
            inTheClear: peer?.cleartextAfterEhlo(),
            connections: peer?.connections.length,
            mails: commands.filter(({ verb }) => verb === 'MAIL').length,
            failed: attempts.filter(({ result }) => result === 'failed').length,
            resets: commands.filter(({ verb }) => verb === 'RSET').length,
          },
          {
            subjects: Array.from({ length: ROUNDS }, (_, round) => `message ${round + 1}`),
            inTheClear: [],
            connections,
            mails,
            failed,
            resets: 0,
          },
          peer?.transcript(),
        )
      })

    it('nobody is told, nothing else fails, and Haraka lives', () => {
      const deferred = rows.reduce((sum, row) => sum + (row.deferred ?? row.failed ?? 0), 0)
      assert.equal(haraka?.log.match(/Temp failing/g)?.length ?? 0, deferred)
      assert.deepEqual(mailbox?.messages, [])
      assert.doesNotMatch(haraka?.log ?? '', /\[CRIT\]|finish_processing_mail called/)
      assert.equal(haraka?.exitCode, undefined)
    })
  })
}

function domainOf(index: number): string {
  return `row${index + 1}.example`
}

/**
 * A soak: many messages through a real Haraka with two workers to servers of every kind, while all of Haraka
 * is killed now and then. Bounded in count and time; gives the figures of what became of every message.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { KilledHaraka } from '../support/killed-haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import type { SeededRandom } from '../support/seeded-random.js'
import { WAITS_FOR_RELEASE } from './kinds.js'
import { startPeers, type SoakPeer } from './peers.js'
import { Releases } from './releases.js'
import { tally, type Sent, type Tally } from './tally.js'

/** How much. */
export interface SoakOptions {
  readonly messages: number
  readonly kills: number
  /** Says when. */
  readonly random: SeededRandom
  /** The longest wait for the queue to empty at the end, in milliseconds. */
  readonly patience: number
  /** Told of every message that was submitted or has an outcome. */
  readonly onProgress?: (done: number, what: string) => void
}

/** How many submissions are under way at once. */
const SENDERS = 8
/** One message in so many asks for REQUIRETLS. */
const ASKS_ONE_IN = 4
/** Between two times at which an administrator looks at what waits, in milliseconds. */
const ORDER_PAUSE = 1000

/** Runs a soak; rejects when the queue does not empty in time. */
export async function runSoak(options: SoakOptions): Promise<Tally> {
  const { peers, gateway, mailbox, authority } = await startPeers()
  const own = await authority.issue({ dnsNames: ['mta.test.example'] })
  const rules = peers
    .filter(({ covered }) => covered)
    .map(({ domain, required }) => ({ to: [domain], action: required }))
  const haraka = await startHaraka({
    nodes: 2,
    plugins: ['tls', 'test-relay', 'test-routes', 'enforce-tls'],
    config: {
      ...fileStoreConfig(
        { 'acme.example': rules },
        [
          '[main]\ndefer_seconds=2\n[tls]\nhandshake_timeout=2s\nreply_timeout=2s\nca=soak.pem\n',
          '[failure]\ndelay_warning=1s\nallow_release=true\n',
          `[gateways]\nrelay=smtp://127.0.0.1:${gateway.port}\n`,
          '[requiretls]\nannounce=true\n',
        ].join(''),
      ),
      'soak.pem': authority.cert,
      'tls.ini': '[main]\nkey=own.key\ncert=own.pem\n',
      'own.key': own.key,
      'own.pem': own.cert,
    },
    routes: {
      ...Object.fromEntries(peers.map(({ domain, host, peer }) => [domain, [peer.route({ name: host })]])),
      'acme.example': [mailbox.route({ name: 'mx.acme.example' })],
    },
    outbound: { temp_fail_intervals: '5s*12', connect_timeout: 3 },
  })
  try {
    const releases = new Releases(haraka.folder, `${WAITS_FOR_RELEASE}.example`)
    const ordering = new AbortController()
    const ordered = orderNowAndThen(releases, ordering.signal)
    const sent = await submitAll(haraka, peers, options).finally(() => ordering.abort())
    await ordered
    const figures = tally(sent, peers, mailbox.messages, { ordered: releases.ordered, gateway })
    if (haraka.queueFiles().length > 0)
      throw new Error(
        `${haraka.queueFiles().length} messages are still in the queue: ${haraka.queueFiles().slice(0, 5).join(', ')}`,
      )
    return figures
  } finally {
    await haraka.close()
    await Promise.all([mailbox, gateway, ...peers.map(({ peer }) => peer)].map((peer) => peer.close()))
  }
}

/** Until it is told to stop. */
async function orderNowAndThen(releases: Releases, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await releases.order()
    await pause(ORDER_PAUSE)
  }
}

/** Submits everything, and waits until the queue is empty. */
async function submitAll(haraka: Haraka, peers: readonly SoakPeer[], options: SoakOptions): Promise<Sent[]> {
  const sent = await submit(haraka, peers, options)
  // What was deferred before the last kill waits on the disk until its time: a flush after each round helps.
  const end = Date.now() + options.patience
  while (haraka.queueFiles().length > 0 && Date.now() < end) {
    haraka.flushQueue()
    await haraka.waitForEmptyQueue(5000).catch(() => undefined)
    options.onProgress?.(options.messages - haraka.queueFiles().length, 'delivering')
  }
  return sent
}

async function submit(haraka: Haraka, peers: readonly SoakPeer[], options: SoakOptions): Promise<Sent[]> {
  const sent: Sent[] = []
  let next = 0
  const killed = new KilledHaraka(haraka)
  const sender = async (): Promise<void> => {
    while (next < options.messages) {
      const number = next++
      const peer = peers[number % peers.length]
      if (!peer) throw new TypeError('no peers')
      const id = `soak-${number}-end`
      const asks = options.random.between(0, ASKS_ONE_IN) === 0
      const message = {
        from: 'ann@acme.example',
        to: `x-${number}@${peer.domain}`,
        messageId: `${id}@acme.example`,
        text: id,
        starttls: asks,
        requiretls: asks,
      }
      const acknowledged = await killed.submit(message)
      sent.push({ id, peer, asks, acknowledged })
      options.onProgress?.(sent.length, 'sending')
    }
  }
  const senders = Promise.all(Array.from({ length: SENDERS }, () => sender()))
  const every = Math.floor(options.messages / (options.kills + 1))
  for (let kill = 1; kill <= options.kills; kill++) {
    // Somewhere in each part of the soak, while messages are taken, delivered and bounced.
    const moment = (kill - 1) * every + options.random.between(1, Math.max(2, every))
    await haraka.until(() => sent.length >= moment, 'the moment of the next kill', 10 * 60_000)
    await killed.kill()
  }
  await senders
  return sent
}

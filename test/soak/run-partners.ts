/**
 * A soak of many partners: covered messages through one Haraka process to thousands of domains, each with a server of
 * its own address, round after round; after each round, when all is at rest, what the process holds. Gives the
 * figures; rejects when a message does not arrive, or arrives in the clear.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ALL_DESTINATIONS, DESTINATIONS_MAX, routesPlugin } from '../bench/delivery/destinations.js'
import { Receiver, Sender } from '../bench/delivery/helper-process.js'
import type { Connections } from '../bench/delivery/messages.js'
import { SUBMITTERS } from '../bench/delivery/turn.js'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { RESOURCES_PLUGIN } from './resources-plugin.js'
import { resourcesOf, type Resources } from './resources.js'

/** Partners whose messages take turns, so that the second one to each finds its connection open. */
const BLOCK = 50
const SIZE = 4096
/** The longest rest, in milliseconds. */
const REST_MAX = 15_000

export interface PartnersOptions {
  readonly partners: number
  readonly rounds: number
  /** Messages to each partner in a round. */
  readonly visits: number
  /** Told of the messages that have arrived. */
  readonly onProgress?: (done: number) => void
}

export interface Round extends Connections {
  readonly messages: number
  readonly after: Resources
}

export interface PartnersFigures {
  /** At rest after a few messages, when all code is loaded. */
  readonly before: Resources
  readonly rounds: readonly Round[]
}

export async function runPartners(options: PartnersOptions): Promise<PartnersFigures> {
  const { partners, rounds, visits, onProgress } = options
  if (partners > DESTINATIONS_MAX) throw new RangeError(`at most ${DESTINATIONS_MAX} partners`)
  const authority = await makeAuthority('Partners')
  await using receiver = new Receiver()
  await using sender = new Sender()
  const port = await receiver.listen(await authority.issue({ dnsNames: ['mx.bench.example'] }))
  await using redis = await startRedis()
  await writeRules(redis, { 'acme.example': [{ to: [ALL_DESTINATIONS] }] })
  await using haraka = await startHaraka({
    plugins: ['resources', 'test-relay', 'bench-routes', 'enforce-tls'],
    extraPlugins: { resources: RESOURCES_PLUGIN, 'bench-routes': routesPlugin(port) },
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
  })
  // The lines of so many messages would fill the memory of this process; Haraka reads the file again.
  haraka.writeConfig({ 'log.ini': 'level=warn\ntimestamps=false\nformat=default\n' })

  const deliver = async (first: number, destinations: number, messages: number): Promise<void> => {
    const { received } = await receiver.expect(messages)
    const command = { port: haraka.port, messages, connections: SUBMITTERS, size: SIZE, destinations, first }
    const [{ encrypted }] = await Promise.all([received, sender.send(command)])
    if (encrypted !== messages) throw new Error(`${encrypted} of ${messages} messages came over TLS`)
  }
  await deliver(0, 1, BLOCK)
  await receiver.rest()
  const before = await atRest(haraka)
  const done: Round[] = []
  for (let round = 0; round < rounds; round++) {
    for (let first = 0; first < partners; first += BLOCK) {
      const block = Math.min(BLOCK, partners - first)
      await deliver(first, block, block * visits)
      onProgress?.((round * partners + first + block) * visits)
    }
    const connections = await receiver.rest()
    done.push({ ...connections, messages: partners * visits, after: await atRest(haraka, before) })
  }
  return { before, rounds: done }
}

/** Once it holds no more sockets and timers than before, or has had time enough. */
async function atRest(haraka: Haraka, before?: Resources): Promise<Resources> {
  await haraka.waitForEmptyQueue()
  const end = performance.now() + REST_MAX
  for (let last = await resourcesOf(haraka); ;) {
    await pause(500)
    const now = await resourcesOf(haraka)
    const { sockets, timers } = before ?? last
    if ((now.sockets <= sockets && now.timers <= timers) || performance.now() > end) return now
    last = now
  }
}

/** One server's turn in the delivery bench: messages go in, and all of what it costs until nothing is open any more. */
import { cpuTime, cpuTimeAtRest } from './cpu-time.js'
import type { Receiver, Sender } from './helper-process.js'
import type { Relay, Setup } from './setups.js'

/** How many connections the messages come over. */
export const SUBMITTERS = 10

/** What is sent. */
export interface Load {
  readonly messages: number
  /** Of a message's text, in bytes. */
  readonly size: number
  /** How many domains take turns. */
  readonly destinations: number
}

/** What a turn took. */
export interface Turn {
  /** Milliseconds of CPU time for each message, until its connections are closed. */
  readonly cpu: number
  /** Of this, what Redis took. */
  readonly redis: number
  /** From the first message that is sent to the last one that arrives. */
  readonly perSecond: number
  /** How many connections there were to the receiver. */
  readonly connections: number
  /** How many of them had a resumed TLS session. */
  readonly resumed: number
  /** What sender, receiver and the bench itself took beside it, for each message, in milliseconds of CPU time. */
  readonly beside: number
  /** The share of its time that the receiver's only thread was busy. */
  readonly receiverBusy: number
}

/** A server that runs. */
export interface Running {
  readonly setup: Setup
  readonly relay: Relay
}

/** Who sends and who receives. */
export interface Ends {
  readonly receiver: Receiver
  readonly sender: Sender
}

/** Sends messages through a server and waits until all have arrived. @throws where one came in the clear */
export async function turn(
  { setup, relay }: Running,
  { receiver, sender }: Ends,
  { messages, size, destinations }: Load,
): Promise<Turn> {
  const redis = relay.redisPid === undefined ? [] : [relay.redisPid]
  const before = await cpuTimeAtRest(relay.pids)
  const redisBefore = cpuTime(redis)
  const { received } = await receiver.expect(messages)
  const [ends, receiving] = [[receiver.pid, sender.pid], [receiver.pid]]
  const [endsBefore, receiverBefore, ownBefore] = [cpuTime(ends), cpuTime(receiving), process.cpuUsage()]
  const begun = performance.now()
  const command = { port: relay.port, messages, connections: SUBMITTERS, size, destinations, first: 0 }
  const [{ encrypted }] = await Promise.all([received, sender.send(command)])
  const time = performance.now() - begun
  const receiverCpu = cpuTime(receiving) - receiverBefore
  const own = process.cpuUsage(ownBefore)
  if (encrypted !== (setup.encrypted ? messages : 0))
    throw new Error(`${setup.title}: ${encrypted} of ${messages} messages came over TLS`)
  // Closing what was kept open is a cost, too.
  const { connections, resumed } = await receiver.rest()
  return {
    cpu: ((await cpuTimeAtRest(relay.pids)) - before) / messages,
    redis: (cpuTime(redis) - redisBefore) / messages,
    perSecond: (messages * 1000) / time,
    connections,
    resumed,
    beside: (cpuTime(ends) - endsBefore + (own.user + own.system) / 1000) / messages,
    receiverBusy: receiverCpu / time,
  }
}

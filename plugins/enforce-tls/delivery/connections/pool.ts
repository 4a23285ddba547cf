/**
 * The connections of covered mail: which are open and idle, how many there may be to one place, and who waits for
 * one. A message takes a connection that was opened for the same purpose, and gives it back once the server has taken
 * the message; what is left over for too long says QUIT. Losing a connection costs a new one, nothing else.
 */
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Settings } from '../../settings/types.js'
import { leave } from '../tls/quit.js'
import { isUsable, timeLeft, type Connection, type ConnectionPurpose } from './connection.js'

/** Idle connections to all places together. */
const IDLE_MAX = 500
/** A server that has ended a session early is not asked for longer ones for this time, in milliseconds. */
const LIMITS_TTL = 300_000
const LIMITS_MAX = 10_000
/** Who waits is looked after this often, in milliseconds, in case that somebody called did not come. */
const ROUND = 1000
/** A place where nothing has moved for so long, in milliseconds, hangs, and nobody stands ready for it. */
const STILL = 1000

/** One of the connections that a place may have. Each step is harmless when it comes twice. */
export interface Place {
  /** The connection is this one. */
  uses(socket: Socket): void
  /** Leaves it, and calls who waits. A connection that is saying goodbye is still one: it counts until it is closed. */
  leave(): void
  /** The same for a connection that stays open and is idle now. */
  handBack(): void
}

/** What the settings say of connections. */
export type ConnectionSettings = Pick<
  Settings['tls'],
  'connectionReuse' | 'connectionIdle' | 'connectionMaxMessages' | 'connectionsPerHost'
>

/** Everything about one address and port, or one socket path. */
interface Destination {
  /** Messages under way there, and connections that are saying goodbye. */
  busy: number
  /** When one of those ended last, as `performance.now()`. */
  moved: number
  /** Each with how to take back who watches it; the latest last. */
  readonly idle: Map<Connection, () => void>
  /** Those who stand ready; as many at most as may be busy. */
  readonly ready: (() => void)[]
  /** Those behind them, who are called when there is room for one more that stands ready. */
  readonly waiting: (() => void)[]
}

/** The connections of one process. */
export class ConnectionPool {
  readonly #settings: () => ConnectionSettings
  readonly #queueTurns: () => number
  readonly #destinations = new Map<string, Destination>()
  readonly #limits = new LRUCache<string, number>({ max: LIMITS_MAX, ttl: LIMITS_TTL })
  #idle = 0
  /** What was opened before is not kept any more. */
  #since = -Infinity
  #closed = false
  #round: NodeJS.Timeout | null = null

  /** @param queueTurns how many messages Haraka's queue has under way at a time, whoever they are for */
  constructor(settings: () => ConnectionSettings, queueTurns: () => number) {
    this.#settings = settings
    this.#queueTurns = queueTurns
  }

  /** How many connections are idle now. */
  get idle(): number {
    return this.#idle
  }

  /** One of a place's connections, open or to be opened; `null` while it has as many as it may. */
  enter(name: string): Place | null {
    const destination = this.#destination(name)
    if (destination.busy >= this.#perHost) return null
    destination.busy++
    let socket: Socket | null = null
    let [isLeft, isFree] = [false, false]
    const free = (): void => {
      if (isFree) return
      isFree = true
      socket?.off('close', free)
      destination.busy--
      destination.moved = performance.now()
      destination.ready.shift()?.()
      destination.waiting.shift()?.()
      this.#forget(name, destination)
    }
    return {
      uses: (used) => (socket = used),
      leave: () => {
        if (isLeft || isFree) return
        isLeft = true
        if (socket && !socket.closed) socket.once('close', free)
        else free()
      },
      handBack: free,
    }
  }

  /**
   * Stands ready until a place may have another connection. Whoever comes first may take it: who is called asks again,
   * and may have to stand ready again.
   *
   * @param patience in milliseconds
   * @param again whether this one was called before: it does not go to the end of the line
   * @returns whether it was called; not so where too many stand ready, when the time is up, and where nothing moves:
   *   mail for others has a better use for the turn
   */
  async standReady(name: string, patience: number, again: boolean): Promise<boolean> {
    const { ready, moved } = this.#destination(name)
    if (ready.length >= this.#perHost || performance.now() - moved > STILL) return false
    return new Promise((resolve) => {
      const giveUp = (): void => {
        ready.splice(ready.indexOf(call), 1)
        resolve(false)
      }
      const timer = setTimeout(giveUp, patience)
      const call = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      if (again) ready.unshift(call)
      else ready.push(call)
    })
  }

  /** Has somebody called when it is worth to try a place again. @param again as in `standReady` */
  wait(name: string, call: () => void, again: boolean): void {
    const { waiting } = this.#destination(name)
    if (again) waiting.unshift(call)
    else waiting.push(call)
    this.#round ??= setInterval(() => this.#callAll(), ROUND).unref()
  }

  /** An idle connection for a purpose; the caller is in the place. */
  take({ place, key, context }: ConnectionPurpose): Connection | null {
    const destination = this.#destinations.get(place)
    if (!destination) return null
    for (const connection of [...destination.idle.keys()].reverse()) {
      if (connection.key !== key || connection.context !== context) continue
      this.#remove(destination, connection)
      if (isUsable(connection, this.#messagesMax(connection))) return connection
      farewell(connection)
    }
    return null
  }

  /** A message needs a fresh connection: the idle ones count, too, and the oldest gives way. */
  makeRoom(name: string): void {
    const destination = this.#destinations.get(name)
    if (!destination) return
    const { busy, idle } = destination
    const surplus = busy + idle.size - this.#perHost
    for (const connection of [...idle.keys()].slice(0, Math.max(0, surplus))) this.#end(connection)
  }

  /**
   * Takes a connection over which its server has just taken a message, and which nobody listens to any more.
   *
   * @returns whether it stays open; it says goodbye otherwise
   */
  give(connection: Connection): boolean {
    const { place, since, socket } = connection
    const { connectionReuse, connectionIdle } = this.#settings()
    const isWanted = connectionReuse && !this.#closed && since > this.#since
    if (!isWanted || !isUsable(connection, this.#messagesMax(connection))) return farewell(connection)
    if (this.#idle >= IDLE_MAX) this.#endOldest()
    const end = (): void => this.#end(connection)
    const timer = setTimeout(end, Math.min(connectionIdle, timeLeft(connection)))
    // A server has nothing to say now; whatever it does is a reason to go.
    for (const event of ENDS) socket.on(event, end)
    this.#idle++
    this.#destination(place).idle.set(connection, () => {
      clearTimeout(timer)
      for (const event of ENDS) socket.off(event, end)
    })
    return true
  }

  /** A server did not go on with another message: for a while, no connection of this kind serves more than it has. */
  limit({ key, messages }: Connection): void {
    this.#limits.set(key, messages)
  }

  /** The settings have changed: what is idle ends, what is under way is not kept. */
  renew(): void {
    this.#since = performance.now()
    for (const { idle } of [...this.#destinations.values()])
      for (const connection of [...idle.keys()]) this.#end(connection)
  }

  /** No connection is kept from here on. */
  close(): void {
    this.#closed = true
    this.renew()
  }

  #destination(name: string): Destination {
    const known = this.#destinations.get(name)
    if (known) return known
    const destination = { busy: 0, moved: -Infinity, idle: new Map(), ready: [], waiting: [] }
    this.#destinations.set(name, destination)
    return destination
  }

  /** How many connections a place may have. One that hangs never takes more than half of the queue. */
  get #perHost(): number {
    return Math.min(this.#settings().connectionsPerHost, Math.max(1, Math.floor(this.#queueTurns() / 2)))
  }

  #messagesMax({ key }: Connection): number {
    return Math.min(this.#settings().connectionMaxMessages, this.#limits.get(key) ?? Infinity)
  }

  #end(connection: Connection): void {
    const destination = this.#destinations.get(connection.place)
    if (!destination?.idle.has(connection)) return
    this.#remove(destination, connection)
    farewell(connection)
    this.#forget(connection.place, destination)
  }

  #remove({ idle }: Destination, connection: Connection): void {
    idle.get(connection)?.()
    idle.delete(connection)
    this.#idle--
  }

  #endOldest(): void {
    for (const { idle } of this.#destinations.values())
      for (const connection of idle.keys()) return this.#end(connection)
  }

  /** Calls as many as there is room for. */
  #callAll(): void {
    for (const [name, destination] of this.#destinations) {
      const { busy, ready, waiting } = destination
      const room = Math.max(0, this.#perHost - busy)
      for (const call of [...ready.splice(0, room), ...waiting.splice(0, room)]) call()
      this.#forget(name, destination)
    }
    if (!this.#round || [...this.#destinations.values()].some(({ waiting }) => waiting.length > 0)) return
    clearInterval(this.#round)
    this.#round = null
  }

  #forget(name: string, { busy, idle, ready, waiting }: Destination): void {
    if (busy + idle.size + ready.length + waiting.length === 0) this.#destinations.delete(name)
  }
}

const ENDS = ['data', 'end', 'close', 'error'] as const

function farewell({ socket }: Connection): false {
  if (socket.writable && !socket.destroyed) leave(socket)
  else socket.destroy()
  return false
}

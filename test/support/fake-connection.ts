/** A connection as the pool sees it, over a socket that only notes what is done to it. */
import { EventEmitter } from 'node:events'
import type { SecureContext } from 'node:tls'
import type { Connection } from '../../plugins/enforce-tls/delivery/connections/connection.js'

/** Of all fakes, unless a test says otherwise. */
export const CONTEXT: SecureContext = { context: {} }

/** Its socket. */
export class FakeTlsSocket extends EventEmitter {
  destroyed = false
  closed = false
  writable = true
  readable = true
  /** What was sent last before its end. */
  said: string | null = null

  end(data: string): void {
    this.said = data
    this.destroy()
  }

  destroy(): void {
    this.destroyed = true
    this.closed = true
    this.emit('close')
  }

  resume(): void {
    // Nothing flows.
  }
}

/** A connection with the socket it is over. */
export interface FakeConnection extends Connection {
  readonly fake: FakeTlsSocket
}

/** Makes one that has served a message. */
export function fakeConnection(what: Partial<Connection> = {}): FakeConnection {
  const fake = new FakeTlsSocket()
  return {
    place: '192.0.2.25:25',
    key: 'k',
    context: CONTEXT,
    socket: fake as unknown as Connection['socket'],
    session: {} as Connection['session'],
    logged: {} as Connection['logged'],
    slot: null,
    idle: 0,
    dates: undefined,
    since: performance.now(),
    messages: 1,
    offersRequireTls: false,
    isAuthenticated: false,
    ...what,
    fake,
  }
}

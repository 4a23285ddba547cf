/**
 * How many connections an HTTP server has: each takes a file, and so from those that mail needs. At the limit the connection
 * that has waited longest without a whole request gives way to the new one, so that idle and half-read ones shut nobody
 * out, and then one whose client does not take its answer. Where all are being answered, the new one is closed.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Node.js gives a client a minute for the header and five for a request, and looks every half minute. */
const DEFAULTS = { headers: 60_000, request: 300_000 }
/** What is given where nobody has said otherwise, in milliseconds. */
const TIMEOUTS = { headers: 20_000, request: 60_000 }

/** The part of a server that is needed. */
export type LimitedServer = Pick<Server, 'on' | 'maxConnections' | 'headersTimeout' | 'requestTimeout'>

/** An open connection. */
interface Open {
  readonly socket: Socket
  /** What it is about; `null` between requests. */
  readonly current: { readonly request: IncomingMessage; readonly response: ServerResponse } | null
}

/** Limits a server, as far as nobody else has. @param most how many connections it may have */
export function limitConnections(server: LimitedServer, most: number): void {
  if (server.headersTimeout === DEFAULTS.headers) server.headersTimeout = TIMEOUTS.headers
  if (server.requestTimeout === DEFAULTS.request) server.requestTimeout = TIMEOUTS.request
  if (server.maxConnections) return
  /** In the order in which they began to wait for a request. */
  const open = new Map<unknown, Open>()
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket)
    open.set(key, { socket, current: null })
    socket.once('close', () => {
      if (open.get(key)?.socket === socket) open.delete(key)
    })
    if (open.size <= most) return
    const [leaving, { socket: left }] = toLeave(open, key) ?? [key, { socket }]
    open.delete(leaving)
    left.destroy()
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const key = keyOf(request.socket)
    const known = open.get(key)
    if (!known) return
    open.set(key, { ...known, current: { request, response } })
    response.once('close', () => {
      if (!open.delete(key) || known.socket.destroyed) return
      open.set(key, { ...known, current: null })
    })
  })
}

/** With HTTPS a request's socket is another one, of the same client, than that of its connection. */
function keyOf(socket: Socket): unknown {
  const { remoteAddress, remotePort } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}

/** @param added the new one */
function toLeave(open: ReadonlyMap<unknown, Open>, added: unknown): [key: unknown, Open] | undefined {
  const all = [...open].filter(([key]) => key !== added)
  return (
    all.find(([, { current }]) => !current?.request.complete) ??
    all.find(([, { current }]) => current?.response.writableEnded)
  )
}

/**
 * One query over UDP, from a socket and port of its own. The socket is connected, so the kernel keeps what does not
 * come from the resolver's address and port; what does and is no reply to the query is passed over.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Reply } from './message.js'
import type { Resolver } from './resolver-list.js'

/** No reply came, with the reason. */
export interface Silence {
  readonly kind: 'silent'
  readonly why: string
  /** As of `Failed`. */
  readonly isOurs?: true
}

/**
 * Sends a query and waits for its reply; never rejects.
 *
 * @param timeout in milliseconds, for all of it
 */
export function askOverUdp(
  { address, port }: Resolver,
  query: Buffer,
  read: (packet: Buffer) => Reply,
  timeout: number,
): Promise<Exclude<Reply, { kind: 'unrelated' }> | Silence> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    const timer = setTimeout(() => end({ kind: 'silent', why: 'does not answer' }), timeout)
    let ended = false
    const end = (result: Exclude<Reply, { kind: 'unrelated' }> | Silence): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      socket.close()
      resolve(result)
    }
    socket.on('error', (error) => end(unreachable(error)))
    socket.on('message', (packet) => {
      const reply = read(packet)
      if (reply.kind !== 'unrelated') end(reply)
    })
    socket.on('connect', () => {
      // Closed meanwhile, if the time-out was quicker.
      if (!ended) socket.send(query, (error) => error && end(unreachable(error)))
    })
    socket.connect(port, address)
  })
}

/** Why a resolver cannot be talked to. */
export function unreachable(error: Error): Silence {
  const { code = error.message } = error as NodeJS.ErrnoException
  return { kind: 'silent', why: `cannot be reached (${code})` }
}

/** One query over TCP (RFC 7766), for what does not fit into a packet. */
import { connect } from 'node:net'
import type { Reply } from './message.js'
import type { Resolver } from './resolver-list.js'
import { unreachable, type Silence } from './udp.js'

const LENGTH_BYTES = 2

/**
 * Sends a query and waits for its reply; never rejects. The first message that comes is the reply or none is.
 *
 * @param timeout in milliseconds, for all of it
 */
export function askOverTcp(
  { address, port }: Resolver,
  query: Buffer,
  read: (packet: Buffer) => Reply,
  timeout: number,
): Promise<Reply | Silence> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const timer = setTimeout(() => end({ kind: 'silent', why: 'does not answer over TCP' }), timeout)
    const end = (result: Reply | Silence): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    let bytes: Buffer = Buffer.alloc(0)
    socket.on('error', (error) => end(unreachable(error)))
    socket.on('close', () => end({ kind: 'silent', why: 'ends the TCP connection without an answer' }))
    socket.on('data', (part) => {
      bytes = Buffer.concat([bytes, part])
      if (bytes.length < LENGTH_BYTES) return
      const complete = LENGTH_BYTES + bytes.readUInt16BE(0)
      if (bytes.length >= complete) end(read(bytes.subarray(LENGTH_BYTES, complete)))
    })
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt16BE(query.length)
    socket.write(Buffer.concat([length, query]))
  })
}

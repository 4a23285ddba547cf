/**
 * A TCP port on 127.0.0.1 that nobody listens on at the moment, for servers that cannot be told to choose
 * one themselves; whoever uses it must be ready for another process having been quicker.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

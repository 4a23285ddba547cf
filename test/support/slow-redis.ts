/** A way to a Redis that can hold its answers back, as a slow network does; closes what it opened. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface SlowWay extends AsyncDisposable {
  readonly port: number
  /** Keeps answers until `release()`; questions go on. */
  hold(): void
  release(): void
  /** Lets every answer take so long, in milliseconds. */
  delay(milliseconds: number): void
}

/** Opens a way to a port of 127.0.0.1. */
export async function slowWayTo(port: number): Promise<SlowWay> {
  const sockets = new Set<Socket>()
  const answers = new Set<Socket>()
  let held = false
  let delay = 0
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => [client, redis].forEach((end) => end.destroy()))
    }
    answers.add(redis)
    client.pipe(redis)
    redis.on('data', (chunk: Buffer) => {
      if (delay === 0) client.write(chunk)
      else setTimeout(() => client.write(chunk), delay)
    })
    if (held) redis.pause()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      held = true
      for (const redis of answers) redis.pause()
    },
    release: () => {
      held = false
      for (const redis of answers) redis.resume()
    },
    delay: (milliseconds) => {
      delay = milliseconds
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

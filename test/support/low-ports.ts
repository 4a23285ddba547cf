/** Port 25 of MX hosts and port 443 of policies, on loopback addresses that no other test has. */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const FIRST_UNPRIVILEGED = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
const ATTEMPTS = 10

/** Why nobody can listen there, or false. */
export function lowPortsImpossible(): string | false {
  if (process.getuid?.() === 0) return false
  let first = 1024
  try {
    first = Number(readFileSync(FIRST_UNPRIVILEGED, 'utf8'))
  } catch {
    // Not Linux, or hidden: the usual number.
  }
  return first <= 25 ? false : 'it takes root to listen on ports 25 and 443'
}

/** A network such as `127.20.30` on whose addresses nobody listens on port 25. */
export async function freeNet(): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const net = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
    try {
      await listensOn(`${net}.1`)
      return net
    } catch (error) {
      if (attempt === ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

async function listensOn(host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen({ host, port: 25 }, () => server.close(() => resolve()))
  })
}

/** How many sessions a user has, on whatever they are kept in. */
import assert from 'node:assert/strict'
import type { Client } from './client.js'
import type { ConsoleServer } from './console-server.js'

/** One user has at most twenty sessions, whatever others do. */
export async function assertSessionsBounded(server: ConsoleServer): Promise<void> {
  const others = await server.signedIn('viewer')
  const clients: Client[] = []
  for (let n = 0; n < 22; n++) clients.push(await server.signedIn('admin'))
  const statuses: number[] = []
  for (const client of clients) statuses.push(await statusOf(client))
  assert.deepEqual(statuses, [401, 401, ...Array<number>(20).fill(200)])
  assert.equal(await statusOf(others), 200)
  // One that has ended makes room for another one.
  assert.equal((await clients[5]?.delete('session'))?.status, 204)
  await server.signedIn('admin')
  assert.equal(await statusOf(clients[2] ?? others), 200)
}

async function statusOf(client: Client): Promise<number> {
  return (await client.get('session')).status
}

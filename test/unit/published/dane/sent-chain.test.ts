import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { connect, createServer } from 'node:tls'
import { sentChain } from '../../../../plugins/enforce-tls/published/dane/sent-chain.js'
import { issue, type Issued } from '../../../support/chains.js'

/** What a client sees of a server that sends this. */
async function seen(chain: readonly Issued[]): Promise<string[]> {
  const server = createServer({ key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const leaf = socket.getPeerX509Certificate()
  socket.destroy()
  server.close()
  assert.ok(leaf)
  return sentChain(leaf).map(({ fingerprint256 }) => fingerprint256)
}

it('all certificates that a server sends are seen in its order, whether they belong together or not', async () => {
  const root = await issue({ name: 'Root' })
  const middle = await issue({ name: 'Middle', by: root })
  const leaf = await issue({ name: 'Leaf', by: middle, ca: false })
  const foreign = await issue({ name: 'Foreign', ca: false })
  const chains = [
    [leaf],
    [leaf, middle, root],
    [leaf, root, middle],
    [foreign, middle, root],
    [leaf, leaf, foreign],
  ]
  for (const chain of chains)
    assert.deepEqual(
      await seen(chain),
      chain.map(({ node }) => node.fingerprint256),
    )
  const many = [leaf, ...(await Promise.all(Array.from({ length: 24 }, () => issue({ name: 'x' }))))]
  assert.equal((await seen(many)).length, 20)
})

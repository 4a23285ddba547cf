/** A view of a store for one answer: each part of it is read once, whoever asks for it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readOnce } from '../../../plugins/enforce-tls/admin/read-once.js'

it('a part of the store is read once, and fails for all who ask for it', async () => {
  const read: string[] = []
  const noting = <T>(what: string, value: T): Promise<T> => {
    read.push(what)
    return Promise.resolve(value)
  }
  const view = readOnce({
    readOwner: (owner) =>
      owner === 'away.example'
        ? (read.push(owner), Promise.reject(new Error('away')))
        : noting(owner, { owner, rules: new Map(), service: null }),
    groups: () => noting('groups', new Map()),
    services: () => noting('services', new Map()),
    owners: () => noting('owners', []),
  })
  for (let round = 0; round < 2; round++) {
    await Promise.all([view.readOwner('*'), view.readOwner('acme.example'), view.groups()])
    await Promise.all([view.services(), view.owners()])
    await assert.rejects(view.readOwner('away.example'), /away/)
  }
  assert.deepEqual(read, ['*', 'acme.example', 'groups', 'services', 'owners', 'away.example'])
})

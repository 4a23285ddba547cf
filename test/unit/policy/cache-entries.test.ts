import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CachedOwners, newlyCached } from '../../../plugins/enforce-tls/policy/cache-entries.js'

function kept(max: number, ...owners: readonly string[]): CachedOwners {
  const shelf = new CachedOwners(max)
  for (const owner of owners) shelf.add(newlyCached(owner))
  return shelf
}

/** Which of these are there. */
function there(shelf: CachedOwners, ...owners: readonly string[]): readonly string[] {
  return owners.filter((owner) => shelf.find(owner)?.owner === owner)
}

describe('kept owners', () => {
  const all = ['*', 'a.example', 'ann@a.example', 'bob@a.example', 'b.example', 'ann@b.example']

  it('are found by name, and a domain with its senders', () => {
    const shelf = kept(10, ...all)
    assert.deepEqual(there(shelf, ...all), all)
    assert.equal(shelf.size, 6)
    assert.equal(shelf.everyone?.owner, '*')
    assert.equal(shelf.family('a.example')?.own?.owner, 'a.example')
    assert.equal(shelf.family('a.example')?.senders?.get('bob')?.owner, 'bob@a.example')
    for (const near of ['example', 'c.example', 'bob@b.example', 'bob', '@a.example', 'a.example@a.example'])
      assert.equal(shelf.find(near), undefined, near)
  })

  it('may be a sender whose domain is not kept, and one whose local part has an @', () => {
    const shelf = kept(10, 'ann@a.example', 'x@y@a.example')
    assert.equal(shelf.find('a.example'), undefined)
    assert.equal(shelf.find('x@y@a.example')?.owner, 'x@y@a.example')
    assert.equal(shelf.find('y@a.example'), undefined)
  })

  it('are bounded: of the domain that waits longest the oldest senders go, then the domain, never the whole service', () => {
    const rows: readonly (readonly [max: number, left: readonly string[]])[] = [
      [5, ['*', 'a.example', 'bob@a.example', 'b.example', 'ann@b.example']],
      [4, ['*', 'a.example', 'b.example', 'ann@b.example']],
      [3, ['*', 'b.example', 'ann@b.example']],
      [2, ['*', 'b.example']],
      [1, ['*']],
    ]
    for (const [max, left] of rows) {
      const shelf = kept(max, ...all)
      assert.deepEqual(there(shelf, ...all), left, String(max))
      assert.equal(shelf.size, left.length, String(max))
    }
  })

  it('stay when they are used', () => {
    const shelf = kept(6, ...all)
    for (const owner of ['a.example', 'ann@a.example']) {
      const found = shelf.find(owner)
      assert.ok(found)
      shelf.use(found)
    }
    shelf.add(newlyCached('c.example'))
    shelf.add(newlyCached('d.example'))
    assert.deepEqual(there(shelf, ...all), all.slice(0, 4))
    shelf.add(newlyCached('e.example'))
    assert.deepEqual(there(shelf, ...all), ['*', 'a.example', 'ann@a.example'])
  })

  it('are as many as the bound when one domain has more senders than that', () => {
    const shelf = kept(100)
    for (let n = 0; n < 1000; n++) shelf.add(newlyCached(`s${n}@a.example`))
    assert.equal(shelf.size, 100)
    assert.deepEqual(there(shelf, 's899@a.example', 's900@a.example'), ['s900@a.example'])
  })
})

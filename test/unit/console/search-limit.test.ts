/** Searches leave room for others: none of an account takes all, and nobody takes the places of administrators. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { SearchLimit } from '../../../plugins/enforce-tls/console/search-limit.js'
import { Problem } from '../../../plugins/enforce-tls/console/problem.js'

const viewer = (author = 'vera') => ({ role: 'viewer', author }) as const
const admin = { role: 'admin', author: 'ann' } as const
const here = () => false

/** Searches that go on until they are told to end. */
function endless(): {
  readonly search: () => Promise<string>
  readonly end: () => void
  readonly runs: () => number
} {
  let end = (): void => undefined
  const promise = new Promise<string>((resolve) => {
    end = () => resolve('found')
  })
  let runs = 0
  const search = (): Promise<string> => {
    runs++
    return promise
  }
  return { search, end, runs: () => runs }
}

describe('a limit of searches', () => {
  it('has two of others run at a time, and an administrator beside them', async () => {
    const [limit, { search, end, runs }] = [new SearchLimit(), endless()]
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => limit.run(viewer(name), here, search))
    assert.equal(await limit.run(admin, here, () => Promise.resolve('at once')), 'at once')
    assert.equal(runs(), 2)
    end()
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 5 }, () => 'found'),
    )
    assert.equal(runs(), 5)
  })

  it('answers 503 to an account that asks for more than its share, and to no other', async () => {
    const [limit, { search, end }] = [new SearchLimit(), endless()]
    const all = Array.from({ length: 6 }, () => limit.run(viewer(), here, search))
    await assert.rejects(limit.run(viewer(), here, search), (error) => {
      assert.ok(error instanceof Problem)
      assert.deepEqual([error.status, error.code, error.details.retryAfter], [503, 'busy', 5])
      assert.match(error.message, /^Too many of your searches/)
      return true
    })
    const other = limit.run(viewer('otto'), here, search)
    end()
    await Promise.all([...all, other])
    assert.equal(await limit.run(viewer(), here, search), 'found', 'there is room again')
  })

  it('has only so many wait', async () => {
    const [limit, { search, end }] = [new SearchLimit(), endless()]
    const all = [limit.run(viewer('a'), here, search), limit.run(viewer('b'), here, search)]
    await turn()
    for (let n = 0; n < 20; n++) all.push(limit.run(viewer(`v${n}`), here, search))
    await assert.rejects(limit.run(viewer('late'), here, search), /Too many searches and reports are running/)
    end()
    await Promise.all(all)
  })

  it('does not begin what nobody waits for any more, and gives its place back when a search fails', async () => {
    const [limit, { search, end, runs }] = [new SearchLimit(), endless()]
    const running = [limit.run(viewer(), here, search), limit.run(viewer(), here, search)]
    await turn()
    const gone = assert.rejects(limit.run(viewer(), () => true, search))
    end()
    await Promise.all([...running, gone])
    assert.equal(runs(), 2)
    for (let n = 0; n < 8; n++)
      await assert.rejects(
        limit.run(viewer(), here, () => Promise.reject(new Error('no log'))),
        /no log/,
      )
  })
})

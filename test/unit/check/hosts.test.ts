import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findHosts, type FoundHosts } from '../../../plugins/enforce-tls/check/hosts.js'
import type { HarakaMx } from '../../../plugins/enforce-tls/haraka/types.js'

const DOMAIN = 'bank.example'

/** DNS that answers like this; every name has the address 192.0.2.1. */
function find(answer: readonly HarakaMx[] | Error | 'never', signal?: AbortSignal): Promise<FoundHosts> {
  return findHosts(
    { domain: DOMAIN, mx: undefined, signal },
    {
      hostsOf: () =>
        answer === 'never'
          ? new Promise(() => undefined)
          : answer instanceof Error
            ? Promise.reject(answer)
            : Promise.resolve(answer),
      addressesOf: (hosts) => Promise.resolve(hosts.map((mx) => ({ ...mx, exchange: '192.0.2.1' }))),
    },
  )
}

function problem(found: FoundHosts): [temporary: boolean, status: string | undefined, detail: string] {
  assert.ok('failure' in found)
  const { temporary, status, detail } = found.failure
  return [temporary, status, detail]
}

describe('the hosts of a domain', () => {
  it('are in the order of their priority, those that are alike as DNS has them', async () => {
    const found = await find([
      { exchange: 'c.example', priority: 20 },
      { exchange: 'b.example', priority: 10 },
      { exchange: 'a.example', priority: 10 },
    ])
    assert.ok('named' in found)
    assert.deepEqual(
      found.named.map(({ exchange }) => exchange),
      ['b.example', 'a.example', 'c.example'],
    )
  })

  it('are none for good where DNS knows neither MX nor address', async () => {
    assert.deepEqual(problem(await find([])), [
      false,
      '1.2',
      'bank.example has no mail server: DNS has neither an MX record nor an address for it',
    ])
  })

  it('are none for good where the domain says that it takes no mail', async () => {
    const [temporary, status] = problem(await find([{ exchange: '', priority: 0 }]))
    assert.deepEqual([temporary, status], [false, '1.10'])
  })

  it('are none for good where a null MX has another preference, or is there twice', async () => {
    for (const hosts of [
      [{ exchange: '', priority: 10 }],
      [
        { exchange: '', priority: 0 },
        { exchange: '', priority: 10 },
      ],
    ])
      assert.equal(problem(await find(hosts))[1], '1.10')
  })

  it('are the others where a null MX is beside them', async () => {
    const found = await find([
      { exchange: '', priority: 0 },
      { exchange: 'a.example', priority: 1 },
    ])
    assert.ok('named' in found)
    assert.deepEqual(
      found.named.map(({ exchange }) => exchange),
      ['a.example'],
    )
  })

  it('are not known now where DNS fails', async () => {
    const failure = Object.assign(new Error('queryMx ESERVFAIL bank.example'), { code: 'ESERVFAIL' })
    assert.deepEqual(problem(await find(failure)), [
      true,
      '4.3',
      'DNS lookup of the mail servers of bank.example failed: ESERVFAIL',
    ])
  })

  it('are not known now where DNS has not answered when there is no time left', async () => {
    const [temporary, , detail] = problem(await find('never', AbortSignal.abort()))
    assert.deepEqual([temporary, detail.includes('no answer in time')], [true, true])
  })
})

/** Which nodes a report says it has not seen. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readLogScope } from '../../../plugins/enforce-tls/report/log-scope.js'

const NOW = new Date('2026-11-23T12:00:00Z')
const SINCE = new Date('2026-11-16T00:00:00Z')
const MAIN = { onStoreFailure: 'defer', onEmptyStore: 'auto' } as const
const beat = (name: string, at: string) => JSON.stringify({ name, at, more: false })

describe('whose mail is in the log', () => {
  it('is not that of nodes that were seen in the period and are not seen now', async () => {
    const nodes = new Map([
      ['a', beat('up', '2026-11-23T11:59:30.000Z')],
      ['b', beat('down', '2026-11-23T11:58:59.000Z')],
      ['c', beat('down-for-days', '2026-11-20T04:00:00.000Z')],
      ['d', beat('gone-before', '2026-11-15T23:59:59.000Z')],
      ['e', 'no sign of life'],
    ])
    const hashes = { read: () => Promise.resolve(nodes) }
    const scope = await readLogScope(hashes, { machine: null, since: SINCE, now: NOW, main: MAIN })
    assert.deepEqual(scope, {
      machine: null,
      off: [],
      nodesUnknown: false,
      down: [
        { name: 'down-for-days', seen: '2026-11-20T04:00:00.000Z' },
        { name: 'down', seen: '2026-11-23T11:58:59.000Z' },
      ],
      deliversUnknown: false,
    })
  })

  it('lacks mail of nodes whose delivery log is switched off', async () => {
    const logOff = '2026-11-20T04:00:00.000Z'
    const beats = new Map([
      ['a', JSON.stringify({ name: 'quiet', at: '2026-11-23T11:59:30.000Z', more: false, logOff })],
      ['b', JSON.stringify({ name: 'odd', at: '2026-11-23T11:59:30.000Z', more: false, logOff: 'x' })],
    ])
    const hashes = { read: () => Promise.resolve(beats) }
    const scope = await readLogScope(hashes, { machine: null, since: SINCE, now: NOW, main: MAIN })
    assert.deepEqual(scope.off, [{ name: 'quiet', since: logOff }])
  })

  it('is known without the store as far as that goes', async () => {
    const hashes = { read: () => Promise.reject(new Error('NOPERM')) }
    assert.deepEqual(await readLogScope(hashes, { machine: 'mta1', since: SINCE, now: NOW, main: MAIN }), {
      machine: 'mta1',
      down: [],
      off: [],
      nodesUnknown: true,
      deliversUnknown: false,
    })
  })

  for (const [main, deliversUnknown] of [
    [MAIN, false],
    [{ ...MAIN, onStoreFailure: 'deliver' }, true],
    [{ ...MAIN, onEmptyStore: 'deliver' }, true],
  ] as const)
    it(`is not that of mail whose rules were unknown, with ${JSON.stringify(main)}`, async () => {
      const hashes = { read: () => Promise.resolve(new Map<string, string>()) }
      const scope = await readLogScope(hashes, { machine: null, since: SINCE, now: NOW, main })
      assert.equal(scope.deliversUnknown, deliversUnknown)
    })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashOf } from '../../../../plugins/enforce-tls/observe/delivery-log/names.js'
import { toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { searchMessages } from '../../../../plugins/enforce-tls/report/trace/search.js'
import type { TraceQuery } from '../../../../plugins/enforce-tls/report/trace/trace-query.js'
import type { DeliveryLogReader, MayBeWanted } from '../../../../plugins/enforce-tls/store/delivery-log.js'
import { entry, NO_HISTORY } from '../../../support/evidence-entries.js'

const KEY = 'a key'
const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`
const to = (...addresses: readonly string[]) => addresses.map((address) => hashOf(KEY, 'to', address))

const ENTRIES: readonly DeliveryLogEntry[] = [
  // Waited, then delivered to one recipient and bounced for the other.
  entry({
    uuid: 'A.1.1',
    at: at(1),
    kind: 'attempt',
    result: 'failed',
    recipients: 2,
    to: to('a@x.example', 'b@x.example'),
    class: 'handshake-failure',
  }),
  entry({
    uuid: 'A.1.1',
    at: at(1),
    result: 'deferred',
    recipients: 2,
    to: to('a@x.example', 'b@x.example'),
  }),
  entry({ uuid: 'A.1.1', at: at(9), result: 'delivered', to: to('a@x.example'), protocol: 'TLSv1.3' }),
  entry({ uuid: 'A.1.1', at: at(9), result: 'bounced', to: to('b@x.example'), class: 'handshake-failure' }),
  // In full, as of another time.
  entry({
    uuid: 'B.1.1',
    at: at(2),
    sender: 'ann@acme.example',
    to: ['a@x.example'],
    messageId: 'id@acme.example',
  }),
  entry({
    uuid: 'C.1.1',
    at: at(3),
    result: 'deferred',
    domain: 'clinic.example',
    rules: [{ owner: '*', id: 'all', name: 'All "mail"' }],
  }),
  entry({ uuid: 'D.1.1', at: at(4), result: 'kept', status: '5.1.1' }),
  entry({ uuid: 'AA.1.1', at: at(5), from: 'other.example' }),
]

function logOf(entries: readonly DeliveryLogEntry[]): DeliveryLogReader {
  return {
    begins: () => Promise.resolve(null),
    readKey: () => Promise.resolve(KEY),
    async *read(_since: Date, mayBeWanted: MayBeWanted = () => true) {
      for (const record of entries.map(toRecord))
        if (mayBeWanted(JSON.stringify(record))) yield await Promise.resolve(record)
    },
  }
}

const ALL: TraceQuery = {
  since: new Date(0),
  until: new Date('2026-11-21T00:00:00Z'),
  ...{
    owner: null,
    to: null,
    from: null,
    messageId: null,
    uuid: null,
    partner: null,
    rule: null,
    result: null,
  },
}

async function found(asked: Partial<TraceQuery>, entries = ENTRIES): Promise<string[]> {
  const { messages, total } = await searchMessages(
    logOf(entries),
    { ...ALL, ...asked },
    { skip: 0, limit: 10 },
    NO_HISTORY,
  )
  assert.equal(messages.length, total)
  return messages.map(({ uuid, state }) => `${uuid} ${state}`)
}

const ROWS: readonly (readonly [asked: Partial<TraceQuery>, expected: readonly string[]])[] = [
  [{}, ['A.1.1 mixed', 'AA.1.1 delivered', 'D.1.1 kept', 'C.1.1 waiting', 'B.1.1 delivered']],
  // What became of it for this recipient.
  [{ to: 'A@X.example' }, ['A.1.1 delivered', 'B.1.1 delivered']],
  [{ to: 'b@x.example' }, ['A.1.1 bounced']],
  [{ to: 'notb@x.example' }, []],
  [{ from: 'ANN@acme.example' }, ['B.1.1 delivered']],
  [{ from: 'a@x.example' }, []],
  [{ messageId: '<id@acme.example>' }, ['B.1.1 delivered']],
  [{ messageId: 'ID@acme.example' }, []],
  [{ uuid: 'A' }, ['A.1.1 mixed']],
  [{ uuid: 'A.1.1' }, ['A.1.1 mixed']],
  [{ uuid: 'A.1.11' }, []],
  [{ partner: 'clinic.example' }, ['C.1.1 waiting']],
  [{ partner: 'nic.example' }, []],
  [{ rule: 'all' }, ['C.1.1 waiting']],
  [{ rule: 'All "mail"' }, ['C.1.1 waiting']],
  [{ owner: '*' }, ['C.1.1 waiting']],
  [{ owner: 'other.example' }, ['AA.1.1 delivered']],
  [{ result: 'waiting' }, ['C.1.1 waiting']],
  [{ result: 'bounced' }, ['A.1.1 mixed']],
  [{ result: 'failed' }, ['A.1.1 mixed']],
  [{ result: 'kept' }, ['D.1.1 kept']],
  [{ since: new Date(at(5)), result: 'delivered' }, ['A.1.1 mixed', 'AA.1.1 delivered']],
  [{ until: new Date(at(2)) }, ['A.1.1 mixed']],
]

describe('a search for messages', () => {
  for (const [asked, expected] of ROWS)
    it(`finds ${JSON.stringify(asked)}`, async () => assert.deepEqual(await found(asked), expected))

  it('ends waiting with what was released, and with what needs no TLS any more', async () => {
    const entries = [
      entry({ uuid: 'R.1.1', at: at(1), result: 'deferred' }),
      entry({ uuid: 'R.1.1', at: at(2), kind: 'release', result: 'begun' }),
      entry({ uuid: 'R.1.1', at: at(2), kind: 'release', result: 'sent' }),
      entry({ uuid: 'F.1.1', at: at(1), result: 'deferred' }),
      entry({ uuid: 'F.1.1', at: at(2), result: 'freed' }),
      entry({ uuid: 'B.1.1', at: at(1), result: 'deferred' }),
      entry({ uuid: 'B.1.1', at: at(2), kind: 'release', result: 'begun' }),
    ]
    assert.deepEqual(await found({ result: 'waiting' }, entries), ['B.1.1 waiting'])
    assert.deepEqual(await found({ result: 'freed' }, entries), ['F.1.1 freed'])
    assert.deepEqual((await found({ result: 'released' }, entries)).sort(), [
      'B.1.1 waiting',
      'R.1.1 released',
    ])
  })

  it('knows what another item of the same message did, and not what another message did', async () => {
    const begun = { kind: 'release', result: 'begun', encrypted: 'false' } as const
    const entries = [
      entry({ ...begun, uuid: 'S.1.1', to: to('a@x.example') }),
      entry({ uuid: 'S.1.2', protocol: 'TLSv1.3', to: to('b@x.example') }),
      entry({ ...begun, uuid: 'S.2.1' }),
      entry({ ...begun, uuid: 'S.1.3', domain: 'clinic.example' }),
    ]
    const query = { ...ALL, to: 'b@x.example' }
    const { messages } = await searchMessages(logOf(entries), query, { skip: 0, limit: 9 }, NO_HISTORY)
    assert.deepEqual(
      messages.map(({ uuid, exposures }) => [uuid, exposures.map((each) => each.uuid)]),
      [['S.1.2', ['S.1.1']]],
    )
  })

  it('counts an entry once that was written twice', async () => {
    const [, waits] = ENTRIES
    assert.ok(waits)
    const { messages } = await searchMessages(logOf([waits, waits]), ALL, { skip: 0, limit: 10 }, NO_HISTORY)
    assert.equal(messages[0]?.steps.length, 1)
  })

  it('goes on where a page has ended', async () => {
    const { messages, total } = await searchMessages(logOf(ENTRIES), ALL, { skip: 3, limit: 1 }, NO_HISTORY)
    assert.deepEqual([messages.map(({ uuid }) => uuid), total], [['C.1.1'], 5])
  })

  it('shows a name that is asked for, and no hash', async () => {
    const query = { ...ALL, to: 'b@x.example' }
    const { messages } = await searchMessages(logOf(ENTRIES), query, { skip: 0, limit: 1 }, NO_HISTORY)
    assert.deepEqual(messages[0]?.to, ['b@x.example'])
    assert.equal(messages[0].sender, null)
    assert.doesNotMatch(JSON.stringify(messages), /hmac:/)
  })

  it('in a log without a key finds what has its names in full', async () => {
    const log = { ...logOf(ENTRIES), readKey: () => Promise.resolve(null) }
    const { messages } = await searchMessages(
      log,
      { ...ALL, to: 'a@x.example' },
      { skip: 0, limit: 9 },
      NO_HISTORY,
    )
    assert.deepEqual(
      messages.map(({ uuid }) => uuid),
      ['B.1.1'],
    )
  })
})

/**
 * What a statement says where the delivery log lacks something of a message: never yes, whatever rounds of tries the
 * entries count, and who released it, if the history has that.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { gapRecord, type LogGap } from '../../../../plugins/enforce-tls/observe/delivery-log/gap.js'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { searchMessages } from '../../../../plugins/enforce-tls/report/trace/search.js'
import { statementOn, type Statement } from '../../../../plugins/enforce-tls/report/trace/statement.js'
import type { MayBeWanted } from '../../../../plugins/enforce-tls/store/delivery-log.js'
import type { HistoryEntry } from '../../../../plugins/enforce-tls/store/history.js'
import { entry } from '../../../support/evidence-entries.js'

const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`
/** Came into the queue at 10:00. */
const ITEM = `${Date.parse(at(0)).toString(36)}-abcdef`
const BASE = { uuid: 'U.1', item: ITEM, tries: '0' }
const WAITED = entry({ ...BASE, at: at(1), result: 'deferred', class: 'starttls-deferred' })
/** A try on order: Haraka counts the round before as none. */
const DELIVERED = entry({ ...BASE, at: at(9), tries: '1', protocol: 'TLSv1.3', mx: 'mx.bank.example' })

interface Known {
  readonly entries?: readonly DeliveryLogEntry[]
  readonly gaps?: readonly LogGap[]
  readonly history?: () => Promise<readonly HistoryEntry[]>
}

async function statementFor({
  entries = [WAITED, DELIVERED],
  gaps = [],
  history,
}: Known): Promise<Statement> {
  const log = {
    begins: () => Promise.resolve(at(0)),
    readKey: () => Promise.resolve(null),
    async *read(_since: Date, mayBeWanted: MayBeWanted = () => true) {
      const all = [...entries.map(toRecord), ...gaps.map((gap, index) => gapRecord(gap, `gap.${index}`))]
      for (const record of all) if (mayBeWanted(JSON.stringify(record))) yield await Promise.resolve(record)
    },
  }
  const query = {
    ...{ since: new Date(0), until: new Date('2026-11-21T00:00:00Z'), uuid: 'U.1', owner: null, to: null },
    ...{ from: null, messageId: null, partner: null, rule: null, result: null },
  }
  const page = { skip: 0, limit: 1 }
  const store = { history: history ?? (() => Promise.resolve([])) }
  const [message] = (await searchMessages(log, query, page, store)).messages
  assert.ok(message)
  return statementOn(message)
}

const FACTS = {
  ...{ order: 'o1', message: 'U.1', from: 'ann@acme.example', to: 'cfo@bank.example', rules: 'r' },
  reason: 'due today',
}

function line(facts: Partial<typeof FACTS> = {}, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    ...{ at: at(3), by: 'ann@helpdesk', key: 'releases', owner: 'acme.example', field: ITEM, from: null },
    ...{ to: JSON.stringify({ ...FACTS, ...facts }), leftOut: null, step: null, ...more },
  }
}

const released = (...lines: readonly HistoryEntry[]) => ({ history: () => Promise.resolve(lines) })
const GAP: LogGap = { from: at(2), until: at(5), why: 'off', node: 'mta1', entries: 0 }

describe('a statement on a message that', () => {
  it('went over TLS as far as log and history show says yes', async () => {
    const { answer, sentence } = await statementFor({})
    assert.equal(answer, 'yes', sentence)
  })

  it('was released, as only the history has it, is unknown, and names who, when and why', async () => {
    const { answer, sentence, facts } = await statementFor(released(line(), line({}, { owner: '*' })))
    assert.equal(answer, 'unknown')
    assert.match(
      sentence,
      /^Unknown\. ann@helpdesk released it on 2026-11-20 10:03:00 UTC from what its rules require \(“due today”\), so that it may have gone without since then; the log has no attempt under that release\. It was handed to /,
    )
    assert.doesNotMatch(sentence, /released it on .* released it on/)
    assert.ok(facts.some(([name, value]) => name === 'Released by' && value === 'ann@helpdesk'))
  })

  for (const [what, lines] of [
    ['another message', [line({ message: 'UU.1' })]],
    ['recipients at another domain', [line({ to: 'a@clinic.example' })]],
  ] as const)
    it(`was not released, but ${what}, says yes`, async () =>
      assert.equal((await statementFor(released(...lines))).answer, 'yes'))

  it('was released by an order that the log has is told by what the log has of it', async () => {
    const begun = entry({
      ...BASE,
      ...{ kind: 'release', result: 'begun', order: 'o1', at: at(4), tries: '1', encrypted: 'false' },
    })
    const entries = [WAITED, begun, DELIVERED]
    const { answer, sentence } = await statementFor({ entries, ...released(line()) })
    assert.equal(answer, 'no')
    assert.doesNotMatch(sentence, /the log has no attempt/)
    // A second leave for the same item is one more.
    const twice = await statementFor({ entries, ...released(line(), line({ order: 'o2' })) })
    assert.match(twice.sentence, /^No\. .* in the clear.* ann@helpdesk released it .* the log has no attempt/)
  })

  it('was released, and that leave ended unused, is what the tries were, unless the log lacks when it was given', async () => {
    const [granted, lapsed] = (['granted', 'lapsed'] as const).map((result, index) =>
      entry({ ...BASE, kind: 'release', result, order: 'o1', by: 'ann@helpdesk', at: at(3 + index) }),
    )
    assert.ok(granted && lapsed)
    const known = { entries: [WAITED, granted, lapsed, DELIVERED], ...released(line()) }
    assert.equal((await statementFor(known)).answer, 'yes')
    const { answer, sentence } = await statementFor({ ...known, entries: [WAITED, lapsed, DELIVERED] })
    assert.equal(answer, 'unknown')
    assert.match(sentence, /ann@helpdesk released it/)
  })

  it('is one part of a message whose other part was released is unknown', async () => {
    const other = line({ to: 'vip@bank.example', order: 'o2' }, { field: 'other', by: 'bob' })
    assert.match((await statementFor(released(other))).sentence, /^Unknown\. bob released it/)
    // Neither does a release of one part, which went over TLS, end the leave that another one has.
    const release = { uuid: 'U.1', kind: 'release', tries: '0' } as const
    const { answer } = await statementFor({
      entries: [
        ...[WAITED, DELIVERED],
        entry({ ...release, at: at(2), item: 'i2', order: 'o2', result: 'granted' }),
        entry({ ...release, at: at(3), item: 'i3', order: 'o3', result: 'sent', encrypted: 'true' }),
      ],
    })
    assert.equal(answer, 'unknown')
  })

  it('has rounds missing is unknown, though another part has had as many', async () => {
    const part = { uuid: 'U.1', item: 'i2', protocol: 'TLSv1.3' }
    const entries = [WAITED, DELIVERED, entry({ ...part, at: at(8), tries: '1' })]
    assert.equal((await statementFor({ entries })).answer, 'unknown')
  })

  for (const [what, gap, answer] of [
    ['was switched off', GAP, 'unknown'],
    ['may lack entries of a process that was killed', { ...GAP, why: 'killed' }, 'unknown'],
    ['has dropped entries', { ...GAP, why: 'dropped', entries: 7 }, 'unknown'],
    ['began anew when it waited', { ...GAP, from: at(-0), until: at(0) }, 'unknown'],
    [
      'was off before it came',
      { ...GAP, from: '2026-11-20T09:00:00.000Z', until: '2026-11-20T09:59:59.999Z' },
      'yes',
    ],
    ['was off after it had gone', { ...GAP, from: at(10), until: at(11) }, 'yes'],
  ] as const)
    it(`was in the queue when the log ${what}: ${answer}`, async () => {
      const said = await statementFor({ gaps: [gap, gap] })
      assert.equal(said.answer, answer, said.sentence)
      assert.equal(/ecorded: .* mta1/.test(said.sentence), answer === 'unknown', said.sentence)
    })

  it('was in the queue through gaps that a process wrote minute by minute names them as one', async () => {
    const minutes = [2, 3, 4].map((minute): LogGap => ({
      ...{ ...GAP, from: at(minute), until: at(minute + 1), why: 'rules-unknown', entries: 2 },
    }))
    const { sentence } = await statementFor({ gaps: minutes })
    assert.match(
      sentence,
      /Not counted: up to 6 messages that mta1 .* from 2026-11-20 10:02 to 2026-11-20 10:05 UTC/,
    )
    assert.equal(sentence.match(/Not counted/g)?.length, 1)
  })

  it('came at a time that its entries do not say may have come before a gap', async () => {
    const old = { ...DELIVERED, tries: '0' }
    Reflect.deleteProperty(old, 'item')
    assert.equal((await statementFor({ entries: [old], gaps: [GAP] })).answer, 'unknown')
  })

  it('may have been released, since the history cannot be read, is unknown', async () => {
    const { answer, sentence } = await statementFor({ history: () => Promise.reject(new Error('NOPERM')) })
    assert.equal(answer, 'unknown')
    assert.match(sentence, /whether this message was released is not known/)
  })
})

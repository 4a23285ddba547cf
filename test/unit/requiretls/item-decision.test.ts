/** What is decided on an item by its own words: REQUIRETLS, and `TLS-Required: No` in its header. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import { decideOn } from '../../../plugins/enforce-tls/hooks/item-decision.js'
import { noteRequireTls, requireTlsNotes } from '../../../plugins/enforce-tls/requiretls/note.js'
import { addUpAll, requirementOf, type Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import type { RequireTlsPolicy } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { fakeAddress } from '../../support/fake-haraka.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

interface Words {
  readonly header?: string
  readonly asks?: boolean
  /** It has the null sender; `own` for one that this server has written, and a redacted one of. */
  readonly bounce?: 'own' | 'foreign'
  readonly policy?: RequireTlsPolicy
  readonly honourNo?: boolean
  readonly domain?: string
}

/** What a message with these words, under these rules, requires. */
async function requiredOf(
  t: TestContext,
  rules: readonly RelayWithTls[],
  {
    header = 'Subject: x\r\n',
    asks = false,
    bounce,
    policy = 'enforce',
    honourNo = true,
    domain = 'bank.example',
  }: Words,
): Promise<Requirement | null> {
  const folder = new TemporaryFolder('item')
  t.after(() => folder.close())
  const path = join(folder.path, 'queued')
  writeFileSync(path, `${header}\r\nThe body\r\n`)
  const notes = {}
  if (asks) noteRequireTls(notes)
  if (bounce === 'own') Object.assign(notes, requireTlsNotes('redacted'))
  const todo = {
    domain,
    queue_time: Date.now(),
    mail_from: fakeAddress(bounce ? '' : 'ann@acme.example'),
    rcpt_to: [fakeAddress('cfo@bank.example')],
    notes,
  }
  const item = { path, data_start: 0, num_failures: 0, todo, loginfo: () => undefined } as unknown
  const requirement = addUpAll(
    rules.map((rule, index) =>
      requirementOf(rule, 'bank.example', { owner: '*', id: `r${index}`, name: 'Bank' }),
    ),
  )
  const ruling = { requirement, reported: [], covered: rules.length > 0 }
  const decision = await decideOn(
    item as HarakaMailItem,
    { rulingsOn: () => Promise.resolve({ is: 'known', rulings: [ruling] }) },
    { settings: { policy, policyFor: [], honourNo }, own: [] },
  )
  assert.ok(decision.is === 'free' || decision.is === 'required')
  return decision.is === 'free' ? null : (decision.groups[0]?.requirement ?? null)
}

const NO = { header: 'TLS-Required: No\r\n' }
const DANE_IF_ANY = { level: 'dane', otherwise: 'none' } as const
const PUBLISHED_IF_ANY = { level: 'published', otherwise: 'none' } as const

describe('TLS-Required: No', () => {
  const rows: readonly (readonly [
    what: string,
    rules: readonly RelayWithTls[],
    words: Words,
    relaxed: boolean,
  ])[] = [
    ['frees from dane where it is published', [DANE_IF_ANY], NO, true],
    ['frees from two such rules', [DANE_IF_ANY, PUBLISHED_IF_ANY], NO, true],
    [
      'frees from what would wait or bounce',
      [{ level: 'dane', otherwise: 'none', onFailure: 'bounce' }],
      NO,
      true,
    ],
    ['frees from nothing beside another rule', [DANE_IF_ANY, { level: 'encrypt' }], NO, false],
    ['frees from nothing where honour_no=false', [DANE_IF_ANY], { ...NO, honourNo: false }, false],
    ['frees from nothing beside REQUIRETLS', [DANE_IF_ANY], { ...NO, asks: true }, false],
    [
      'frees from nothing when it is there twice',
      [DANE_IF_ANY],
      { header: 'TLS-Required: No\r\nTLS-Required: No\r\n' },
      false,
    ],
    ['is missing, and frees from nothing', [DANE_IF_ANY], {}, false],
    ...(
      [
        { level: 'encrypt' },
        { level: 'fingerprint', fingerprints: ['AB'.repeat(32)] },
        { level: 'verify' },
        { level: 'secure' },
        { level: 'dane' },
        { level: 'dane', otherwise: 'encrypt' },
        { level: 'mta-sts' },
        { level: 'published', otherwise: 'encrypt' },
        { level: 'dane', otherwise: 'none', requireOnward: 'must' },
        { level: 'dane', otherwise: 'none', requireOnward: 'offered' },
        { level: 'dane', otherwise: 'none', minVersion: 'TLSv1.3' },
        { level: 'mta-sts', otherwise: 'none', trust: 'partner-a' },
        { level: 'published', otherwise: 'none', via: 'gateway-a' },
        { level: 'published', otherwise: 'none', via: 'gateway-a', onFailure: 'reroute' },
      ] as const
    ).map(
      (rule) => [`frees from nothing at ${JSON.stringify(rule)}`, [rule as RelayWithTls], NO, false] as const,
    ),
  ]
  for (const [what, rules, words, relaxed] of rows)
    it(what, async (t) => {
      const [without, requirement] = [
        await requiredOf(t, rules, { ...words, header: '' }),
        await requiredOf(t, rules, words),
      ]
      assert.deepEqual(requirement, relaxed ? null : without)
      assert.ok(without)
    })
})

describe('REQUIRETLS', () => {
  it('makes an item that no rule is about one that is guarded', async (t) => {
    for (const [policy, onward] of [
      ['enforce', 'must'],
      ['opportunistic+starttls', 'offered'],
      ['opportunistic', 'offered'],
    ] as const)
      assert.equal((await requiredOf(t, [], { asks: true, policy }))?.onward, onward)
  })

  it('has the certificate of an address name it, where that is public', async (t) => {
    const { published, trusted, namesHost } = (await requiredOf(t, [], {
      asks: true,
      domain: '[198.51.100.7]',
    })) as Requirement
    assert.deepEqual([published, trusted, namesHost], [[], true, true])
    assert.equal((await requiredOf(t, [], { asks: true, domain: '[10.0.0.7]' }))?.encrypted, false)
  })

  for (const [policy, level, published] of [
    ['enforce', 'encrypt', 1],
    ['opportunistic+starttls', 'encrypt', 0],
    ['opportunistic', 'encrypt', 0],
  ] as const)
    it(`is for bounces, under ${policy}, a must for those of this server, and a wish for others`, async (t) => {
      const own = await requiredOf(t, [], { asks: true, policy, bounce: 'own' })
      assert.deepEqual(
        [own?.onward, own?.level, own?.encrypted, own?.published.length],
        ['must', level, true, published],
      )
      const foreign = await requiredOf(t, [], { asks: true, policy, bounce: 'foreign' })
      assert.deepEqual([foreign?.onward, foreign?.level, foreign?.encrypted], ['offered', 'none', false])
      const ruled = await requiredOf(t, [{ level: 'verify' }], { asks: true, policy, bounce: 'foreign' })
      assert.deepEqual([ruled?.onward, ruled?.level, ruled?.encrypted], ['offered', 'verify', true])
    })

  it('is asked for by nobody else', async (t) =>
    assert.equal(await requiredOf(t, [], { header: 'Require-TLS-ESMTP: yes\r\n' }), null))
})

/** What `TLS-Required: No` in the header of a message comes to, as `explain` and **Try it out** say it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { consequenceOf } from '../../../plugins/enforce-tls/check/consequence.js'
import { waiverOf } from '../../../plugins/enforce-tls/requiretls/waiver.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import { requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'

const NO = 'TLS-Required: No\r\n\r\n'
const IF_ANY = { level: 'dane', otherwise: 'none' } as const
const wants = (action: RelayWithTls) =>
  requirementOf(action, 'bank.example', { owner: '*', id: 'r1', name: 'Bank' })

interface Row {
  readonly header?: string | undefined
  readonly direction?: 'incoming'
  readonly requires?: RelayWithTls | null
  readonly reports?: readonly RelayWithTls[]
  readonly honourNo?: boolean | null
  readonly reportOnly?: true
}

function answer({
  header = NO,
  direction,
  requires = IF_ANY,
  reports = [],
  honourNo = true,
  reportOnly,
}: Row) {
  const headers = header === '' ? undefined : new HeaderBlock(header)
  const requirement = requires && wants(requires)
  const ruling = { requirement, reported: reports.map(wants), covered: true }
  const message = { direction: direction ?? ('outgoing' as const), headers }
  const waiver = waiverOf(message, ruling, honourNo)
  const about = { taken: true, certain: true, reportOnly: reportOnly ?? false, check: null }
  const { outcome, sentence } = consequenceOf({ direction: message.direction, ruling, ...about, waiver })
  return { effect: waiver?.effect ?? null, said: waiver?.sentence ?? '', outcome, sentence }
}

describe('TLS-Required: No, before a message is sent', () => {
  const rows: readonly (readonly [what: string, row: Row, effect: string | null, outcome: string])[] = [
    ['frees of what is published', {}, 'frees', 'as-usual'],
    ['is unknown without the header', { header: '' }, null, 'required'],
    ['is not said', { header: 'Subject: x\r\n\r\n' }, null, 'required'],
    ['would free, but for the settings', { honourNo: false }, 'off', 'required'],
    ['frees where the settings are unknown', { honourNo: null }, 'frees', 'as-usual'],
    ['is in vain where more is required', { requires: { level: 'encrypt' } }, 'in-vain', 'required'],
    ['has it delivered without where no rule is about it', { requires: null }, 'optional', 'as-usual'],
    ['is off there, too, by the settings', { requires: null, honourNo: false }, 'off', 'as-usual'],
    ['is nothing for incoming mail', { direction: 'incoming' }, null, 'required'],
    ['is seen by rules that only report', { requires: null, reports: [IF_ANY] }, 'reported', 'as-usual'],
    [
      'is in vain for one of two that report',
      { requires: null, reports: [IF_ANY, { level: 'verify' }] },
      'in-vain',
      'as-usual',
    ],
    ['frees of nothing where nothing is enforced', { reportOnly: true }, 'frees', 'as-usual'],
  ]
  for (const [what, row, effect, outcome] of rows)
    it(what, () => {
      const found = answer(row)
      assert.deepEqual([found.effect, found.outcome], [effect, outcome])
    })

  it('says what follows', () => {
    assert.match(
      answer({}).sentence,
      /^As usual, since the message says TLS-Required: No: .*may leave unencrypted\.$/,
    )
    assert.match(answer({ honourNo: false }).said, /would be freed .* if \[requiretls\] honour_no were on\.$/)
    assert.match(answer({ honourNo: null }).said, / With \[requiretls\] honour_no=false, it would not\.$/)
    assert.match(answer({ reportOnly: true }).sentence, /report mode records that its sender waived TLS\.$/)
    assert.match(
      answer({ requires: null, reports: [IF_ANY] }).sentence,
      /^As usual: no rule requires TLS, .*; report mode records that its sender waived TLS\.$/,
    )
  })
})

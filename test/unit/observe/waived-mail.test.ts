/** What is told of a message whose sender says `TLS-Required: No`: what it goes without, and how it went. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import type { WaiverEvent } from '../../../plugins/enforce-tls/delivery/delivery-events.js'
import type { HarakaMailItem, HarakaMx, HarakaSocket } from '../../../plugins/enforce-tls/haraka/types.js'
import {
  entryOf,
  fromRecord,
  logLine,
  toRecord,
} from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { Metrics } from '../../../plugins/enforce-tls/observe/metrics/metrics.js'
import { WaivedMail } from '../../../plugins/enforce-tls/observe/waived-mail.js'
import { requirementOf, type Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import { fakeAddress } from '../../support/fake-haraka.js'

const MX: HarakaMx = { exchange: '192.0.2.25', from_dns: 'mx.bank.example' }
const [ANN, CFO, CEO] = [
  fakeAddress('ann@acme.example'),
  fakeAddress('cfo@bank.example'),
  fakeAddress('ceo@bank.example'),
]
const wants = (level: 'dane' | 'mta-sts', id: string): Requirement =>
  requirementOf({ level, otherwise: 'none' }, 'bank.example', { owner: 'acme.example', id, name: 'Bank' })

/** As Haraka has it: its own delivery says MAIL over its own socket. */
class Item {
  readonly todo = {
    uuid: 'U.1',
    domain: 'bank.example',
    mail_from: ANN,
    rcpt_to: [CFO, CEO],
    notes: {},
  }
  readonly filename = '1_1_0_1_a_1_host'
  num_failures = 2
  readonly said: string[] = []
  lognotice(text: string): void {
    this.said.push(text)
  }
  try_deliver_host_on_socket(_mx: HarakaMx, _host: string, _port: number, socket: HarakaSocket): void {
    const own = socket as unknown as { write(line: string): void }
    own.write('EHLO mta.acme.example\r\n')
    own.write('MAIL FROM:<ann@acme.example>\r\n')
  }
}

class Scene {
  readonly events: WaiverEvent[] = []
  readonly written: string[] = []
  readonly waived = new WaivedMail((event) => void this.events.push(event))
  readonly own = new Item()
  readonly item = this.own as unknown as HarakaMailItem

  tries(encrypted: boolean | 'not seen'): void {
    const socket = Object.assign(new EventEmitter(), {
      write: (line: string) => this.written.push(line) > 0,
      isEncrypted: () => {
        if (encrypted === 'not seen') throw new Error('another Haraka')
        return encrypted
      },
    })
    this.item.try_deliver_host_on_socket(MX, '192.0.2.25', 25, socket)
  }

  get told(): string[] {
    return this.events.map(({ result, departure, recipients }) =>
      [result, departure?.encrypted ?? '-', recipients.length].join(' '),
    )
  }
}

describe('mail whose sender waives TLS', () => {
  for (const [encrypted, how] of [
    [false, 'false'],
    [true, 'true'],
    ['not seen', '-'],
  ] as const)
    it(`is told of as it goes: over TLS ${how}`, () => {
      const scene = new Scene()
      scene.waived.released(scene.item, [wants('dane', 'r1'), wants('mta-sts', 'r2')])
      scene.tries(encrypted)
      scene.waived.delivered(scene.item, [CFO, CEO])
      assert.deepEqual(scene.told, ['waived - 2', `waived-begun ${how} 2`, `waived-sent ${how} 2`])
      assert.equal(scene.written.length, 2, 'nothing of the delivery is changed')
      assert.match(scene.own.said.join(), /r1 of acme.example .* and r2 .*TLS-Required: No/)
    })

  it('has entries that name the rule, the header field, the server and how it went', () => {
    const scene = new Scene()
    scene.waived.released(scene.item, [wants('dane', 'r1'), null])
    scene.tries(false)
    scene.waived.delivered(scene.item, [CFO, CEO])
    const last = scene.events.at(-1)
    assert.ok(last)
    const entry = entryOf(last, 'e1')
    assert.deepEqual(fromRecord(toRecord(entry)), entry)
    const { kind, result, rules, recipients, mx, address, encrypted, detail, tries, level } = entry
    assert.deepEqual(
      { kind, result, recipients, mx, address, encrypted, detail, tries, level, rule: rules[0]?.id },
      {
        ...{ kind: 'waiver', result: 'waived-sent', recipients: 1, mx: 'mx.bank.example' },
        ...{ address: '192.0.2.25:25', encrypted: 'false', detail: 'the message says TLS-Required: No' },
        ...{ tries: '2', level: 'dane', rule: 'r1' },
      },
    )
    assert.match(logLine(entry), /^waiver uuid=U\.1 rule=r1 .*result=waived-sent .*encrypted=false/)
  })

  it('is counted by what was seen of it', async () => {
    const scene = new Scene()
    scene.waived.released(scene.item, [wants('dane', 'r1'), null])
    scene.tries(false)
    scene.waived.delivered(scene.item, [CFO])
    const metrics = new Metrics({
      ...{ storeAvailable: () => true, storeGone: () => false, storeUnremembered: () => false },
      ...{ storeAtRisk: () => false, cache: () => null, rules: () => null, trusts: () => [] },
      ...{ idleConnections: () => 0, evidenceDropped: () => 0, evidenceAvailable: () => null },
    })
    for (const event of scene.events) metrics.observe(event)
    const lines = (await metrics.registry.metrics()).split('\n')
    assert.deepEqual(
      lines.filter((line) => /^enforce_tls_waived\S+ [1-9]/.test(line)),
      [
        'enforce_tls_waived_messages_total{result="waived",connection="none"} 1',
        'enforce_tls_waived_messages_total{result="waived-begun",connection="clear"} 1',
        'enforce_tls_waived_messages_total{result="waived-sent",connection="clear"} 1',
      ],
    )
  })

  it('is forgotten where a rule is to be kept at a later attempt', () => {
    const scene = new Scene()
    scene.waived.released(scene.item, [wants('dane', 'r1'), null])
    scene.waived.released(scene.item, [null, null])
    scene.waived.delivered(scene.item, [CFO])
    assert.deepEqual(scene.told, ['waived - 1'])
  })

  it('says nothing of recipients that no such rule is about', () => {
    const scene = new Scene()
    scene.waived.released(scene.item, [wants('dane', 'r1'), null])
    scene.waived.delivered(scene.item, [CEO])
    assert.deepEqual(scene.told, ['waived - 1'])
  })
})

/** The hook `send_email` and the guard: what a decision makes of it, and that one which comes too late does nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { Decisions, type DecisionContext } from '../../../plugins/enforce-tls/hooks/send-email.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { HookAnswer } from '../../support/fake-haraka.js'
import type { FakeHmail } from '../../support/fake-hmail.js'
import { makeDelivery, required, type DeliveryOptions } from '../../support/guarded-delivery.js'

/** What the rules require of each recipient. */
type Requirements = readonly (Requirement | null)[]

const ENCRYPT = required()
const VERIFY = required({ level: 'verify' })
const TIMED_OUT: HookAnswer = [constants.denysoft, 'plugin timeout']
const DELIVERED = ['MAIL mx1 over TLS', 'delivered 1/0/0', 'file removed', 'next']

/** The product's decisions on what the rules say, asked once for each attempt. */
function decisionsOn(
  ask: () => Requirements | Promise<Requirements>,
  { reportOnly = false } = {},
): (...args: Parameters<NonNullable<DeliveryOptions['decide']>>) => Promise<HookAnswer> {
  const decisions = new Decisions({
    settings: () => ({ reportOnly, deferSeconds: 60 }),
    rules: {
      rulingsOn: async () => ({
        is: 'known',
        rulings: (await ask()).map((requirement) => ({ requirement, reported: [], covered: true })),
      }),
    },
    words: () => ({ settings: { policy: 'enforce', policyFor: [], honourNo: true }, own: [] }),
    reports: { note: () => undefined, released: () => undefined },
    divide: (item: FakeHmail, groups: readonly (readonly { readonly user: string }[])[]) =>
      item.note(`divided into ${groups.map((group) => group.map(({ user }) => user).join()).join(' | ')}`),
    namesMessages: () => false,
    waiting: { waits: () => undefined, givingUp: () => null, release: () => null },
    uncovered: { released: () => undefined },
    waived: { released: () => undefined },
    decided: () => undefined,
  } as unknown as DecisionContext)
  return async (guard, item) => [Number(await decisions.on(guard, item))]
}

interface Row {
  readonly what: string
  readonly requirements: Requirements
  readonly reportOnly?: boolean
  readonly isGone?: boolean
  /** All that Haraka does, or is told to do. */
  readonly told: readonly string[]
}

describe('a decision', () => {
  const rows: readonly Row[] = [
    {
      what: 'to require TLS is in force at once',
      requirements: [ENCRYPT],
      told: ['get_mx', 'connect mx1', ...DELIVERED],
    },
    {
      what: 'to require nothing takes the guard off',
      requirements: [null],
      told: ['get_mx', 'connect mx1, TLS not forced', 'MAIL mx1 in the clear', ...DELIVERED.slice(1)],
    },
    {
      what: 'of rules that only report takes the guard off',
      requirements: [ENCRYPT],
      reportOnly: true,
      told: ['get_mx', 'connect mx1, TLS not forced', 'MAIL mx1 in the clear', ...DELIVERED.slice(1)],
    },
    {
      what: 'that differs between recipients divides the item, which is over',
      requirements: [ENCRYPT, VERIFY],
      told: ['divided into cfo | ceo', 'next'],
    },
    {
      what: 'for some recipients and not for others divides the item, too',
      requirements: [null, ENCRYPT],
      told: ['divided into cfo | ceo', 'next'],
    },
    {
      what: 'about a queue file that somebody has removed ends the item',
      requirements: [ENCRYPT],
      isGone: true,
      told: ['next'],
    },
  ]
  for (const { what, requirements, reportOnly = false, isGone = false, told } of rows)
    it(what, async () => {
      await using delivery = await makeDelivery({
        to: ['cfo@bank.example', 'ceo@bank.example'].slice(0, requirements.length),
        decide: decisionsOn(() => requirements, { reportOnly }),
      })
      delivery.item.path = isGone ? '/nowhere' : __filename
      await delivery.run()
      assert.deepEqual(delivery.told, told)
    })
})

describe('a decision that comes when Haraka does not wait for it any more', () => {
  const rows: readonly (readonly [what: string, late: Requirements, now: Requirements, outcome: string])[] = [
    ['to require nothing does not take off the guard of today', [null], [ENCRYPT], 'bounced'],
    ['to require TLS does not guard what needs none today', [ENCRYPT], [null], 'delivered'],
    ['to require less does not stand in for what is required today', [ENCRYPT], [VERIFY], 'bounced'],
    ['to divide the item does not divide it', [ENCRYPT, null], [ENCRYPT, ENCRYPT], 'bounced'],
  ]
  for (const [what, late, now, outcome] of rows)
    it(what, async () => {
      let answer: (requirements: Requirements) => void = () => undefined
      const waited = new Promise<Requirements>((resolve) => (answer = resolve))
      let asked = 0
      let lateDecision: Promise<HookAnswer> | undefined
      const decide = decisionsOn(() => (asked++ === 0 ? waited : now))
      await using delivery = await makeDelivery({
        // No TLS, or where that would not tell levels apart, a certificate that nobody trusts.
        hosts: [{ starttls: now.includes(VERIFY) }],
        to: ['cfo@bank.example', 'ceo@bank.example'].slice(0, now.length),
        decide: (...args) => {
          const decision = decide(...args)
          if (lateDecision) return decision
          lateDecision = decision
          return TIMED_OUT
        },
      })
      delivery.item.path = __filename
      await delivery.run()
      assert.deepEqual(delivery.told, ['delay', 'next', 'again in 60 s'])
      const { hooks } = delivery.haraka
      const hosts = hooks['get_mx']
      // The late one comes after that of today, and before the first connection.
      hooks['get_mx'] = async (item, domain) => {
        answer(late)
        await lateDecision
        return (await hosts?.(item, domain)) ?? [constants.cont]
      }
      await delivery.again()
      assert.equal(
        delivery.told.some((word) => word.startsWith('divided')),
        false,
      )
      assert.equal(
        delivery.told.some((word) => word.startsWith('delivered')),
        outcome === 'delivered',
      )
      assert.equal(
        delivery.told.some((word) => word.startsWith('bounce')),
        outcome === 'bounced',
      )
    })
})

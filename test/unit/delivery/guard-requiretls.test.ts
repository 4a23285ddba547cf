/** A guarded item that has to leave with REQUIRETLS, or should where that is offered: what servers are told, and Haraka. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import { knownByName } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import type { RequireTlsPolicy } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { fakeAddress } from '../../support/fake-haraka.js'
import { makeDelivery, type DeliveryOptions, type GuardedDelivery } from '../../support/guarded-delivery.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'

const authority = makeAuthority('Test authority')
const OFFERS = { requiretls: 'inside TLS' } as const

interface Scene extends Omit<DeliveryOptions, 'hosts' | 'decide'> {
  readonly hosts: readonly PeerBehaviour[]
  readonly policy?: RequireTlsPolicy
  /** Of a rule; none without. */
  readonly rule?: RelayWithTls
  /** Whether the message asks, or the rule alone. @default true */
  readonly asks?: boolean
}

/** Delivers to hosts with good certificates, unless they have others. */
async function deliver({
  hosts,
  policy = 'enforce',
  rule,
  asks = true,
  ...options
}: Scene): Promise<GuardedDelivery> {
  const { cert: ca } = await authority
  const good = await Promise.all(
    hosts.map(async (host, index) => ({
      tls: await (await authority).issue({ dnsNames: [`mx${index + 1}.bank.example`] }),
      ...host,
    })),
  )
  return makeDelivery({
    ca,
    hosts: good,
    ...(rule ? { action: rule } : {}),
    ...options,
    surroundings: {
      requireTls: () => ({ settings: { policy, policyFor: [] }, own: [] }),
      ...options.surroundings,
    },
    decide: (guard, _item, requirement) => {
      const byRules = rule ? requirement : null
      if (asks) guard.enforce(withAsked(byRules, policy), { byRules })
      else guard.enforce(requirement)
      return [constants.cont]
    },
  })
}

/** How each server got the message: with REQUIRETLS, without, or not. */
function got({ peers }: GuardedDelivery): string {
  return peers
    .map(({ messages: [message] }) =>
      message ? `${message.secure ? 'TLS' : 'clear'}${message.requiretls ? ' REQUIRETLS' : ''}` : '-',
    )
    .join(', ')
}

const NO_TLS = { starttls: false }
const REFUSES = { ...OFFERS, onSecure: { MAIL: '555 5.5.4 unknown parameter' } }
/** Refuses the parameter, and takes MAIL without. */
const refusesParameter = (...reply: string[]): PeerBehaviour => ({
  ...OFFERS,
  onSecure: {
    MAIL: (session, line) => session.reply(line.includes('REQUIRETLS') ? reply : '250 2.1.0 ok'),
  },
})
const REFUSES_PARAMETER = refusesParameter('555-5.5.4 unknown', '555 5.5.4 parameter')

describe('a message with REQUIRETLS and no rule', () => {
  const rows: readonly (readonly [
    what: string,
    hosts: readonly PeerBehaviour[],
    policy: RequireTlsPolicy,
    got: string,
    seen: string,
  ])[] = [
    [
      'goes with it to a server that offers it inside TLS',
      [OFFERS],
      'enforce',
      'TLS REQUIRETLS',
      'delivered ok no status',
    ],
    [
      'comes back from a server that does not offer it',
      [{}],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'comes back from a server that offers it in the clear alone',
      [{ requiretls: 'in the clear' }],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'comes back from a server without TLS',
      [NO_TLS],
      'enforce',
      '-',
      'bounced starttls-not-supported 5.7.10',
    ],
    [
      'comes back from a server that offers it, and refuses it then',
      [REFUSES],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'comes back from a server that refuses the parameter alone',
      [REFUSES_PARAMETER],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'goes on from a server that refuses it in the words of RFC 8689',
      [refusesParameter('550 5.7.30 REQUIRETLS support required'), OFFERS],
      'enforce',
      '-, TLS REQUIRETLS',
      'delivered ok no status',
    ],
    ...['550 5.7.30 no', '550 5.7.1 policy', '503 5.5.1 what', '451 4.7.1 later'].map(
      (reply) =>
        [
          `goes without where policy is opportunistic+starttls, and the parameter is answered ${reply}`,
          [refusesParameter(reply)],
          'opportunistic+starttls',
          'TLS',
          'delivered ok no status',
        ] as const,
    ),
    [
      'comes back from a server that offers something like it',
      [{ onSecure: { EHLO: ['250-mx1', '250-REQUIRETLSX', '250 X-REQUIRETLS yes'] } }],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'comes back from a server that knows no EHLO inside TLS',
      [{ ...OFFERS, onSecure: { EHLO: '502 5.5.1 unknown' } }],
      'enforce',
      '-',
      'bounced requiretls-not-supported 5.7.30',
    ],
    [
      'goes on to the next server',
      [{}, NO_TLS, OFFERS],
      'enforce',
      '-, -, TLS REQUIRETLS',
      'delivered ok no status',
    ],
    [
      'goes with it where policy is opportunistic+starttls, and it is offered',
      [OFFERS],
      'opportunistic+starttls',
      'TLS REQUIRETLS',
      'delivered ok no status',
    ],
    [
      'goes without it there, over TLS, where it is not',
      [{}],
      'opportunistic+starttls',
      'TLS',
      'delivered ok no status',
    ],
    [
      'goes without it there where the parameter is refused',
      [REFUSES_PARAMETER],
      'opportunistic+starttls',
      'TLS',
      'delivered ok no status',
    ],
    [
      'comes back there from a server without TLS',
      [NO_TLS],
      'opportunistic+starttls',
      '-',
      'bounced starttls-not-supported 5.7.4',
    ],
    [
      'goes in the clear where policy is opportunistic',
      [NO_TLS],
      'opportunistic',
      'clear',
      'delivered-as-usual ok no status',
    ],
  ]
  for (const [what, hosts, policy, expected, seen] of rows)
    it(what, async () => {
      await using delivery = await deliver({ hosts, policy })
      await delivery.run()
      assert.equal(got(delivery), expected, delivery.peers.map((peer) => peer.transcript()).join('\n'))
      assert.equal(delivery.seen.at(-1), seen)
      if (policy !== 'opportunistic')
        for (const peer of delivery.peers) assert.deepEqual(peer.cleartextAfterEhlo(), [])
    })

  it('comes back from a server whose certificate is not good, without a MAIL', async () => {
    const tls = await selfSigned({ dnsNames: ['mx1.bank.example'] })
    await using delivery = await deliver({ hosts: [{ ...OFFERS, tls }] })
    await delivery.run()
    assert.equal(delivery.statuses['cfo'], 'failed 5.7.10 mx1')
    assert.deepEqual(delivery.peers[0]?.connections[0]?.verbs('tls'), ['QUIT'])
  })

  it('says QUIT to a server without TLS, and nothing else', async () => {
    await using delivery = await deliver({ hosts: [NO_TLS] })
    await delivery.run()
    assert.deepEqual(delivery.peers[0]?.connections[0]?.verbs('clear'), ['EHLO', 'QUIT'])
  })

  it('says QUIT to a server that does not offer it, and waits for one that may', async () => {
    await using delivery = await deliver({
      hosts: [{}, { onSecure: { connect: '421 later' }, on: { connect: '421 later' } }],
    })
    await delivery.run()
    assert.deepEqual(delivery.peers[0]?.connections[0]?.verbs('tls'), ['EHLO', 'QUIT'])
    assert.match(String(delivery.statuses['cfo']), /^delayed \d\.7\.30/)
  })
})

describe('a server that closes the connection over the parameter', () => {
  const CLOSES: Readonly<Record<string, PeerBehaviour>> = {
    'with 421': refusesParameter('421 4.7.0 not that'),
    'without a word': {
      ...OFFERS,
      onSecure: {
        MAIL: (session, line) =>
          line.includes('REQUIRETLS') ? session.reset() : session.reply('250 2.1.0 ok'),
      },
    },
  }
  for (const [how, host] of Object.entries(CLOSES)) {
    it(`${how} gets the message without, where it need not be said`, async () => {
      for (const scene of [
        { policy: 'opportunistic+starttls' },
        { rule: { level: 'encrypt', requireOnward: 'offered' }, asks: false },
      ] as const) {
        await using delivery = await deliver({ hosts: [host], ...scene })
        await delivery.run()
        assert.match(delivery.seen.at(-1) ?? '', /^deferred ok 4/)
        await delivery.again()
        assert.equal(got(delivery), 'TLS', JSON.stringify(scene))
      }
    })

    it(`${how} is never told MAIL without, where it must be`, async () => {
      await using delivery = await deliver({ hosts: [host] })
      await delivery.run()
      await delivery.again()
      assert.equal(got(delivery), '-')
      const mail = delivery.peers[0]?.connections.flatMap(({ commands }) => commands) ?? []
      assert.equal(mail.filter(({ verb }) => verb === 'MAIL').length, 2)
      assert.ok(mail.every(({ verb, line }) => verb !== 'MAIL' || / REQUIRETLS$/.test(line.trimEnd())))
    })
  }
})

describe('a rule', () => {
  it('holds whatever the message asks for', async () => {
    const tls = await selfSigned({ dnsNames: ['mx1.bank.example'] })
    for (const policy of ['opportunistic', 'opportunistic+starttls'] as const) {
      await using delivery = await deliver({
        hosts: [{ ...OFFERS, tls }],
        policy,
        rule: { level: 'verify' },
      })
      await delivery.run()
      assert.equal(got(delivery), '-')
      assert.equal(delivery.statuses['cfo'], 'failed 5.7.5 mx1')
    }
  })

  it('hands on with REQUIRETLS where it is offered', async () => {
    const rule = { level: 'encrypt', requireOnward: 'offered' } as const
    for (const [host, expected] of [
      [OFFERS, 'TLS REQUIRETLS'],
      [{}, 'TLS'],
      [REFUSES_PARAMETER, 'TLS'],
    ] as const) {
      await using delivery = await deliver({ hosts: [host], rule, asks: false })
      await delivery.run()
      assert.equal(got(delivery), expected)
    }
  })

  it('hands on with REQUIRETLS over LMTP, too, or not at all', async () => {
    const rule = { level: 'encrypt', requireOnward: 'must' } as const
    for (const [host, expected] of [
      [{ ...OFFERS, lmtp: true }, 'TLS REQUIRETLS'],
      [{ lmtp: true }, '-'],
    ] as const) {
      await using delivery = await deliver({ hosts: [host], rule, asks: false })
      await delivery.run()
      assert.equal(got(delivery), expected)
    }
  })

  it('hands on with REQUIRETLS or not at all', async () => {
    const rule = { level: 'encrypt', requireOnward: 'must' } as const
    for (const [host, expected, status] of [
      [OFFERS, 'TLS REQUIRETLS', ''],
      [{}, '-', 'failed 5.7.30 mx1'],
    ] as const) {
      await using delivery = await deliver({ hosts: [host], rule, asks: false })
      await delivery.run()
      assert.equal(got(delivery), expected)
      assert.equal(delivery.statuses['cfo'], status)
    }
  })
})

it('a connection serves further messages of the same kind alone', async () => {
  await using delivery = await deliver({ hosts: [OFFERS], reuse: true })
  const { haraka } = delivery
  const send = async (): Promise<void> => {
    const envelope = {
      mail_from: fakeAddress('ann@acme.example'),
      rcpt_to: [fakeAddress('cfo@bank.example')],
    }
    new FakeHmail(haraka, { ...envelope, notes: {} }).send()
    await delivery.until(() => haraka.underWay.size === 0)
  }
  await send()
  await send()
  const asks = haraka.hooks['send_email']
  // A message without it, under a rule that requires as much otherwise.
  haraka.hooks['send_email'] = (item) => {
    const requirement = { ...knownByName(withAsked(null, 'enforce')) }
    delete (requirement as { onward?: unknown }).onward
    delivery.attach(item).enforce(requirement)
    return [constants.cont]
  }
  await send()
  if (asks) haraka.hooks['send_email'] = asks
  await send()
  const [peer] = delivery.peers
  assert.deepEqual(
    peer?.connections.map(({ messages }) => messages.map(({ requiretls }) => requiretls)),
    [[true, true, true], [false]],
  )
})

/** Bounces that ask for REQUIRETLS, of this server and of others, on their way back: what goes, how, and that none is lost. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import { askingKindOf, requireTlsNotes } from '../../../plugins/enforce-tls/requiretls/note.js'
import type { RequireTlsPolicy } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import { makeDelivery } from '../../support/guarded-delivery.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'

const OFFERS = { requiretls: 'inside TLS' } as const
const NO_TLS = { starttls: false }
const REDACTED = 'redacted to cfo@bank.example'
const KEPT = 'kept as error file'

const answers = (verb: string, reply: string): PeerBehaviour => ({ ...OFFERS, onSecure: { [verb]: reply } })

interface Way {
  readonly host: PeerBehaviour | 'down'
  readonly policy?: RequireTlsPolicy
  /** Rounds that have failed before. */
  readonly failures?: number
  /** Whether another server has written it. */
  readonly isForeign?: true
  readonly isSelfSigned?: true
}

/** How it got to the server, and what has become of it. */
async function sent({
  host,
  policy = 'enforce',
  failures = 0,
  isForeign,
  isSelfSigned,
}: Way): Promise<string> {
  const authority = await makeAuthority('Test authority')
  const dnsNames = ['mx1.bank.example']
  const tls = isSelfSigned ? await selfSigned({ dnsNames }) : await authority.issue({ dnsNames })
  await using delivery = await makeDelivery({
    ca: authority.cert,
    hosts: [host === 'down' ? host : { tls, ...host }],
    from: '',
    failures,
    notes: { ...requireTlsNotes(isForeign ? null : 'redacted') },
    surroundings: { requireTls: () => ({ settings: { policy, policyFor: [] }, own: [] }) },
    decide: (guard, item) => {
      guard.enforce(withAsked(null, policy, askingKindOf(item.todo)), { byRules: null })
      return [constants.cont]
    },
  })
  delivery.haraka.intervals = [60, 60, 60, 60]
  await delivery.run()
  const [message] = delivery.peers[0]?.messages ?? []
  const got = message && `${message.secure ? 'TLS' : 'clear'}${message.requiretls ? ' REQUIRETLS' : ''}`
  const { told } = delivery
  return got ?? [REDACTED, KEPT, 'deferred'].find((each) => told.includes(each)) ?? told.join(', ')
}

describe('a bounce of this server', () => {
  const rows: readonly (readonly [what: string, way: Way, result: string])[] = [
    ['goes with REQUIRETLS', { host: OFFERS }, 'TLS REQUIRETLS'],
    ...(['enforce', 'opportunistic+starttls', 'opportunistic'] as const).flatMap(
      (policy) =>
        [
          [`is redacted where that is not offered, under ${policy}`, { host: {}, policy }, REDACTED],
          [`is redacted where there is no TLS, under ${policy}`, { host: NO_TLS, policy }, REDACTED],
          [
            `is redacted where it is refused, under ${policy}`,
            { host: answers('MAIL', '555 5.5.4 no'), policy },
            REDACTED,
          ],
        ] as const,
    ),
    ['is redacted where the certificate is not good', { host: OFFERS, isSelfSigned: true }, REDACTED],
    ...(['opportunistic+starttls', 'opportunistic'] as const).map(
      (policy) =>
        [
          `goes with REQUIRETLS whatever the certificate, under ${policy}`,
          { host: OFFERS, policy, isSelfSigned: true },
          'TLS REQUIRETLS',
        ] as const,
    ),
    ['waits where MAIL is put off', { host: answers('MAIL', '451 4.7.1 later') }, 'deferred'],
    [
      'is redacted where MAIL is put off again and again',
      { host: answers('MAIL', '451 4.7.1 later'), failures: 2 },
      REDACTED,
    ],
    [
      'is redacted where MAIL is rejected for whatever reason',
      { host: answers('MAIL', '550 5.7.1 no') },
      REDACTED,
    ],
    ['is redacted where the server is away to the end', { host: 'down', failures: 4 }, REDACTED],
    ['is kept where the recipient is rejected', { host: answers('RCPT', '550 5.1.1 unknown') }, KEPT],
  ]
  for (const [what, way, result] of rows) it(what, async () => assert.equal(await sent(way), result))
})

describe('a bounce of another server', () => {
  for (const policy of ['enforce', 'opportunistic+starttls', 'opportunistic'] as const)
    it(`is not kept for the lack of REQUIRETLS, nor of TLS, under ${policy}`, async () =>
      assert.equal(await sent({ host: NO_TLS, policy, isForeign: true }), 'clear'))
})

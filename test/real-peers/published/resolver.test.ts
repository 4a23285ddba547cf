/** An Unbound that does not validate is never believed, and mail that needs one that does waits with that sentence. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packagesMissing } from '../../support/debian-package.js'
import { lowPortsImpossible } from '../../support/low-ports.js'
import { policyFor, startPublishedWorld } from '../../support/published-world.js'
import { DEMANDS } from './case.js'

const HOME = 'acme.example'
const WHY = 'does not validate DNSSEC: it does not mark its answer about the root zone as authentic'

describe(
  'a resolver that does not validate',
  { skip: packagesMissing('dns') || lowPortsImpossible() },
  () => {
    it('is named in the log at start, and in each deferral, whatever holds where nothing is published', async () => {
      await using world = await startPublishedWorld({
        resolver: 'trusting',
        partners: [{ zone: 'bank.example', policy: policyFor('mx.bank.example') }],
        home: HOME,
        rules: Object.fromEntries(
          DEMANDS.map((demand) => {
            const [, level, otherwise] = /^(.*)-(\w+)$/.exec(demand) ?? []
            return [`${demand}.${HOME}`, [{ to: ['bank.example'], action: { level, otherwise } }]]
          }),
        ),
      })
      await world.haraka.waitForLog(
        /DNS resolver 127\.0\.0\.1:\d+ does not validate DNSSEC: .* waits where no resolver validates/,
      )
      for (const demand of DEMANDS)
        await world.haraka.send({ from: `ann@${demand}.${HOME}`, to: 'x@bank.example' })
      await world.haraka.until(() => world.deferrals().length === DEMANDS.length, 'a deferral for each')
      for (const { err, dsn_status, delay } of world.deferrals()) {
        assert.match(
          err,
          /^TLS required: bank\.example cannot be looked up: the DNS look-up of MX bank\.example failed: 127\.0\.0\.1:\d+ /,
        )
        assert.ok(err.includes(WHY), err)
        assert.deepEqual([dsn_status, delay], ['4.4.3', 3600])
      }
      assert.deepEqual(world.peers['bank.example']?.connections, [])
    })
  },
)

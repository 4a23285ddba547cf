/** Trusts under watch: mail that waits for one is told of as soon as it can be used again. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { TrustFacts } from '../../../plugins/enforce-tls/delivery/tls/trust-facts.js'
import { TrustWatch } from '../../../plugins/enforce-tls/observe/trust-watch.js'
import type { Settings } from '../../../plugins/enforce-tls/settings/types.js'
import { until } from '../../support/until.js'

it('a trust that can be used again is told of once, whatever is wrong with others', async () => {
  const problems: Record<string, string | null> = { bank: null, clinic: 'x' }
  let looks = 0
  let mended = 0
  const logger = { lognotice: () => undefined, logwarn: () => undefined, logerror: () => undefined }
  const watch = new TrustWatch({
    logger,
    settings: () => ({ to: [] }) as unknown as Settings['alert'],
    facts: () => {
      looks++
      return Object.entries(problems).map(([name, problem]): TrustFacts => ({
        name,
        problem,
        certificates: [],
        warnings: [],
      }))
    },
    mended: () => mended++,
    open: () => assert.fail('nothing is to be noted'),
    me: () => 'mta.acme.example',
    queue: () => Promise.resolve(),
  })
  const look = async (): Promise<number> => {
    const before = looks
    watch.begin(0)
    await until(() => looks > before, { what: () => 'a look' })
    return mended
  }
  assert.equal(await look(), 0)
  problems['bank'] = 'its files are gone'
  assert.equal(await look(), 0)
  problems['bank'] = null
  assert.equal(await look(), 1)
  assert.equal(await look(), 1)
  await watch.close()
})

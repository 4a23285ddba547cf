import assert from 'node:assert/strict'
import { it } from 'node:test'
import { seededRandom } from '../support/seeded-random.js'
import { runSoak } from '../soak/run-soak.js'
import { closingLine } from '../soak/tally.js'

it('no message is lost, or leaves in the clear, when two workers are killed while they deliver', async (t) => {
  const random = seededRandom()
  const figures = await runSoak({ messages: 240, kills: 2, random, patience: 120_000 })
  t.diagnostic(`seed ${random.seed}: ${closingLine(figures)}`)
  assert.equal(figures.lost, 0)
  assert.equal(figures.clearAgainstRule, 0)
  assert.equal(figures.againstRequireTls, 0)
  assert.ok(figures.onward > 0, closingLine(figures))
  assert.ok(figures.released > 0 && figures.rerouted > 0 && figures.notices > 0, closingLine(figures))
  assert.ok(figures.overTls > 60 && figures.bounced > 40 && figures.inTheClear > 0, closingLine(figures))
})

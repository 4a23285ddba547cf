import assert from 'node:assert/strict'
import { it } from 'node:test'
import { partnersLeaks, partnersReport } from '../soak/partners-report.js'
import { runPartners } from '../soak/run-partners.js'

it('no memory, socket or timer is left of mail to many partners, and connections are shared on the way', async (t) => {
  const figures = await runPartners({ partners: 100, rounds: 2, visits: 2 })
  t.diagnostic(partnersReport(figures))
  assert.deepEqual(partnersLeaks(figures), [])
  for (const { messages, connections, most } of figures.rounds) {
    assert.ok(connections < messages, `${connections} connections for ${messages} messages`)
    assert.ok(most > 1, 'no connection was kept')
  }
})

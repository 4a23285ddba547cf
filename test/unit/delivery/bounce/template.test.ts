/** Lines of a filled text: broken at spaces, and no mark of a list stands alone. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fillText } from '../../../../plugins/enforce-tls/delivery/bounce/template.js'

it('a name longer than a line stands beside the mark of its list', () => {
  const long = `mx.${'a-label-as-long-as-labels-may-be'.repeat(2).slice(0, 63)}.example`
  assert.equal(
    fillText(['', '- {attempts}'], { single: {}, lists: { attempts: [`${long} (192.0.2.1:25): no TLS`] } }),
    `- ${long}\r\n  (192.0.2.1:25): no TLS\r\n`,
  )
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { runFuzz } from '../fuzz/run-fuzz.js'
import { summary } from '../fuzz/summary.js'

it('hostile input of all kinds at once stops nothing, crashes nothing and lets nothing out in the clear', async (t) => {
  const said: string[] = []
  const result = await runFuzz({ seed: 1, milliseconds: 30_000, say: (line) => said.push(line) })
  t.diagnostic(summary(result))
  const { ledger } = result
  assert.deepEqual(
    ledger.violations.map(({ what }) => what),
    [],
    said.join('\n'),
  )
  for (const source of ['rules', 'documents', 'headers', 'requests', 'peers', 'fixed'])
    assert.ok((ledger.counts.get(source) ?? 0) > 0, `${source} did something`)
})

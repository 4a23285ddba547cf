import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { QUICK } from '../bench/delivery/scenes.js'
import { PARTS } from '../bench/parts.js'
import { runToEnd } from '../support/watched-process.js'

it('every part of the benchmark runs to its end in quick mode and gives its numbers as JSON', async () => {
  const bench = join(__dirname, '..', 'bench', 'bench.js')
  // One scene stands for all: they differ in what is sent.
  const parts = PARTS.flatMap(({ id }) => ['--part', id])
  const said = await runToEnd(process.execPath, [bench, '--quick', '--json', ...parts, '--scene', 'one'])
  const { machine, parts: ran } = JSON.parse(said) as {
    machine: Record<string, string>
    parts: { id: string; tables: { title: string; data: unknown }[] }[]
  }
  assert.equal(machine['node'], process.version)
  assert.deepEqual(
    ran.map(({ id }) => id),
    PARTS.map(({ id }) => id),
  )
  const [deliveries] = ran.find(({ id }) => id === 'b')?.tables ?? []
  const connections = new Map(
    (deliveries?.data as { id: string; turns: { connections: number }[] }[]).map(({ id, turns }) => [
      id,
      turns[0]?.connections ?? NaN,
    ]),
  )
  // Each server does what its row of the table says.
  for (const id of ['plain', 'opportunistic', 'no-reuse', 'unmatched'])
    assert.equal(connections.get(id), QUICK.messages, `${id} shares connections`)
  for (const id of ['covered', ...(connections.has('postfix') ? ['postfix-reuse'] : [])])
    assert.ok((connections.get(id) ?? NaN) < QUICK.messages, `${id} shares no connection`)
  for (const { id, tables } of ran) {
    assert.ok(tables.length > 0, `part ${id} has no table`)
    for (const { title, data } of tables) {
      assert.ok(data, `${title} has no data`)
      // NaN and infinity become null in JSON: nothing was measured.
      assert.doesNotMatch(
        JSON.stringify(data),
        /"(?:p50|p99|start|rss|longestStall|cpu|perSecond|ratios)":null/,
        title,
      )
    }
  }
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { until } from '../support/until.js'
import { startWaitingScene } from '../support/waiting-scene.js'

const MESSAGES = 6

it('with workers each takes the orders for its own mail, and that of one that is killed goes on in another', async () => {
  await using scene = await startWaitingScene({ nodes: 2 })
  for (let n = 0; n < MESSAGES; n++) await scene.send(`cfo${n}@${n % 2 ? 'clinic' : 'bank'}.example`)
  const { nodes } = await scene.waitForListed(MESSAGES)
  assert.equal(nodes.length, 1, 'workers are one node')
  const retried = await scene.queue('retry', '--all')
  assert.equal(retried.code, 0, retried.stdout + retried.stderr)
  assert.equal((await scene.waitForListed(MESSAGES)).messages.length, MESSAGES)

  for (const pid of scene.haraka.pids.workers) process.kill(pid, 'SIGKILL')
  await scene.bank.behave({})
  const { workers } = scene.haraka.pids
  await until(() => scene.haraka.pids.workers.length >= workers.length + 2, {
    what: 'new workers',
    timeout: 30_000,
  })
  await until(
    async () => {
      if (scene.bank.messages.length >= MESSAGES / 2) return true
      await scene.queue('retry', '--partner', 'bank.example', '--all')
      return false
    },
    { what: 'mail to the bank', timeout: 60_000 },
  )
  await scene.waitForListed(MESSAGES / 2)
  await scene.queue('retry', '--all')
  await scene.haraka.waitForEmptyQueue(60_000)
  assert.equal(scene.bank.messages.length, MESSAGES, 'each once')
  assert.deepEqual(scene.bank.cleartextAfterEhlo(), [])
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'
import { LATER, RULES, type Listed } from '../support/waiting-scene.js'

it('with a rules file what waits is listed, given up and released in the same way', async () => {
  await using bank = await startPeer({ on: { STARTTLS: LATER } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig(RULES, '[failure]\nallow_release=true\n'),
    routes: { '*': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '1h*3' },
  })
  const queue = (...words: readonly string[]) => inProcess(['queue', ...words, '--config', haraka.folder])
  const waitForListed = (count: number) =>
    until(
      async () => {
        const listed = JSON.parse((await queue('list', '--json')).stdout) as Listed
        return listed.total === count && listed
      },
      { what: () => `${count} waiting messages; ${haraka.log.slice(-2000)}`, timeout: 20_000 },
    )
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  const { messages } = await waitForListed(2)
  const idOf = (domain: string) => messages.find((each) => each.domain === domain)?.id ?? ''
  const failed = await queue('fail', idOf('clinic.example'), '--yes')
  assert.equal(failed.code, 0, failed.stdout + failed.stderr)
  await acme.waitForMessages(1)
  const released = await queue('release', idOf('bank.example'), '--reason', 'due today', '--yes')
  assert.equal(released.code, 0, released.stdout + released.stderr)
  const [received] = await bank.waitForMessages(1)
  assert.deepEqual(received?.acceptedFor, ['cfo@bank.example'])
  await haraka.waitForEmptyQueue()
  await waitForListed(0)
  const history = await inProcess(['history', '--json', '--config', haraka.folder])
  assert.match(history.stdout, /"reason": "due today"/)
})

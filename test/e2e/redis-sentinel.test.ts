import { it } from 'node:test'
import { startSentinels } from '../support/redis-sentinels.js'
import { startTraffic, TRAFFIC_RULES } from '../support/redis-traffic.js'
import { writeRules } from '../support/rules.js'

it('mail goes on while Sentinels make another Redis the master, and a rule that is made then is in force', async () => {
  await using group = await startSentinels()
  const master = await group.master()
  await writeRules(master, TRAFFIC_RULES)
  await using traffic = await startTraffic(group.ini)
  await traffic.assertFlows()
  await master.kill9()
  await traffic.assertFlows()
  await group.untilFailedOver(master)
  await traffic.assertFlows()
  await traffic.assertFloristForbidden()
  await traffic.assertFlows()
  await traffic.stop()
  traffic.assertOneOutcomeEach()
})

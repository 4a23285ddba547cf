import { it } from 'node:test'
import { startCluster } from '../support/redis-cluster.js'
import { startTraffic, TRAFFIC_RULES } from '../support/redis-traffic.js'
import { writeRules } from '../support/rules.js'

const RULES = 'enforce-tls:rules:acme.example'

it('mail goes on while keys of a Cluster move and a master is killed, and a rule that is made then is in force', async () => {
  await using cluster = await startCluster({ replicas: 1 })
  await writeRules(cluster, TRAFFIC_RULES)
  await using traffic = await startTraffic(cluster.ini)
  await traffic.assertFlows()
  await cluster.migrate(RULES)
  await cluster.migrate('enforce-tls:domains')
  await traffic.assertFlows()
  const victim = await cluster.masterOf(RULES)
  await victim.kill9()
  await traffic.assertFlows()
  await cluster.untilFailedOver(RULES, victim)
  await traffic.assertFlows()
  await traffic.assertFloristForbidden()
  await traffic.assertFlows()
  await traffic.stop()
  traffic.assertOneOutcomeEach()
})

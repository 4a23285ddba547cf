import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { readmeUser, type AclUser, type Purpose } from '../support/readme-acl.js'
import { startCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { startTraffic, TRAFFIC_RULES } from '../support/redis-traffic.js'
import { writeRules } from '../support/rules.js'

/** Three times as long as the feed waits before it asks a silent connection whether it lives. */
const REST = 15_000

const loginOf = ({ name, password }: AclUser) => `username=${name}\npassword=${password}\n`

/** The connections of a user, by server and id. */
const connectionsOf = async (servers: readonly RedisServer[], user: string): Promise<string[]> => {
  const lists = await Promise.all(servers.map((server) => server.cli('CLIENT', 'LIST')))
  return lists
    .flatMap((list, server) =>
      list.split('\n').flatMap((line) => {
        const id = /^id=(\d+) .* user=(\S+) /.exec(line)
        return id?.[2] === user ? [`${server} ${id[1]}`] : []
      }),
    )
    .sort()
}

/** A full run of Haraka and the command: nothing is refused, and no connection is made without need. */
async function assertRefusedNothing(
  { ini, where, more = '' }: { ini: string; where: readonly string[]; more?: string },
  servers: readonly RedisServer[],
  rulesIn: Pick<RedisServer, 'cli'>,
  purposes: readonly Purpose[] = ['deliveries', 'waiting'],
): Promise<void> {
  const [haraka, admin] = [readmeUser('haraka', purposes), readmeUser('rules-admin', purposes)]
  for (const server of servers)
    for (const { name, words } of [haraka, admin]) await server.cli('ACL', 'SETUSER', name, ...words)
  await writeRules(rulesIn, TRAFFIC_RULES)
  const reset = () => Promise.all(servers.map((server) => server.cli('ACL', 'LOG', 'RESET')))
  await reset()
  await using traffic = await startTraffic(ini + loginOf(haraka) + more)
  await traffic.assertFlows()
  await traffic.assertFloristForbidden([...where])
  const before = await connectionsOf(servers, haraka.name)
  assert.ok(before.length >= 2)
  for (const server of servers) await server.cli('CLIENT', 'KILL', 'USER', haraka.name)
  await traffic.assertFlows()
  assert.match(await traffic.command(['status'], [...where]), /Redis \d/)
  await traffic.stop()
  traffic.assertOneOutcomeEach()
  const rested = await connectionsOf(servers, haraka.name)
  await pause(REST)
  // Alerts open one of their own when they have something to note, whenever that is.
  const after = await connectionsOf(servers, haraka.name)
  assert.deepEqual(
    rested.filter((connection) => !after.includes(connection)),
    [],
    'every connection is kept',
  )
  for (const server of servers) {
    assert.equal(await server.cli('ACL', 'LOG'), '')
    await assert.rejects(
      server.cli(
        '--user',
        haraka.name,
        '--pass',
        haraka.password,
        '--no-auth-warning',
        'HGETALL',
        'enforce-tls:users',
      ),
      /NOPERM/,
    )
  }
}

it('a full run on one Redis is refused nothing and keeps its connections', async () => {
  await using redis = await startRedis()
  const { name, password } = readmeUser('rules-admin')
  const where = ['--redis', `redis://${name}:${password}@127.0.0.1:${redis.port}`]
  await assertRefusedNothing({ ini: `port=${redis.port}\n`, where }, [redis], redis)
})

it('a full run behind Sentinels, with alerts, is refused nothing and keeps its connections', async () => {
  await using group = await startSentinels()
  const { name, password } = readmeUser('rules-admin')
  const where = ['--redis', group.url.replace('://', `://${name}:${password}@`)]
  const master = await group.master()
  const more = '[alert]\nto[]=postmaster@acme.example\n'
  await assertRefusedNothing({ ini: group.ini, where, more }, [master], master, [
    'deliveries',
    'waiting',
    'alerts',
  ])
})

it('a full run on a Cluster is refused nothing and keeps its connections', async () => {
  await using cluster = await startCluster()
  const { name, password } = readmeUser('rules-admin')
  const where = ['--redis', cluster.url.replace('://', `://${name}:${password}@`)]
  await assertRefusedNothing({ ini: cluster.ini, where }, cluster.nodes, cluster, [
    'deliveries',
    'waiting',
    'cluster',
  ])
})

it('status says in Haraka’s folder which rights its user lacks, and Haraka keeps its connections without +ping', async () => {
  await using redis = await startRedis()
  const { name, password, words } = readmeUser('haraka', ['deliveries', 'metrics'])
  const fewer = words.filter((word) => !['+ping', '+client|tracking'].includes(word))
  await redis.cli('ACL', 'SETUSER', name, ...words.filter((word) => word !== '+ping'))
  await writeRules(redis, TRAFFIC_RULES)
  await using traffic = await startTraffic(`port=${redis.port}\n${loginOf({ name, password, words })}`)
  await traffic.assertFlows()
  await traffic.haraka.waitForLog(/WARN.*does not permit this user to ask for a sign of life \(\+ping\)/)
  const before = await connectionsOf([redis], name)
  await pause(REST)
  assert.deepEqual(await connectionsOf([redis], name), before)
  await redis.cli('ACL', 'SETUSER', name, 'reset', ...fewer)
  const status = JSON.parse(await traffic.command(['status', '--json'])) as { warnings: string[] }
  assert.ok(status.warnings.some((sentence) => sentence.includes('(+ping)')))
  assert.ok(status.warnings.some((sentence) => sentence.includes('it lacks +client|tracking')))
  await redis.cli('ACL', 'SETUSER', name, '-scan')
  await assert.rejects(traffic.command(['status']), /it lacks \+scan[^]*\(\+ping\)[^]*\+client\|tracking/)
  await traffic.stop()
  traffic.assertOneOutcomeEach()
})

it('Haraka and the command work with the users of Redis that the documents recommend, and Haraka changes nothing', async () => {
  await using redis = await startRedis({ credentials: { password: 'of the operator' } })
  const [haraka, admin] = [readmeUser('haraka', ['deliveries']), readmeUser('rules-admin')]
  for (const { name, words } of [haraka, admin]) await redis.cli('ACL', 'SETUSER', name, ...words)
  await writeRules(redis, TRAFFIC_RULES)
  await redis.cli('ACL', 'SETUSER', 'default', 'resetpass', '>of the operator')

  const login = `username=${haraka.name}\npassword=${haraka.password}\n`
  await using traffic = await startTraffic(`port=${redis.port}\n${login}`)
  await traffic.assertFlows()
  await assert.rejects(
    traffic.command(['domain', 'enable', 'other.example']),
    /does not permit that to this user: NOPERM .*check the ACL of the user/,
  )
  const where = ['--redis', `redis://${admin.name}:${admin.password}@127.0.0.1:${redis.port}`]
  await traffic.assertFloristForbidden(where)
  await traffic.command(['domain', 'enable', 'other.example'], where)
  assert.match(await traffic.command(['rule', 'list', 'acme.example'], where), /Flowers/)
  assert.match(await traffic.command(['history'], where), /Flowers/)
  assert.match(await traffic.command(['status'], where), /Redis \d/)
  assert.match(await traffic.command(['export'], where), /florist\.example/)
  await traffic.stop()
  traffic.assertOneOutcomeEach()
})

it('a Redis that may not tell of changes is asked again and again, and one line of the log says why', async () => {
  await using redis = await startRedis()
  const { name, password, words } = readmeUser('haraka', ['deliveries', 'waiting'])
  const fewer = words.filter((word) => word !== '+client|tracking')
  await redis.cli('ACL', 'SETUSER', name, ...fewer)
  await writeRules(redis, TRAFFIC_RULES)
  await using traffic = await startTraffic(`port=${redis.port}\nusername=${name}\npassword=${password}\n`)
  await traffic.assertFlows()
  await traffic.assertFloristForbidden(['--redis', redis.url], 30_000)
  await traffic.stop()
  traffic.assertOneOutcomeEach()
  const lines = traffic.haraka.log.match(/.*does not permit that to this user: NOPERM .*/g) ?? []
  assert.equal(lines.length, 1, lines.join('\n'))
})

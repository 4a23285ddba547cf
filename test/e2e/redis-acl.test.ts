import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readmeUser } from '../support/readme-acl.js'
import { startRedis } from '../support/redis-server.js'
import { startTraffic, writeTrafficRules } from '../support/redis-traffic.js'

it('Haraka and the command work with the users of Redis that the README recommends, and Haraka changes nothing', async () => {
  await using redis = await startRedis({ credentials: { password: 'of the operator' } })
  const [haraka, admin] = [readmeUser('haraka'), readmeUser('rules-admin')]
  for (const { name, words } of [haraka, admin]) await redis.cli('ACL', 'SETUSER', name, ...words)
  await writeTrafficRules((key, field, value) => redis.cli('HSET', key, field, value))
  await redis.cli('ACL', 'SETUSER', 'default', 'resetpass', '>of the operator')

  const login = `username=${haraka.name}\npassword=${haraka.password}\n`
  await using traffic = await startTraffic(`port=${redis.port}\n${login}`)
  await traffic.flows()
  await assert.rejects(
    traffic.command(['domain', 'enable', 'other.example']),
    /does not permit that to this user: NOPERM .*check the ACL of the user/,
  )
  const where = ['--redis', `redis://${admin.name}:${admin.password}@127.0.0.1:${redis.port}`]
  await traffic.forbidFlorist(where)
  await traffic.command(['domain', 'enable', 'other.example'], where)
  assert.match(await traffic.command(['rule', 'list', 'acme.example'], where), /Flowers/)
  assert.match(await traffic.command(['history'], where), /Flowers/)
  assert.match(await traffic.command(['status'], where), /Redis \d/)
  assert.match(await traffic.command(['export'], where), /florist\.example/)
  await traffic.stop()
})

/** Writes entries of rules, groups and services straight into Redis, and switches them all the time. */
import {
  costlyRule,
  LEGAL_DOMAIN,
  FUZZ_DOMAINS,
  FUZZ_GROUPS,
  randomEntry,
  randomGroup,
  randomOwner,
  randomService,
} from './entries.js'
import type { Hostile } from './hostile.js'
import { again, pause, type Stage } from './stage.js'

const PREFIX = 'enforce-tls:'
/** Rules of one owner that are there at most: this is about what is in them. */
const RULES = 6

export async function fuzzRules(stage: Stage, hostile: Hostile): Promise<void> {
  const { redis, ledger } = stage
  const write = async (key: string, field: string, value: string): Promise<void> => {
    ledger.note('rules', [key, field, value])
    await redis.hset(PREFIX + key, field, value)
  }
  const remove = async (key: string, field: string): Promise<void> => {
    ledger.note('rules', ['HDEL', key, field])
    await redis.hdel(PREFIX + key, field)
  }
  const id = () => (hostile.once(30) ? hostile.text() : `r${hostile.between(0, RULES)}`)
  await write('domains', LEGAL_DOMAIN, '{"enabled":true}')
  await again(stage, async () => {
    await hostile.one(
      () =>
        write(`rules:${LEGAL_DOMAIN}`, `r${hostile.between(0, RULES)}`, JSON.stringify(costlyRule(hostile))),
      () => write(`rules:${randomOwner(hostile)}`, id(), randomEntry(hostile)),
      () => write(`rules:${randomOwner(hostile)}`, id(), randomEntry(hostile)),
      () => write('groups', hostile.pick(FUZZ_GROUPS), randomGroup(hostile)),
      () => write('domains', hostile.pick(FUZZ_DOMAINS), randomService(hostile)),
      () => write('domains', hostile.pick(FUZZ_DOMAINS), '{"enabled":true}'),
      () => remove(`rules:${randomOwner(hostile)}`, id()),
      () => remove('groups', hostile.pick(FUZZ_GROUPS)),
      async () => {
        const owner = randomOwner(hostile)
        ledger.note('rules', ['DEL', owner])
        await redis.del(`${PREFIX}rules:${owner}`)
      },
      async () => {
        // A key of another type than the one that is expected.
        const owner = randomOwner(hostile)
        ledger.note('rules', ['SET', owner])
        await redis.del(`${PREFIX}rules:${owner}`)
        await redis.set(`${PREFIX}rules:${owner}`, hostile.text())
        await pause(200)
        await redis.del(`${PREFIX}rules:${owner}`)
      },
    )
    await pause(hostile.between(0, 300))
  })
}

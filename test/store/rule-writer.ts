/**
 * A process of its own that writes rules, for tests of several writers at once: takes an owner, the ids to
 * create, and a rule store as settings in JSON. Ends with an error when one can't be created.
 */
import type { Settings } from '../../plugins/enforce-tls/settings/types.js'
import { openStore } from '../../plugins/enforce-tls/store/open-store.js'
import { runToEnd } from '../support/watched-process.js'
import { storedRule } from '../support/rules.js'
import { create } from './rule-store-contract.js'

type Where = Pick<Settings, 'store' | 'redis'>

/** Creates rules from several processes at the same time. */
export async function createFromProcesses(
  owner: string,
  where: Where,
  idsOfEach: readonly string[][],
): Promise<void> {
  await Promise.all(
    idsOfEach.map((ids) =>
      runToEnd(process.execPath, [__filename, owner, ids.join(','), JSON.stringify(where)]),
    ),
  )
}

async function main(owner = '', ids = '', where = ''): Promise<void> {
  const store = openStore(JSON.parse(where) as Where)
  await Promise.all(
    ids
      .split(',')
      .map((id) =>
        store.writeRules(owner, [create(id, JSON.stringify(storedRule({ name: id, to: ['bank.example'] })))]),
      ),
  )
  await store.close()
}

if (require.main === module) void main(...process.argv.slice(2))

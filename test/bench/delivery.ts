/**
 * Part b of the bench: what a delivery costs, in CPU time and messages a second, without the plugin, with it,
 * and in Postfix. In each scene all servers run at once and have their turns in every round, so that a slow moment
 * of the machine meets all of them.
 */
import { makeAuthority } from '../support/certificates.js'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { Receiver, Sender } from './delivery/helper-process.js'
import { QUICK, SCENES, type Scene } from './delivery/scenes.js'
import { SETUPS, type Setup } from './delivery/setups.js'
import { compared, figures } from './delivery/tables.js'
import { turn, type Ends, type Running, type Turn } from './delivery/turn.js'

export const delivery: BenchPart = { id: 'b', title: 'Deliveries: CPU time and messages a second', run }

async function run({ quick, scenes, progress }: BenchRun): Promise<readonly BenchTable[]> {
  const wanted = SCENES.filter(({ id }) => scenes === undefined || scenes.includes(id))
  const planned = wanted.map((scene) => ({ scene, ...serversOf(scene), ...(quick ? QUICK : scene.full) }))
  progress.start(planned.reduce((sum, { possible, rounds }) => sum + possible.length * (rounds + 1), 0))
  const authority = await makeAuthority('Bench CA')
  await using receiver = new Receiver()
  await using sender = new Sender()
  const port = await receiver.listen(await authority.issue({ dnsNames: ['mx.bench.example'] }))
  const tables: BenchTable[] = []
  for (const plan of planned) {
    const servers: (Running & { turns: Turn[] })[] = []
    const load = { ...plan.scene, messages: plan.messages }
    const ends: Ends = { receiver, sender }
    const step = (what: string): void => progress.step(`${plan.scene.id}, ${what}`)
    try {
      for (const setup of plan.possible) {
        const server = { setup, relay: await setup.start({ ...plan.scene, port }), turns: [] }
        servers.push(server)
        if (plan.warmUp > 0) await turn(server, ends, { ...load, messages: plan.warmUp })
        step(`warm-up: ${setup.title}`)
      }
      for (let round = 0; round < plan.rounds; round++) {
        // Each round begins with another one.
        const begin = round % servers.length
        for (const server of [...servers.slice(begin), ...servers.slice(0, begin)]) {
          server.turns.push(await turn(server, ends, load))
          step(`round ${round + 1}: ${server.setup.title}`)
        }
      }
    } finally {
      for (const { relay } of servers) await relay.close()
    }
    tables.push(figures(plan.scene, servers, plan), compared(plan.scene, servers, quick))
  }
  return tables
}

/** Which servers of a scene can be had here, and why others can't. */
function serversOf(scene: Scene): { possible: Setup[]; missing: string[] } {
  const setups = SETUPS.filter(({ id }) => scene.servers.includes(id))
  const possible = setups.filter((setup) => setup.impossible() === false)
  const missing = setups.flatMap((setup) => {
    const why = setup.impossible()
    return why === false ? [] : [`${setup.title}: ${why}`]
  })
  return { possible, missing }
}

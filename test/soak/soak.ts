/** `npm run soak`: a long soak with a progress bar; exits 1 when a message was lost, or left in the clear. */
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { seededRandom } from '../support/seeded-random.js'
import { runSoak } from './run-soak.js'
import { closingLine } from './tally.js'
import { errorMessage } from '../../plugins/enforce-tls/text/error-message.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '20000' },
      kills: { type: 'string', default: '20' },
      seed: { type: 'string' },
    },
  })
  const messages = Number(values.messages)
  const random = seededRandom(values.seed === undefined ? undefined : Number(values.seed))
  console.error(`seed ${random.seed}`)
  const bar = new SingleBar({
    format: '{what} [{bar}] {percentage}% {value}/{total}, {duration_formatted}',
    noTTYOutput: false,
  })
  bar.start(messages, 0, { what: 'starting' })
  const figures = await runSoak({
    messages,
    kills: Number(values.kills),
    random,
    patience: 15 * 60_000,
    onProgress: (done, what) => bar.update(done, { what }),
  }).finally(() => bar.stop())
  console.log(closingLine(figures))
  process.exitCode = figures.lost > 0 || figures.clearAgainstRule > 0 ? 1 : 0
}

main().catch((error: unknown) => {
  console.error(`The soak failed: ${errorMessage(error)}`)
  process.exitCode = 1
})

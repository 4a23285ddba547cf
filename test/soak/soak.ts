/**
 * `npm run soak`: a long soak with a progress bar; exits 1 when a message was lost, left in the clear, or left without the
 * REQUIRETLS that it asked for. With
 * `--partners` one of many partners, which exits 1 when memory, sockets or timers have leaked.
 */
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { seededRandom } from '../support/seeded-random.js'
import { partnersLeaks, partnersReport } from './partners-report.js'
import { runPartners } from './run-partners.js'
import { runSoak } from './run-soak.js'
import { closingLine } from './tally.js'
import { errorMessage } from '../../plugins/enforce-tls/text/error-message.js'

const MESSAGES = 20_000
/** Of many partners: each has two messages in each of five rounds. */
const PARTNER_MESSAGES = 100_000
const ROUNDS = 5
const VISITS = 2

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string' },
      kills: { type: 'string', default: '20' },
      seed: { type: 'string' },
      partners: { type: 'boolean', default: false },
    },
  })
  if (values.partners) return manyPartners(Number(values.messages ?? PARTNER_MESSAGES))
  const messages = Number(values.messages ?? MESSAGES)
  const random = seededRandom(values.seed === undefined ? undefined : Number(values.seed))
  console.error(`seed ${random.seed}`)
  const bar = startBar(messages)
  const figures = await runSoak({
    messages,
    kills: Number(values.kills),
    random,
    patience: 15 * 60_000,
    onProgress: (done, what) => bar.update(done, { what }),
  }).finally(() => bar.stop())
  console.log(closingLine(figures))
  process.exitCode = figures.lost + figures.clearAgainstRule + figures.againstRequireTls > 0 ? 1 : 0
}

async function manyPartners(messages: number): Promise<void> {
  const partners = Math.ceil(messages / (ROUNDS * VISITS))
  const bar = startBar(partners * ROUNDS * VISITS)
  const figures = await runPartners({
    partners,
    rounds: ROUNDS,
    visits: VISITS,
    onProgress: (done) => bar.update(done, { what: 'delivering' }),
  }).finally(() => bar.stop())
  const found = partnersLeaks(figures)
  console.log(partnersReport(figures))
  console.log(`${partners} partners: ${found.length > 0 ? found.join(', ') : 'nothing has leaked'}`)
  process.exitCode = found.length > 0 ? 1 : 0
}

function startBar(steps: number): SingleBar {
  const bar = new SingleBar({
    format: '{what} [{bar}] {percentage}% {value}/{total}, {duration_formatted}',
    noTTYOutput: false,
  })
  bar.start(steps, 0, { what: 'starting' })
  return bar
}

main().catch((error: unknown) => {
  console.error(`The soak failed: ${errorMessage(error)}`)
  process.exitCode = 1
})

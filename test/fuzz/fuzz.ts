/** `npm run fuzz`: a long fuzz of the built product; exits 1 when something does not hold that must. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runFuzz } from './run-fuzz.js'
import { summary } from './summary.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
    },
  })
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  console.log(`seed ${seed}`)
  const result = await runFuzz({
    seed,
    milliseconds: Number(values.minutes) * 60_000,
    say: (line) => console.log(line),
    ...(values.only && { only: values.only }),
  })
  console.log(summary(result))
  console.log(`seed ${seed}`)
  process.exitCode = result.ledger.violations.length > 0 ? 1 : 0
}

main().catch((error: unknown) => {
  console.error('The fuzz failed:', error)
  process.exitCode = 1
})

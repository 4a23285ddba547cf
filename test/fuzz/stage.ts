/** What all sources of a fuzz work on, and the loop that each of them is. */
import type { Redis } from 'ioredis'
import type { Haraka } from '../support/haraka.js'
import type { Ledger } from './ledger.js'

export interface Stage {
  readonly haraka: Haraka
  readonly redis: Redis
  readonly httpPort: number
  readonly ledger: Ledger
  /** Secret texts of tokens by role. */
  readonly tokens: { readonly admin: string; readonly viewer: string }
  readonly end: number
}

/** Does something again and again until the end; what it throws is no finding unless it says so itself. */
export async function again(stage: Stage, step: () => Promise<void>): Promise<void> {
  let failed = 0
  while (Date.now() < stage.end && stage.haraka.exitCode === undefined) {
    try {
      await step()
      failed = 0
    } catch (error) {
      // A source that can do nothing any more would look as if all were well.
      if (++failed > 100)
        stage.ledger.violated(`a source does not get on: ${String(error)}`, { kind: 'stuck' })
      await pause(100)
    }
  }
}

export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}

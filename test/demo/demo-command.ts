/** Runs the real `enforce-tls` command, and shows what was typed and what it said. */
import path from 'node:path'
import { repositoryRoot } from '../support/repository.js'
import { runToEnd } from '../support/watched-process.js'
import { say } from './demo-transcript.js'

const MAIN = path.join(repositoryRoot(), 'dist/plugins/enforce-tls/cli/main.js')

/**
 * Runs one command on a store.
 *
 * @param storeOption such as `['--redis', 'redis://127.0.0.1:6379']`; left out of the transcript
 * @returns what it printed; rejects when it did not exit with 0.
 */
export async function enforceTls(storeOption: readonly string[], words: readonly string[]): Promise<string> {
  const shown = words
    .map((word) => (/\s/.test(word) ? `"${word}"` : word))
    // The demo's partners are in no DNS.
    .filter((word) => word !== '--json' && word !== '--no-check')
  say(`  $ enforce-tls ${shown.join(' ')}`)
  const output = await runToEnd(process.execPath, [MAIN, ...words, ...storeOption])
  if (!words.includes('--json'))
    say(
      ...output
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line}`),
    )
  return output
}

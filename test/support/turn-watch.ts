/** Measures the longest turn of the event loop of child processes: how long one of them lets all others wait. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TemporaryFolder } from './temporary-folder.js'

export class TurnWatch implements Disposable {
  readonly #folder = new TemporaryFolder('turns')
  readonly #file = join(this.#folder.path, 'turns')

  constructor() {
    this.reset()
  }

  /** What the processes to be watched need in their environment; they may be several. */
  get env(): NodeJS.ProcessEnv {
    const options = [process.env['NODE_OPTIONS'], `--require ${join(__dirname, 'turn-watch-child.js')}`]
    return { NODE_OPTIONS: options.filter(Boolean).join(' '), TEST_TURNS_FILE: this.#file }
  }

  /** Forgets what was noted so far, such as a start. */
  reset(): void {
    writeFileSync(this.#file, '')
  }

  /** The longest turn since then, in ms; 0 where all were short. */
  longest(): number {
    const turns = readFileSync(this.#file, 'utf8').matchAll(/^\d+ ([\d.]+)$/gm)
    return Math.max(0, ...[...turns].map(([, turn]) => Number(turn)))
  }

  [Symbol.dispose](): void {
    this.#folder.close()
  }
}

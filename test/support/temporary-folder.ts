/**
 * A folder of its own under the system's temporary folder, removed by `close()` or, failing that, when the
 * test process ends; removing it twice is harmless.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.js'

export class TemporaryFolder implements AsyncDisposable {
  readonly path: string
  readonly #forget: () => void

  constructor(purpose: string) {
    this.path = mkdtempSync(join(tmpdir(), `enforce-tls-${purpose}-`))
    this.#forget = atExit(() => this.#remove())
  }

  close(): void {
    this.#forget()
    this.#remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

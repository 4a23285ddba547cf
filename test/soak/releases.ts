/**
 * An administrator of a soak: now and then one message that waits is released, one given up and one retried by the
 * command, whatever Haraka does just then. Every message that a release was ordered for is known by its recipient.
 */
import { enforceTls } from '../cli/enforce-tls.js'
import type { Listed } from '../support/waiting-scene.js'

/** What was ordered. */
export class Releases {
  readonly #folder: string
  readonly #domain: string
  /** Recipients of messages that were to be released; whether they were may be unknown. */
  readonly ordered = new Set<string>()

  /** @param domain whose mail waits */
  constructor(folder: string, domain: string) {
    this.#folder = folder
    this.#domain = domain
  }

  /** Orders a few things. What the command can't do while Haraka is down it does not do. */
  async order(): Promise<void> {
    const listed = await this.#queue('list', '--json', '--partner', this.#domain, '--limit', '3')
    if (listed.code !== 0) return
    const { messages } = JSON.parse(listed.stdout) as Listed
    const [, retried, failed] = messages
    const why = ['--reason', 'soak', '--yes']
    for (const { id, recipients } of messages) {
      for (const each of recipients) this.ordered.add(each)
      // One whose sender asks for REQUIRETLS is not released.
      if ((await this.#queue('release', id, ...why)).code === 0) break
    }
    if (failed) await this.#queue('fail', failed.id, ...why)
    if (retried) await this.#queue('retry', retried.id)
  }

  #queue(...args: readonly string[]): ReturnType<typeof enforceTls> {
    return enforceTls(['queue', ...args, '--config', this.#folder])
  }
}

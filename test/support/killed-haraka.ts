/** A Haraka that is killed now and then, and a client that comes back while nobody listens. */
import type { Haraka } from './haraka.js'
import type { Submission } from './submission.js'

export class KilledHaraka {
  readonly haraka: Haraka
  #up = Promise.resolve()

  constructor(haraka: Haraka) {
    this.haraka = haraka
  }

  /** Ends all of its processes without warning, and starts it again on the same queue. */
  async kill(): Promise<void> {
    let isUp = (): void => undefined
    this.#up = new Promise((resolve) => (isUp = resolve))
    await this.haraka.kill9()
    await this.haraka.start()
    isUp()
  }

  /** Submits a message; true when Haraka took it, false when nobody knows because its answer was lost. */
  async submit(submission: Submission): Promise<boolean> {
    for (;;) {
      await this.#up
      const taken = await this.haraka.send(submission).then(
        ({ code }) => code === 250,
        (error: unknown) => (/ECONNREFUSED/.test(String(error)) ? null : false),
      )
      if (taken !== null) return taken
    }
  }
}

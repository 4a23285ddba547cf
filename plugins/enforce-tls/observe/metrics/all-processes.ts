/**
 * One answer for all processes of a Haraka. With `nodes=` of smtp.ini every worker has its own counts and a scrape
 * reaches any one of them, so the worker that is asked asks the master, which asks all workers and adds up.
 *
 * prom-client brings the adding up; its own way of asking is not used, because there all plugins of a process that
 * count with prom-client would answer one another's questions. A worker that ends takes no counts with it: the
 * master keeps what it last reported, so that sums never fall. Where a worker does not answer, there is no sum.
 */
import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry, Registry } from 'prom-client'
import { errorMessage } from '../../text/error-message.js'

type Counts = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The messages between a worker and the master. */
interface Message {
  readonly enforceTls: 'ready' | 'sum-wanted' | 'sum' | 'counts-wanted' | 'counts'
  readonly id: number
  readonly counts?: Counts
  readonly text?: string
  readonly problem?: string
}

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** How long a worker has for its counts, and the master for the sum, in milliseconds. */
const WORKER_TIME = 3000
const MASTER_TIME = 5000

/** Gives the text of a scrape, for all processes. */
export class AllProcesses {
  readonly #own: Registry
  readonly #sums = new Requests<string>('the master process', MASTER_TIME)
  readonly #master = cluster.isPrimary ? new Master() : null

  /** @param own of this process */
  constructor(own: Registry) {
    this.#own = own
    if (!cluster.isWorker) return
    process.on('message', (message: unknown) => this.#onMessage(message))
    send(process, { enforceTls: 'ready', id: 0 })
  }

  /**
   * The metrics of all processes in the text format of Prometheus.
   *
   * @throws when a process does not answer in time.
   */
  text(): Promise<string> {
    if (this.#master) return this.#own.metrics()
    return this.#sums.ask((id) => send(process, { enforceTls: 'sum-wanted', id }))
  }

  #onMessage(message: unknown): void {
    if (!isOurs(message)) return
    const { enforceTls, id, text, problem } = message
    if (enforceTls === 'sum') this.#sums.answer(id, text ?? new Error(problem))
    else if (enforceTls === 'counts-wanted')
      this.#own.getMetricsAsJSON().then(
        (counts) => send(process, { enforceTls: 'counts', id, counts }),
        (error: unknown) => send(process, { enforceTls: 'counts', id, problem: String(error) }),
      )
  }
}

/** The master's part. */
class Master {
  /** What each worker last reported. */
  readonly #reported = new Map<Worker, Counts>()
  readonly #requests = new Requests<Counts>('a worker process', WORKER_TIME)
  /** Of workers that have ended. */
  #ended: Counts = []

  constructor() {
    cluster.on('message', (worker, message: unknown) => this.#onMessage(worker, message))
    // Not `exit`: Haraka takes all listeners of that away.
    cluster.on('disconnect', (worker) => void this.#onEnd(worker))
  }

  #onMessage(worker: Worker, message: unknown): void {
    if (!isOurs(message)) return
    const { enforceTls, id, counts, problem } = message
    if (enforceTls === 'ready') this.#reported.set(worker, [])
    else if (enforceTls === 'counts') {
      if (counts && this.#reported.has(worker)) this.#reported.set(worker, counts)
      this.#requests.answer(id, counts ?? new Error(problem))
    } else if (enforceTls === 'sum-wanted')
      this.#sum().then(
        (text) => send(worker, { enforceTls: 'sum', id, text }),
        (error: unknown) => send(worker, { enforceTls: 'sum', id, problem: errorMessage(error) }),
      )
  }

  async #sum(): Promise<string> {
    const asked = [...this.#reported.keys()].map(async (worker) => {
      try {
        await this.#requests.ask((id) => send(worker, { enforceTls: 'counts-wanted', id }))
      } catch (error) {
        // One that has ended meanwhile is in the sum with what it last reported.
        if (this.#reported.has(worker)) throw error
      }
    })
    await Promise.all(asked)
    return await AggregatorRegistry.aggregate([...this.#reported.values(), this.#ended]).metrics()
  }

  async #onEnd(worker: Worker): Promise<void> {
    const last = this.#reported.get(worker)
    this.#reported.delete(worker)
    if (!last) return
    // What is so now, as gauges say, has ended with it.
    const lasting = last.filter(({ type }) => String(type) !== 'gauge')
    this.#ended = await AggregatorRegistry.aggregate([this.#ended, lasting]).getMetricsAsJSON()
  }
}

/** Requests under way to another process. */
class Requests<T> {
  readonly #whom: string
  readonly #time: number
  readonly #waiting = new Map<number, Waiting<T>>()
  #last = 0

  constructor(whom: string, time: number) {
    this.#whom = whom
    this.#time = time
  }

  async ask(put: (id: number) => void): Promise<T> {
    const id = ++this.#last
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        const late = (): void =>
          reject(new Error(`${this.#whom} did not report its counts within ${this.#time} ms`))
        timer = setTimeout(late, this.#time)
        put(id)
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  answer(id: number, answer: T | Error): void {
    if (answer instanceof Error) this.#waiting.get(id)?.reject(answer)
    else this.#waiting.get(id)?.resolve(answer)
  }
}

/** To a process that ends, a message is lost: whoever waits for the answer gives up in time. */
function send(to: Pick<NodeJS.Process, 'send'> | Worker, message: Message): void {
  const lost = (): void => undefined
  try {
    ;(to as Pick<NodeJS.Process, 'send'>).send?.(message, undefined, undefined, lost)
  } catch {
    lost()
  }
}

function isOurs(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'enforceTls' in message
}

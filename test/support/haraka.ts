/**
 * A real Haraka, run as an operator runs it, in a temporary folder, with handles for a test: send, look at
 * log and queue, change routes and config, stop, kill, restart. When Haraka ends unexpectedly every pending
 * wait fails with the tail of its log.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { HarakaFolder, type ConfigFiles, type HarakaFolderOptions, type Routes } from './haraka-folder.js'
import { installedPackage } from './installed-package.js'
import { harakaRoot } from './repository.js'
import { sendMail, type Submission, type SubmissionResult } from './submission.js'
import { until } from './until.js'
import { WatchedProcess, type WaitForLogOptions } from './watched-process.js'

const START_TIMEOUT_MS = 30_000
const READY = /^test-ready (master|child) (\d+)$/gm

export interface HarakaOptions extends HarakaFolderOptions {
  /** Further environment variables. */
  readonly env?: NodeJS.ProcessEnv
  /** Whether the package is installed without its optional dependencies. @default false */
  readonly omitOptional?: boolean
}

/** Resolves when Haraka listens, has run its start-up hooks in all of its processes, and knows its queue. */
export async function startHaraka(options: HarakaOptions = {}): Promise<Haraka> {
  const haraka = await makeHaraka(options)
  try {
    await haraka.start()
  } catch (error) {
    await haraka.close()
    throw error
  }
  return haraka
}

/** For a Haraka that must refuse to start: gives exit code and log, and rejects if it starts after all. */
export async function startHarakaInVain(
  options: HarakaOptions = {},
): Promise<{ exitCode: number; log: string }> {
  const haraka = await makeHaraka(options)
  try {
    const started = await haraka.start().then(
      () => true,
      () => false,
    )
    if (started) throw new Error(`Haraka started, but should have refused to:\n${haraka.log}`)
    return { exitCode: await haraka.expectExit(), log: haraka.log }
  } finally {
    await haraka.close()
  }
}

async function makeHaraka(options: HarakaOptions): Promise<Haraka> {
  const wanted = options.plugins?.includes('enforce-tls') ?? options.enforceTls ?? true
  const omit = options.omitOptional ? 'optional' : 'nothing'
  const nodeModules = wanted ? (await installedPackage(undefined, omit)).nodeModules : undefined
  return new Haraka(options, nodeModules)
}

export class Haraka implements AsyncDisposable {
  readonly #options: HarakaOptions
  readonly #folder: HarakaFolder
  #process: WatchedProcess | undefined
  #earlierLog = ''
  #port = 0

  /** Not running yet: use `startHaraka`. */
  constructor(options: HarakaOptions, nodeModules: string | undefined) {
    this.#options = options
    this.#folder = new HarakaFolder(options)
    if (nodeModules !== undefined) this.#folder.usePackage(nodeModules)
  }

  get folder(): string {
    return this.#folder.path
  }

  get port(): number {
    return this.#port
  }

  /** Everything that was logged, over restarts. */
  get log(): string {
    return this.#earlierLog + (this.#process?.log ?? '')
  }

  /** Undefined while Haraka runs. */
  get exitCode(): number | undefined {
    return this.#running.exitCode
  }

  /** Process ids: of the only process, or of the master and its workers. */
  get pids(): { master: number; workers: number[] } {
    const ready = [...this.#running.log.matchAll(READY)]
    return {
      master: this.#running.pid,
      workers: ready.filter(([, role]) => role === 'child').map(([, , pid]) => Number(pid)),
    }
  }

  async start(): Promise<void> {
    this.#earlierLog = this.log
    const haraka = new WatchedProcess({
      name: 'Haraka',
      command: process.execPath,
      args: [join(harakaRoot(), 'bin', 'haraka'), '-c', this.folder],
      cwd: this.folder,
      env: { ...productionEnvironment(), ...this.#options.env },
    })
    this.#process = haraka
    const { nodes = 0 } = this.#options
    const listening = await haraka.waitForLog(/Listening on \S+:(\d+)/, { timeout: START_TIMEOUT_MS })
    this.#port = Number(listening[1])
    const ready = `(?:^test-ready ${nodes > 0 ? 'child' : 'master'} \\d+$[^]*){${Math.max(1, nodes)}}`
    await haraka.waitForLog(new RegExp(ready, 'm'), { timeout: START_TIMEOUT_MS })
    if (nodes === 0) await haraka.waitForLog(/files in my temp fail queue/, { timeout: START_TIMEOUT_MS })
  }

  /** Position in the log from which `waitForLog({ after })` looks for what is yet to come. */
  mark(): number {
    return this.log.length
  }

  /** Waits for a line of the log, of the present run unless `after` is older; rejects when Haraka ends first. */
  async waitForLog(pattern: RegExp, { after, timeout }: WaitForLogOptions = {}): Promise<RegExpExecArray> {
    return await this.#running.waitForLog(pattern, {
      after: Math.max(0, (after ?? 0) - this.#earlierLog.length),
      ...(timeout !== undefined && { timeout }),
    })
  }

  /** Submits a message; a refusal is a result, not an error. */
  async send(submission: Submission): Promise<SubmissionResult> {
    return await sendMail(this.#port, submission)
  }

  /** Names in the queue folder, without files that are still being written; `error.*` included. */
  queueFiles(): string[] {
    return readdirSync(this.#folder.queue).filter(
      (name) => !name.startsWith('.') && !name.startsWith('__tmp__'),
    )
  }

  async waitForEmptyQueue(timeout = 15_000): Promise<void> {
    await this.#until(
      () => this.queueFiles().length === 0,
      timeout,
      () => `an empty queue, not ${this.queueFiles().join(', ')}`,
    )
  }

  async waitForQueue(length: number, timeout = 15_000): Promise<void> {
    await this.#until(
      () => this.queueFiles().length === length,
      timeout,
      () => `${length} queue files, not ${this.queueFiles().join(', ')}`,
    )
  }

  /** Tries deferred mail again at once, as an operator does with SIGHUP. */
  flushQueue(): void {
    this.#running.signal('SIGHUP')
  }

  /** Does so again and again until something has come of it: a flush misses what is not in the queue yet. */
  async flushUntil(condition: () => boolean, what: string): Promise<void> {
    const met = async (): Promise<boolean> => {
      this.flushQueue()
      await pause(500)
      return condition()
    }
    await this.until(met, what, 30_000)
  }

  setRoutes(routes: Routes): void {
    this.#folder.setRoutes(routes)
  }

  /** Haraka notices the change of a file that it watches by itself. */
  writeConfig(files: ConfigFiles): void {
    this.#folder.writeConfig(files)
  }

  /** Ends all of its processes without warning. */
  async kill9(): Promise<void> {
    await this.#running.kill()
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGINT')
  }

  /** Stops what still runs and starts again in the same folder, on another port. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Waits for Haraka to end by itself. */
  async expectExit(timeout?: number): Promise<number> {
    return await this.#running.expectExit(timeout)
  }

  /** Waits for a condition of the test's own, as long as Haraka lives. */
  async until(condition: () => boolean | Promise<boolean>, what: string, timeout = 15_000): Promise<void> {
    await this.#until(condition, timeout, () => what)
  }

  async close(): Promise<void> {
    await this.stop()
    this.#folder.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #running(): WatchedProcess {
    if (!this.#process) throw new Error('Haraka has not been started')
    return this.#process
  }

  async #until(
    condition: () => boolean | Promise<boolean>,
    timeout: number,
    what: () => string,
  ): Promise<void> {
    const tail = (): string => this.#running.tail()
    const alive = async (): Promise<boolean> => {
      if (await condition()) return true
      if (this.exitCode === undefined) return false
      throw new Error(`Haraka ended with exit code ${this.exitCode} while waiting for ${what()}\n${tail()}`)
    }
    await until(alive, { timeout, what: () => `${what()}; Haraka's log ends with\n${tail()}` })
  }
}

/** Without what tells Haraka and its libraries that they are being tested: some behave differently then. */
function productionEnvironment(): NodeJS.ProcessEnv {
  const testing = ['NODE_ENV', 'NODE_TEST_CONTEXT', 'HARAKA', 'HARAKA_TEST_DIR']
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !testing.includes(name)))
}

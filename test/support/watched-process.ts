/**
 * A child process in a process group of its own, with everything it says kept as one log; waits on the log
 * fail with the log's tail when the process ends first, and nothing of the group outlives the test process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { atExit } from './at-exit.js'
import { until } from './until.js'

const TAIL_CHARACTERS = 4000

export interface WatchedProcessOptions {
  /** What the process is, for messages: `Haraka`, `redis-server`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export interface WaitForLogOptions {
  /** Looks only behind this position of the log. @default 0 */
  readonly after?: number
  /** Milliseconds. @default 15000 */
  readonly timeout?: number
}

export class WatchedProcess {
  readonly name: string
  readonly exited: Promise<number>
  readonly #child: ChildProcess
  #log = ''
  #exitCode: number | undefined
  #spawnError: Error | undefined

  constructor({ name, command, args, cwd, env }: WatchedProcessOptions) {
    this.name = name
    this.#child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const forget = atExit(() => this.#signalGroup('SIGKILL'))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    }
    this.exited = new Promise((resolve) => {
      const ended = (code: number): void => {
        this.#exitCode ??= code
        forget()
        resolve(this.#exitCode)
      }
      this.#child.once('error', (error) => {
        this.#spawnError = error
        ended(-1)
      })
      this.#child.once('close', (code, signal) => ended(code ?? (signal === 'SIGKILL' ? 137 : 128)))
    })
  }

  /** Everything the process has said so far, on stdout and stderr. */
  get log(): string {
    return this.#log
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start: ${this.#endedBecause()}`)
    return this.#child.pid
  }

  /** The exit code, 137 after SIGKILL, 128 after another signal, -1 if it could not be started; undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  async waitForLog(
    pattern: RegExp,
    { after = 0, timeout = 15_000 }: WaitForLogOptions = {},
  ): Promise<RegExpExecArray> {
    const find = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    return await until(
      () => {
        const match = find.exec(this.#log.slice(after))
        if (match === null && this.#exitCode !== undefined) {
          throw new Error(
            `${this.name} ended before its log said ${String(pattern)}: ${this.#endedBecause()}\n${this.tail()}`,
          )
        }
        return match
      },
      { timeout, what: () => `${this.name} to log ${String(pattern)}; its log ends with\n${this.tail()}` },
    )
  }

  /** Waits for the process to end by itself and gives its exit code. */
  async expectExit(timeout = 15_000): Promise<number> {
    await until(() => this.#exitCode !== undefined, {
      timeout,
      what: () => `${this.name} to exit; its log ends with\n${this.tail()}`,
    })
    return await this.exited
  }

  /** Sends a signal to the process itself, not to its children. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exitCode === undefined) process.kill(this.pid, signal)
  }

  /** Sends SIGKILL to the whole group and waits for the end. */
  async kill(): Promise<void> {
    this.#signalGroup('SIGKILL')
    await this.exited
  }

  /** Asks with `signal`, kills whatever of the group is left after `patience` milliseconds. */
  async stop(signal: NodeJS.Signals, patience = 5000): Promise<void> {
    this.signal(signal)
    const timer = setTimeout(() => this.#signalGroup('SIGKILL'), patience)
    await this.exited
    clearTimeout(timer)
    this.#signalGroup('SIGKILL')
  }

  tail(): string {
    return this.#log.slice(-TAIL_CHARACTERS)
  }

  #endedBecause(): string {
    return this.#spawnError?.message ?? `exit code ${String(this.#exitCode)}`
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/**
 * Runs a command to its end and gives its stdout; rejects with all it said when the exit code is not 0, or when it
 * goes on for longer than `timeout` milliseconds (default: no limit).
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with exit code ${String(code)}\n${stderr}${stdout}`)
  }
  return stdout
}

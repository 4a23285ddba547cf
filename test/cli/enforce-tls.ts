/**
 * Runs the compiled `enforce-tls` in this process, or as a user does; each command is run as a user does by one test at
 * least, since only that shows that it ends.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Terminal } from '../../plugins/enforce-tls/cli/output.js'
import type { OpenPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { run } from '../../plugins/enforce-tls/cli/program.js'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

// Each command reads the files of its folder as a process of its own would; Haraka's reader looks here at each reading.
process.env['WITHOUT_CONFIG_CACHE'] = '1'

const MAIN = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')

/** What became of one run. */
export interface Ran {
  /** `null` when it did not end within the time. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line; a run that takes longer than 20 s is killed. */
export function enforceTls(args: readonly string[], cwd?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd, timeout: 20_000, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end()
  })
}

/** What a test may give a fake terminal. */
export interface FakeTerminal {
  /** What its user types; without it, standard input is no terminal. */
  readonly answer?: string
  /** What a pipe gives it on standard input. */
  readonly input?: string
  /** Of standard output; without it, that is no terminal. */
  readonly columns?: number
  readonly env?: NodeJS.ProcessEnv
  /** @default every partner would get its mail, and no server is asked */
  readonly partners?: OpenPartners
  /** @default '/' */
  readonly cwd?: string
}

/** Runs a command line in this process. */
export async function inProcess(args: readonly string[], fake: FakeTerminal = {}): Promise<Ran> {
  const shown = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') =>
    Object.assign(
      new PassThrough(),
      fake.columns === undefined ? {} : { isTTY: true, columns: fake.columns },
    ).on('data', (chunk) => (shown[name] += String(chunk)))
  const stdin = Object.assign(new PassThrough(), fake.answer === undefined ? {} : { isTTY: true })
  stdin.end(fake.answer ?? fake.input)
  const [stdout, stderr] = [output('stdout'), output('stderr')]
  const terminal = {
    stdin,
    stdout,
    stderr,
    env: fake.env ?? {},
    cwd: () => fake.cwd ?? '/',
  } as unknown as Terminal
  const code = await run(args, terminal, fake.partners ?? everybodyDelivers)
  return { code, ...shown }
}

/** Asks nobody. */
const everybodyDelivers: OpenPartners = () =>
  Promise.resolve({
    check: ({ domain, recipient, requirement }) => {
      const { decidedBy, ...required } = requirement
      return Promise.resolve({
        domain,
        recipient: recipient ?? null,
        level: requirement.level,
        requirement: required,
        decidedBy,
        verdict: 'delivered',
        reason: `mx.${domain} fulfils the requirement`,
        hosts: [],
        dane: null,
        mtaSts: null,
        tlsReports: null,
        levels: [],
        remarks: [],
        checkedAt: new Date(0).toISOString(),
      })
    },
    checkGateway: () => Promise.resolve(null),
    close: () => undefined,
  })

/** A rules file that no test shares, and the command working on it. */
export class RulesFile {
  readonly #folder = new TemporaryFolder('cli')
  readonly file = path.join(this.#folder.path, 'rules.json')

  /**
   * A file for one test.
   *
   * @param domains whose service is enabled
   */
  static async create(t: TestContext, ...domains: readonly string[]): Promise<RulesFile> {
    const rulesFile = await RulesFile.open(...domains)
    t.after(() => rulesFile.close())
    return rulesFile
  }

  /** A file that several tests share; to be closed. */
  static async open(...domains: readonly string[]): Promise<RulesFile> {
    const rulesFile = new RulesFile()
    for (const domain of domains) await rulesFile.done('domain', 'enable', domain)
    return rulesFile
  }

  close(): void {
    this.#folder.close()
  }

  run(...args: readonly string[]): Promise<Ran> {
    return inProcess([...args, '--file', this.file])
  }

  /** Runs it as a process of its own, which must end by itself; takes many times as long. */
  runAlone(...args: readonly string[]): Promise<Ran> {
    return enforceTls([...args, '--file', this.file])
  }

  /** Runs a command that must succeed, and gives what it prints. */
  async done(...args: readonly string[]): Promise<string> {
    const ran = await inProcess([...args, '--file', this.file])
    if (ran.code !== 0)
      throw new Error(`enforce-tls ${args.join(' ')}: exit ${String(ran.code)}: ${ran.stderr}`)
    return ran.stdout
  }

  /** Runs a command that must succeed, and gives its data. */
  async data<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.done(...args, '--json')) as T
  }

  createRule(owner: string, name: string, ...options: readonly string[]): Promise<OwnedRule> {
    return this.data<OwnedRule>('rule', 'create', owner, name, ...options)
  }

  rules(owner: string): Promise<OwnedRule[]> {
    return this.data<OwnedRule[]>('rule', 'list', owner)
  }

  /** The file as it is; `null` where there is none. */
  content(): Promise<string | null> {
    return readFile(this.file, 'utf8').catch(() => null)
  }
}

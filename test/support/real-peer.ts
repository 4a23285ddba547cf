/**
 * A real mail server as an MX host on a free port of 127.0.0.1: started in the foreground in a temporary
 * folder, its log and the messages in its maildir read from there. Fails with its log when it does not start.
 */
import {
  chownSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { KeyAndCertificate } from './certificates.js'
import { serverEnvironment, unpackedServer, type Account } from './debian-package.js'
import { freePort } from './free-port.js'
import type { Route } from './smtp-peer.js'
import { TemporaryFolder } from './temporary-folder.js'
import { until } from './until.js'
import { WatchedProcess } from './watched-process.js'

const START_ATTEMPTS = 5
const A_WHILE_AGO = Math.floor(Date.now() / 1000) - 60

/** The file of it, in the server's own folder. */
export const CLIENT_AUTHORITY = 'client-ca.pem'

export interface RealPeerOptions {
  /** The server's own name, and its name as an MX host. */
  readonly hostname: string
  /** Without it the server does not offer STARTTLS. */
  readonly certificate?: KeyAndCertificate
  /** PEM of the authority that clients need a certificate of; Postfix alone. @default they need none */
  readonly clientAuthority?: string
  /** The only TLS version that it speaks. @default those that the server speaks by itself */
  readonly onlyVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** What is special about one kind of server. */
export interface ServerKind {
  readonly name: 'Postfix' | 'Exim'
  readonly package: 'postfix' | 'exim'
  readonly accounts: readonly Account[]
  /** Folders below the server's own that it needs, relative; they belong to its first account. */
  readonly folders: readonly string[]
  readonly logFile: string
  /** The maildir. */
  readonly mailbox: string
  /** Config files by path below the server's own folder. */
  config(place: ServerPlace): Readonly<Record<string, string>>
  command(place: ServerPlace): { readonly command: string; readonly args: readonly string[] }
  /** The lines of the log that tell of a MAIL command in a session without TLS. */
  readonly mailInTheClear: RegExp
  /** The lines of the log that tell of a message that was taken. */
  readonly taken: RegExp
}

/** Where a server runs. */
export interface ServerPlace extends RealPeerOptions {
  /** The unpacked package. */
  readonly root: string
  readonly folder: string
  readonly port: number
  /** Paths of the PEM files. */
  readonly keyFile: string
  readonly certificateFile: string
}

export interface ReceivedMail {
  readonly recipient: string
  /** `TLSv1.3` as the server itself wrote it into its Received field; undefined for a session without TLS. */
  readonly tls: string | undefined
  readonly data: string
}

export async function startRealPeer(kind: ServerKind, options: RealPeerOptions): Promise<RealPeer> {
  const peer = new RealPeer(kind, options)
  try {
    await peer.start()
  } catch (error) {
    await peer.close()
    throw error
  }
  return peer
}

export class RealPeer implements AsyncDisposable {
  readonly #kind: ServerKind
  readonly #options: RealPeerOptions
  readonly #folder: TemporaryFolder
  #process: WatchedProcess | undefined
  #port = 0

  /** Not running yet: use `startRealPeer`. */
  constructor(kind: ServerKind, options: RealPeerOptions) {
    this.#kind = kind
    this.#options = options
    this.#folder = new TemporaryFolder(kind.package)
    chmodSync(this.#folder.path, 0o755)
    for (const name of kind.folders) this.#give(name, (path) => mkdirSync(path, { recursive: true }))
  }

  get pid(): number {
    if (!this.#process) throw new Error(`${this.#kind.name} does not run`)
    return this.#process.pid
  }

  /** Everything that the server logged. */
  get log(): string {
    return this.#read(this.#kind.logFile)
  }

  /** Log lines of MAIL commands that came in a session without TLS. */
  mailInTheClear(): string[] {
    return this.log.split('\n').filter((line) => this.#kind.mailInTheClear.test(line))
  }

  /** How many messages the server has taken over, delivered to the mailbox or not yet. */
  taken(): number {
    return this.log.split('\n').filter((line) => this.#kind.taken.test(line)).length
  }

  /** The messages in the mailbox, one for each recipient. */
  received(): ReceivedMail[] {
    const folder = join(this.#folder.path, this.#kind.mailbox, 'new')
    if (!existsSync(folder)) return []
    return readdirSync(folder).map((name) => {
      const data = readFileSync(join(folder, name), 'utf8')
      const header = data.replace(/\n[ \t]+/g, ' ')
      return {
        recipient: /^(?:Delivered-To|Envelope-to): (.*)$/im.exec(header)?.[1] ?? '',
        tls: tlsOf(/^Received: (.*)$/im.exec(header)?.[1] ?? ''),
        data,
      }
    })
  }

  /** The MX entry of this server for Haraka's routes. */
  route(): Route {
    return { exchange: '127.0.0.1', port: this.#port, priority: 0, from_dns: this.#options.hostname }
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#launch(await freePort())
        return
      } catch (error) {
        const portTaken = this.log.includes('Address already in use')
        if (!portTaken || attempt === START_ATTEMPTS) throw error
      }
    }
  }

  async close(): Promise<void> {
    await this.#process?.stop('SIGTERM')
    this.#folder.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #launch(port: number): Promise<void> {
    const { path: folder } = this.#folder
    const { name, package: packageName, accounts, logFile } = this.#kind
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const root = unpackedServer(packageName)
    const place = { ...this.#options, root, folder, port, keyFile, certificateFile }
    const { certificate } = this.#options
    if (certificate) {
      this.#give('key.pem', (path) => writeFileSync(path, certificate.key, { mode: 0o600 }))
      writeFileSync(certificateFile, certificate.cert)
    }
    const { clientAuthority } = this.#options
    if (clientAuthority !== undefined) writeFileSync(join(folder, CLIENT_AUTHORITY), clientAuthority)
    for (const [file, content] of Object.entries(this.#kind.config(place))) {
      writeFileSync(join(folder, file), content)
      // Postfix waits until a file is old enough to be whole.
      utimesSync(join(folder, file), A_WHILE_AGO, A_WHILE_AGO)
    }
    this.#give(logFile, (path) => writeFileSync(path, ''))
    const server = new WatchedProcess({
      name,
      ...this.#kind.command(place),
      cwd: folder,
      env: serverEnvironment(root, folder, accounts),
    })
    this.#process = server
    const said = (): string => `${this.log}${server.tail()}`
    await until(
      () => {
        if (server.exitCode !== undefined) throw new Error(`${name} ended before it was ready:\n${said()}`)
        return this.log.includes('daemon started')
      },
      { what: () => `${name} to be ready; it said\n${said()}` },
    )
    this.#port = port
  }

  /** Makes a file or folder and gives it to the account that the server runs as. */
  #give(name: string, make: (path: string) => unknown): void {
    const path = join(this.#folder.path, name)
    make(path)
    const [account] = this.#kind.accounts
    if (account && account.id !== process.getuid?.()) chownSync(path, account.id, account.id)
  }

  #read(name: string): string {
    const path = join(this.#folder.path, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
}

/** Postfix writes `(using TLSv1.3 with cipher …)`, Exim `with esmtps (TLS1.3) tls …`. */
function tlsOf(received: string): string | undefined {
  const version = /\((?:using TLSv|TLS)(1\.\d)\b/.exec(received)?.[1]
  return version === undefined ? undefined : `TLSv${version}`
}

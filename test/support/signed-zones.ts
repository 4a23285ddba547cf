/**
 * A small Internet of signed and unsigned zones on loopback: Debian's NSD serves a root zone and the zones below it,
 * signed by ldns' tools, and Unbound resolves, with that root's key as its trust anchor. Fails with the servers' logs
 * when they do not start.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Resolver } from '../../plugins/enforce-tls/dns/resolver-list.js'
import { libraryFolders, unpackedServer } from './debian-package.js'
import { freePort } from './free-port.js'
import { TemporaryFolder } from './temporary-folder.js'
import { runToEnd, WatchedProcess } from './watched-process.js'

const START_ATTEMPTS = 5

/** A zone directly below the root. */
export interface SignedZone {
  /** Such as `bank.example`. */
  readonly name: string
  /** In zone file syntax, names relative to the zone. SOA and NS are added. */
  readonly records: string
  /** @default 'nsec' */
  readonly signed?: 'nsec' | 'nsec3' | 'expired' | 'no'
  /** Zones that are not below the root have no delegation here: that is in the zone above. @default true */
  readonly belowRoot?: boolean
  /** Changes the signed zone, one record in each line, names in full. */
  readonly broken?: (lines: readonly string[]) => readonly string[]
}

export class SignedZones implements AsyncDisposable {
  readonly #folder = new TemporaryFolder('zones')
  readonly #root = unpackedServer('dns')
  readonly #environment = {
    PATH: '/usr/sbin:/usr/bin',
    LD_LIBRARY_PATH: libraryFolders(this.#root).join(':'),
  }
  readonly #processes: WatchedProcess[] = []
  #nsdPort = 0
  #anchor = ''
  #names: readonly string[] = []

  private constructor() {
    // Use `start`.
  }

  static async start(zones: readonly SignedZone[]): Promise<SignedZones> {
    const started = new SignedZones()
    try {
      await started.#serve(zones)
    } catch (error) {
      await started.close()
      throw error
    }
    return started
  }

  /**
   * Starts an Unbound that resolves in these zones.
   *
   * @param wanted its port. @default a free one
   */
  async resolver(kind: 'validating' | 'trusting', wanted?: number): Promise<Resolver> {
    return await this.#onFreePort(
      'unbound',
      /start of service/,
      (port) => {
        const file = join(this.#folder.path, `unbound-${kind}.conf`)
        writeFileSync(
          file,
          unboundConfig(port, this.#nsdPort, this.#names, kind === 'validating' ? this.#anchor : null),
        )
        return ['-d', '-c', file]
      },
      wanted,
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop('SIGTERM')))
    this.#folder.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #serve(zones: readonly SignedZone[]): Promise<void> {
    const delegations: string[] = ['ns.root. 300 IN A 127.0.0.1']
    for (const zone of zones) {
      const key = await this.#write(zone)
      if (zone.belowRoot === false) continue
      delegations.push(`${zone.name}. 300 IN NS ns.root.`)
      if (key !== null) delegations.push(readFileSync(join(this.#folder.path, `${key}.ds`), 'utf8'))
    }
    const key = await this.#write({ name: '', records: delegations.join('\n') })
    this.#anchor = readFileSync(join(this.#folder.path, `${key ?? ''}.ds`), 'utf8').trim()
    this.#names = [...zones.map(({ name }) => name), '']
    const nsd = await this.#onFreePort('nsd', /nsd started/, (port) => {
      const file = join(this.#folder.path, 'nsd.conf')
      writeFileSync(file, nsdConfig(port, this.#folder.path, this.#names))
      return ['-d', '-c', file]
    })
    this.#nsdPort = nsd.port
  }

  /** Writes and signs a zone; gives the name of its key's files. */
  async #write({ name, records, signed = 'nsec', broken }: SignedZone): Promise<string | null> {
    const file = zoneFile(name)
    const head = [
      `$ORIGIN ${name}.`,
      '$TTL 300',
      '@ IN SOA ns.root. hostmaster.root. 1 3600 600 86400 60',
      '@ IN NS ns.root.',
    ]
    writeFileSync(join(this.#folder.path, file), [...head, records, ''].join('\n'))
    if (signed === 'no') return null
    const key = (
      await this.#ldns('keygen', ['-a', 'ECDSAP256SHA256', '-k', '-r', '/dev/urandom', `${name}.`])
    ).trim()
    const dates = signed === 'expired' ? ['-i', '20200101000000', '-e', '20200201000000'] : []
    const denial = signed === 'nsec3' ? ['-n'] : []
    await this.#ldns('signzone', [...dates, ...denial, '-f', file, file, key])
    if (broken) {
      const path = join(this.#folder.path, file)
      writeFileSync(path, broken(readFileSync(path, 'utf8').split('\n')).join('\n'))
    }
    return key
  }

  async #ldns(tool: string, args: readonly string[]): Promise<string> {
    const options = { cwd: this.#folder.path, env: this.#environment }
    return await runToEnd(join(this.#root, 'usr/bin', `ldns-${tool}`), args, options)
  }

  async #onFreePort(
    name: 'nsd' | 'unbound',
    ready: RegExp,
    configure: (port: number) => readonly string[],
    wanted?: number,
  ): Promise<Resolver> {
    for (let attempt = 1; ; attempt++) {
      const port = wanted ?? (await freePort())
      const args = configure(port)
      const server = new WatchedProcess({
        name,
        command: join(this.#root, 'usr/sbin', name),
        args,
        cwd: this.#folder.path,
        env: this.#environment,
      })
      this.#processes.push(server)
      try {
        await server.waitForLog(ready)
        return { address: '127.0.0.1', port }
      } catch (error) {
        if (!server.log.includes('in use') || attempt === START_ATTEMPTS) throw error
      }
    }
  }
}

function zoneFile(name: string): string {
  return `${name === '' ? 'root' : name}.zone`
}

function nsdConfig(port: number, folder: string, zones: readonly string[]): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  server-count: 1
remote-control:
  control-enable: no
${zones.map((name) => `zone:\n  name: "${name}."\n  zonefile: "${zoneFile(name)}"\n`).join('')}`
}

/**
 * Zones are known by name, since their NS records lead to port 53.
 *
 * @param anchor the root's DS record; `null` for a resolver that does not validate
 */
function unboundConfig(
  port: number,
  nsdPort: number,
  zones: readonly string[],
  anchor: string | null,
): string {
  return `server:
  interface: 127.0.0.1@${port}
  username: ""
  chroot: ""
  directory: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  ede: yes
  qname-minimisation: no
  target-fetch-policy: "0 0 0 0 0"
  module-config: "${anchor === null ? 'iterator' : 'validator iterator'}"
${anchor === null ? '' : `  trust-anchor: "${anchor.replaceAll('\t', ' ')}"\n`}remote-control:
  control-enable: no
${zones.map((name) => `stub-zone:\n  name: "${name}."\n  stub-addr: 127.0.0.1@${nsdPort}\n`).join('')}`
}

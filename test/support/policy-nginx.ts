/**
 * Debian's nginx as the web server of several domains' MTA-STS policies, on one port of loopback: which domain is meant
 * is in SNI. Fails with nginx' log when it does not start.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyAndCertificate } from './certificates.js'
import { libraryFolders, unpackedServer } from './debian-package.js'
import { freePort } from './free-port.js'
import { TemporaryFolder } from './temporary-folder.js'
import { until } from './until.js'
import { WatchedProcess } from './watched-process.js'

const START_ATTEMPTS = 5

export interface PolicySite {
  readonly domain: string
  readonly certificate: KeyAndCertificate
  /** What is at the policy's place; `null` for no file. */
  readonly text: string | null
  /** More of nginx' configuration for that place, such as `return 302 /;`. */
  readonly directives?: string
}

export class PolicyNginx implements AsyncDisposable {
  readonly #folder = new TemporaryFolder('nginx')
  readonly #root = unpackedServer('web')
  #process: WatchedProcess | undefined
  #port = 0

  private constructor() {
    // Use `start`.
  }

  static async start(sites: readonly PolicySite[]): Promise<PolicyNginx> {
    const nginx = new PolicyNginx()
    try {
      await nginx.#start(sites)
      return nginx
    } catch (error) {
      await nginx[Symbol.asyncDispose]()
      throw error
    }
  }

  get port(): number {
    return this.#port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGTERM')
    await this.#folder[Symbol.asyncDispose]()
  }

  async #start(sites: readonly PolicySite[]): Promise<void> {
    const folder = this.#folder.path
    const servers = sites.map((site) => this.#site(site)).join('')
    const file = join(folder, 'nginx.conf')
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort()
      writeFileSync(file, config(folder, servers.replaceAll('PORT', `127.0.0.1:${this.#port}`)))
      const process = new WatchedProcess({
        name: 'nginx',
        command: join(this.#root, 'usr/sbin/nginx'),
        args: ['-e', 'stderr', '-p', folder, '-c', file],
        env: { LD_LIBRARY_PATH: libraryFolders(this.#root).join(':') },
      })
      const state = { ended: false }
      void process.exited.then(() => (state.ended = true))
      await until(() => state.ended || process.log.includes('start worker process'), {
        what: () => process.log,
      })
      this.#process = process
      if (!state.ended) return
      // Somebody else may have been quicker to take the port.
      if (attempt === START_ATTEMPTS || !process.log.includes('Address already in use'))
        throw new Error(`nginx does not start:\n${process.log}`)
    }
  }

  #site({ domain, certificate, text, directives = '' }: PolicySite): string {
    const folder = join(this.#folder.path, domain)
    mkdirSync(join(folder, '.well-known'), { recursive: true })
    if (text !== null) writeFileSync(join(folder, '.well-known', 'mta-sts.txt'), text)
    writeFileSync(join(folder, 'key.pem'), certificate.key)
    writeFileSync(join(folder, 'cert.pem'), certificate.cert)
    return `
  server {
    listen PORT ssl;
    server_name mta-sts.${domain};
    ssl_certificate ${join(folder, 'cert.pem')};
    ssl_certificate_key ${join(folder, 'key.pem')};
    root ${folder};
    location = /.well-known/mta-sts.txt { ${directives} }
  }`
  }
}

/** In the foreground, in one process group, with nothing outside its folder. */
function config(folder: string, servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root root;' : ''}
pid ${join(folder, 'pid')};
error_log stderr notice;
events { }
http {
  access_log off;
  types { text/plain txt; }
  gzip on;
  gzip_types text/plain;
  gzip_min_length 0;
  ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
${servers}
}
`
}

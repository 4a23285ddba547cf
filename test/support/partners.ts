/**
 * Partners as the command `check` finds them: mail servers on port 25 of loopback addresses that no other test
 * has, the DNS server that names them, and a Haraka folder. Where nobody may listen on port 25, `partners` is
 * a reason to skip.
 */
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDns, type DnsServer, type Zone } from './dns-server.js'
import { startPeer, type PeerOptions, type SmtpPeer } from './smtp-peer.js'
import { TemporaryFolder } from './temporary-folder.js'

/** One partner: its mail server is `mx.<domain>`. */
export type PartnerOptions = PeerOptions

/** Running partners. */
export interface TestPartners extends AsyncDisposable {
  /** A Haraka folder, whose rules are in `config/enforce-tls.rules.json`. */
  readonly folder: string
  readonly dns: DnsServer
  readonly peers: Readonly<Record<string, SmtpPeer>>
}

/** Starts partners by domain; gives in a sentence why that is not possible here. */
export async function startPartners(
  partners: Readonly<Record<string, PartnerOptions>>,
  {
    zones = {},
    config = {},
  }: {
    readonly zones?: Readonly<Record<string, Zone>>
    readonly config?: Readonly<Record<string, string>>
  } = {},
): Promise<TestPartners | string> {
  const net = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const peers: Record<string, SmtpPeer> = {}
  const known: Record<string, Zone> = {}
  try {
    for (const [index, [domain, options]] of Object.entries(partners).entries()) {
      const host = `${net}.${index + 1}`
      peers[domain] = await startPeer({ host, port: 25, hostname: `mx.${domain}`, ...options })
      known[domain] = { mx: [{ preference: 10, exchange: `mx.${domain}` }] }
      known[`mx.${domain}`] = { a: [host] }
    }
  } catch (error) {
    for (const peer of Object.values(peers)) await peer.close()
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EADDRNOTAVAIL' && code !== 'EADDRINUSE') throw error
    return `no server can listen on port 25 of ${net}.x here (${code})`
  }
  const dns = await startDns({ ...known, ...zones })
  const folder = new TemporaryFolder('partners')
  mkdirSync(join(folder.path, 'config'))
  const files = { 'enforce-tls.ini': '[store]\ntype=file\n', 'outbound.ini': 'local_mx_ok=true\n', ...config }
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder.path, 'config', name), content)
  return {
    folder: folder.path,
    dns,
    peers,
    [Symbol.asyncDispose]: async () => {
      for (const peer of Object.values(peers)) await peer.close()
      await dns[Symbol.asyncDispose]()
      folder.close()
    },
  }
}

/**
 * Debian's Postfix as a relay on a free port: every message goes on to the receiver of the bench over TLS, or not at
 * all. Nothing else is tuned, and the services that reuse of connections needs are there.
 */
import { join } from 'node:path'
import { POSTFIX_KIND } from '../../support/postfix-server.js'
import { startRealPeer, type RealPeer } from '../../support/real-peer.js'
import { transportTable } from './destinations.js'

/**
 * @param receiver where mail for the destinations goes, on this machine
 * @param parameters more of main.cf
 */
export async function startPostfixRelay(
  { port, destinations }: { readonly port: number; readonly destinations: number },
  parameters: Readonly<Record<string, string>>,
): Promise<RealPeer> {
  return await startRealPeer(
    {
      ...POSTFIX_KIND,
      config: (place) => {
        const { 'main.cf': main = '', 'master.cf': master = '' } = POSTFIX_KIND.config(place)
        const more = Object.entries(parameters).map(([name, value]) => `${name} = ${value}\n`)
        // Of a parameter that is there twice, the last counts.
        return {
          'main.cf': `${main}
virtual_mailbox_domains =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sender_restrictions =
transport_maps = texthash:${join(place.folder, 'transport')}
smtp_tls_policy_maps = static:encrypt
smtp_tls_session_cache_database = btree:${join(place.folder, 'data', 'smtp_scache')}
${more.join('')}`,
          'master.cf': `${master}
smtp unix - - n - - smtp
scache unix - - n - 1 scache
tlsproxy unix - - n - 0 tlsproxy
`,
          transport: transportTable(port, destinations),
        }
      },
    },
    { hostname: 'relay.bench.example' },
  )
}

/** Debian's Postfix as a relay on a free port: every message goes on to one server over TLS, or not at all. */
import { join } from 'node:path'
import { POSTFIX_KIND } from '../../support/postfix-server.js'
import { startRealPeer, type RealPeer } from '../../support/real-peer.js'

/** @param port where all mail goes, on this machine */
export async function startPostfixRelay(port: number): Promise<RealPeer> {
  return await startRealPeer(
    {
      ...POSTFIX_KIND,
      config: (place) => {
        const { 'main.cf': main = '', 'master.cf': master = '' } = POSTFIX_KIND.config(place)
        // Of a parameter that is there twice, the last counts.
        return {
          'main.cf': `${main}
virtual_mailbox_domains =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sender_restrictions =
relayhost = [127.0.0.1]:${port}
smtp_tls_policy_maps = static:encrypt
smtp_tls_session_cache_database = btree:${join(place.folder, 'data', 'smtp_scache')}
`,
          'master.cf': `${master}
smtp unix - - n - - smtp
`,
        }
      },
    },
    { hostname: 'relay.bench.example' },
  )
}

/** The receiving servers of the soak, running. */
import { makeAuthority, type Authority } from '../support/certificates.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { KINDS, sometimes, type Kind } from './kinds.js'

const OFFERS = { requiretls: 'inside TLS' } as const

/** A running server with its kind, domain and rule. */
export interface SoakPeer extends Kind {
  readonly domain: string
  readonly host: string
  readonly peer: SmtpPeer
  /** Whether it offers REQUIRETLS. */
  readonly offers: boolean
  /** The action of its rule. */
  readonly required: Readonly<Record<string, unknown>>
}

/** All servers of a soak. */
export interface SoakServers {
  readonly peers: SoakPeer[]
  /** The one that some rules name: it puts some messages off and is not always there, as every server. */
  readonly gateway: SmtpPeer
  /** Of the senders; every other connection to it offers REQUIRETLS. */
  readonly mailbox: SmtpPeer
  readonly authority: Authority
}

/** Starts all of them; every second kind offers REQUIRETLS. */
export async function startPeers(): Promise<SoakServers> {
  const authority = await makeAuthority('Soak')
  const peers = KINDS.map(async (kind, index) => {
    const offers = index % 2 === 0
    const domain = `${kind.name}.example`
    const host = `mx.${domain}`
    const certificate = await (kind.certificate?.(host, authority) ?? authority.issue({ dnsNames: [host] }))
    const behaviour = {
      ...kind.behaviour,
      ...(offers ? OFFERS : {}),
      tls: { ...certificate, ...kind.behaviour.tls },
    }
    return {
      ...kind,
      offers,
      domain,
      host,
      peer: await startPeer({ hostname: host, ...behaviour }),
      required: kind.action?.(certificate) ?? { level: 'encrypt' },
    }
  })
  const gateway = await startPeer({
    on: { connect: sometimes(4, '421 4.3.2 busy') },
    onSecure: { RCPT: sometimes(3, '450 4.7.1 greylisted') },
    tls: await authority.issue({ ipAddresses: ['127.0.0.1'] }),
  })
  const mailbox = await startPeer({
    ...OFFERS,
    onSecure: { EHLO: sometimes(2, '250 mx.acme.example') },
    tls: await authority.issue({ dnsNames: ['mx.acme.example'] }),
  })
  return { peers: await Promise.all(peers), gateway, mailbox, authority }
}

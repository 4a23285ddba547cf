/** What DANE says of the server at one address, by what DNS publishes and the certificates that it has sent. Pure. */
import type { PeerIdentity } from '../delivery/tls/certificate.js'
import { sentChain } from '../published/dane/sent-chain.js'
import type { HostTlsa, NoTlsa } from '../published/dane/tlsa-look-up.js'
import { daneVerdict } from '../published/dane/verdict.js'
import type { MailHosts } from '../published/mail-hosts.js'
import { oneLine } from '../text/one-line.js'
import { hostKey, type DaneFacts, type HostFacts } from './dane-look-up.js'
import type { HostDane, RecordDane } from './dane-types.js'
import type { HostCheck } from './types.js'

/** What the probe of an address has seen. */
export interface Seen extends Pick<HostCheck, 'host' | 'starttls'> {
  /** `null` where there was no handshake. */
  readonly peer: PeerIdentity | null
}

/** What keeps published records from counting; a clause about the host. */
export const NOT_PUBLISHED: Readonly<Record<NoTlsa['reason'], string>> = {
  'no-records': 'it has no TLSA records',
  'insecure-address': 'its addresses are not signed with DNSSEC',
  'insecure-records': 'its TLSA records are not signed with DNSSEC, so they do not count',
}

/** `null` for a host that was not looked up: it is an IP address. */
export function hostDane(facts: DaneFacts, domain: string, seen: Seen, now: number): HostDane | null {
  const found = facts.hosts.get(hostKey(seen.host))
  if (!found) return null
  const { addresses, tlsa } = found
  return {
    mxAuthentic: facts.mx && mxAuthentic(facts.mx, domain, seen.host),
    addressesAuthentic: addresses.kind === 'failed' ? null : addresses.authentic,
    base: 'base' in tlsa ? tlsa.base : null,
    ...judged(tlsa, namesOf(facts, found, domain), seen, now),
  }
}

/** Whether DNSSEC proves that a host is one of the domain's. */
function mxAuthentic(mx: MailHosts, domain: string, host: string): boolean | null {
  if (mx.kind === 'failed') return null
  if (mx.kind === 'no-mail' || !mx.authentic) return false
  const named = mx.implicit ? [domain] : mx.hosts.map((each) => each.host)
  return named.some((name) => hostKey(name) === hostKey(host))
}

/** What a certificate may bear for usage 2 (RFC 7672 section 3.2.2). */
function namesOf({ mx }: DaneFacts, { tlsa }: HostFacts, domain: string): readonly string[] {
  const names = [
    ...('base' in tlsa ? [tlsa.base] : []),
    ...(mx === null ? [] : [domain]),
    ...(mx?.kind === 'hosts' ? [mx.name] : []),
  ]
  return [...new Set(names)]
}

type Judged = Pick<HostDane, 'outcome' | 'detail' | 'records'>

function judged(tlsa: HostTlsa, names: readonly string[], seen: Seen, now: number): Judged {
  if (tlsa.kind === 'failed') return { outcome: 'unknown', detail: oneLine(tlsa.why), records: [] }
  if (tlsa.kind === 'none') return { outcome: 'none', detail: NOT_PUBLISHED[tlsa.reason], records: [] }
  const { peer, starttls, host } = seen
  const chain = peer?.certificate ? sentChain(peer.certificate) : []
  const verdict = daneVerdict(tlsa.set, { chain, names, chainError: peer?.chainError ?? '', now })
  const records = tlsa.set.all.map(({ record, ignored }, index): RecordDane => {
    const { reason = null, why = '' } = verdict.records[index] ?? {}
    const { usage, selector, matchingType, data } = record
    const shown = { usage, selector, matchingType, data: data.toString('hex') }
    if (ignored !== '') return { ...shown, matches: false, reason, detail: ignored }
    if (!peer) return { ...shown, matches: null, reason: null, detail: null }
    return { ...shown, matches: reason === null, reason, detail: reason && oneLine(`the server ${why}`) }
  })
  const notVouched = (why: string): Judged => ({ outcome: 'not-vouched', detail: oneLine(why), records })
  if (verdict.by) return { outcome: 'vouched', detail: null, records }
  if (peer || tlsa.kind === 'unusable') return notVouched(`the server ${verdict.why}`)
  if (starttls === false) return notVouched('the server does not offer STARTTLS')
  return { outcome: 'unknown', detail: `no certificate of ${host} was seen`, records }
}

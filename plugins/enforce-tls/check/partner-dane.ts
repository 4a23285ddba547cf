/** Whether DANE would vouch for a partner's servers, in one sentence, out of what it says of each of them. Pure. */
import { numbered } from '../text/list.js'
import type { DaneFacts } from './dane-look-up.js'
import type { DaneCheck, HostDane, HostDaneOutcome } from './dane-types.js'
import type { HostCheck } from './types.js'

/** A host that DANE says something of. */
interface Judged {
  readonly name: string
  readonly dane: HostDane
}

/** How many hosts are named with their reasons. */
const REASONS_MAX = 3

const UNPROVED = 'DNSSEC does not prove that MX records name it'

/** Adds up the hosts. */
export function partnerDane({ mx }: DaneFacts, domain: string, hosts: readonly HostCheck[]): DaneCheck {
  const judged = named(hosts)
  const those = (outcome: HostDaneOutcome) => judged.filter(({ dane }) => dane.outcome === outcome)
  const [vouched, failing, none, unknown] = [
    those('vouched'),
    those('not-vouched'),
    those('none'),
    those('unknown'),
  ]
  if (judged.length === 0)
    return { outcome: 'none', sentence: 'DANE does not apply: it needs the name of a host, not its address.' }
  const isUnknown = (why: string): DaneCheck => ({
    outcome: 'unknown',
    sentence: `Whether DANE vouches for ${domain} is unknown: ${why}.`,
  })
  if (vouched.length > 0) {
    if (mx?.kind === 'failed') return isUnknown(mx.why)
    const [proved, unproved] = [true, false].map((wanted) =>
      vouched.filter(({ dane }) => (dane.mxAuthentic !== false) === wanted),
    ) as [Judged[], Judged[]]
    if (proved.length === 0) {
      const why = mx?.authentic
        ? `DNSSEC does not prove that ${domain} has its mail there`
        : `the MX records of ${domain} are not signed with DNSSEC, so they could be forged`
      return { outcome: 'host-only', sentence: `DANE vouches for ${listOf(unproved)}, but ${why}.` }
    }
    const names = listOf(proved)
    const others = [...unproved.map((each) => withDetail(each, UNPROVED)), ...failing, ...none, ...unknown]
    if (others.length === 0) return { outcome: 'vouched', sentence: `DANE vouches for ${names}.` }
    return { outcome: 'partly', sentence: `DANE vouches for ${names}, but not for ${reasons(others)}.` }
  }
  if (failing.length > 0)
    return { outcome: 'not-vouched', sentence: `DANE does not vouch for ${reasons(failing)}.` }
  const [first] = unknown
  if (first) return isUnknown(first.dane.detail ?? '')
  return { outcome: 'none', sentence: `DANE does not apply to ${reasons(none)}.` }
}

/** By the name of the host; with the address where its addresses differ. */
function named(hosts: readonly HostCheck[]): Judged[] {
  const outcomes = new Map<string, Set<string>>()
  for (const { host, dane } of hosts)
    if (dane) outcomes.set(host, (outcomes.get(host) ?? new Set()).add(dane.outcome))
  const judged = hosts.flatMap(({ host, to, dane }) => {
    if (!dane) return []
    const differ = (outcomes.get(host)?.size ?? 0) > 1
    return [{ name: differ && to !== null ? `${host} (${to})` : host, dane }]
  })
  return [...new Map(judged.map((each) => [each.name, each])).values()]
}

function withDetail({ name, dane }: Judged, detail: string): Judged {
  return { name, dane: { ...dane, detail } }
}

function listOf(hosts: readonly Judged[]): string {
  const names = hosts.map(({ name }) => name)
  return names.length > REASONS_MAX
    ? `${names.slice(0, REASONS_MAX).join(', ')} and ${numbered(names.length - REASONS_MAX, 'more host')}`
    : names.join(' and ')
}

/** Such as `mx.bank.example: it has no TLSA records`; several have their reasons in brackets. */
function reasons(hosts: readonly Judged[]): string {
  const [first, ...rest] = hosts
  if (first && rest.length === 0) return `${first.name}: ${first.dane.detail ?? ''}`
  return listOf(hosts.map(({ name, dane }) => ({ name: `${name} (${dane.detail ?? ''})`, dane })))
}

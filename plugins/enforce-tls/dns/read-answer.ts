/**
 * What a resolver's reply says about a question: records, securely or not; that there are none; or neither, which is a
 * failure. Pure.
 */
import type { Answer as ResourceRecord, DecodedPacket, SoaData } from 'dns-packet'
import type { Answer, Question, RecordData, RecordType } from './answer.js'
import { extendedError, responseCode } from './message.js'
import { domainName } from './name.js'

/** The same as an answer, without what was asked; or where a resolver stopped half-way along CNAME records. */
export type ReadAnswer<T extends RecordType = RecordType> =
  | Exclude<Answer<T>, { kind: 'failed' }>
  | { readonly kind: 'failed'; readonly why: string; readonly isOurs?: true }
  | { readonly kind: 'alias'; readonly name: string; readonly authentic: boolean; readonly ttl: number }

/** CNAME records in a row; BIND and Unbound follow about as many. */
export const ALIASES_MAX = 11
const [NOERROR, NXDOMAIN] = [0, 3]
/** A record is asked for anew after an hour at the latest, however long it may be kept. */
const TTL_MAX = 3600
const RCODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' }

/** Reads a reply to this question. */
export function readAnswer<T extends RecordType>(
  packet: DecodedPacket,
  { name, type }: Question<T>,
): ReadAnswer<T> {
  const rcode = responseCode(packet)
  if (rcode !== NOERROR && rcode !== NXDOMAIN) {
    const reason = extendedError(packet)
    return failed(`answers ${RCODES[rcode] ?? `code ${rcode}`}${reason === null ? '' : ` (${reason})`}`)
  }
  // A server that looks nothing up for others knows nothing of names that it does not serve.
  if (!packet.flag_ra) return failed('does not answer as a resolver')
  const chain = followAliases(name, type, internetRecords(packet.answers))
  if (typeof chain === 'string') return failed(chain)
  const { owner, own } = chain
  const authentic = packet.flag_ad
  if (own.length > 0) {
    if (rcode !== NOERROR) return failed('sends records of a name that it says does not exist')
    const records = own.map(({ data }) => readers[type](data)).filter((data) => data !== null)
    if (records.length === 0) return failed(`sends ${type} records that cannot be read`)
    return { kind: 'found', name: owner, authentic, records, ttl: least([...chain.ttls, ...own.map(ttlOf)]) }
  }
  const authorities = internetRecords(packet.authorities)
  const soa = authorities.find((record) => record.type === 'SOA')
  if (owner !== name && rcode === NOERROR && !soa)
    return { kind: 'alias', name: owner, authentic, ttl: least(chain.ttls) }
  if (!soa && authorities.some((record) => record.type === 'NS'))
    return failed('refers to other servers instead of asking them')
  const negative = soa ? Math.min(ttlOf(soa), ttl(soa.data.minimum ?? 0)) : 0
  const reason = rcode === NXDOMAIN ? 'no-such-name' : 'no-such-record'
  return { kind: 'none', name: owner, reason, authentic, ttl: least([...chain.ttls, negative]) }
}

type DataRecord = Exclude<ResourceRecord, { type: 'OPT' }>

function internetRecords(records: readonly ResourceRecord[] = []): DataRecord[] {
  return records.filter((record): record is DataRecord => record.type !== 'OPT' && record.class === 'IN')
}

/** From the name asked for along CNAME records to the name that should have the records; or what is wrong. */
function followAliases(
  name: string,
  type: RecordType,
  records: readonly DataRecord[],
): { owner: string; own: readonly DataRecord[]; ttls: readonly number[] } | string {
  const ttls: number[] = []
  const seen = new Set([name])
  for (let owner = name; ;) {
    const here = records.filter((record) => record.name.toLowerCase() === owner)
    const own = here.filter((record) => record.type === type)
    const [alias, other] = here.filter((record) => record.type === 'CNAME')
    if (own.length > 0 || !alias) return { owner, own, ttls }
    const target = domainName(alias.data as string)
    if (target === null) return 'sends a CNAME record to what is no host name'
    if (other && domainName(other.data as string) !== target) return 'sends two CNAME records for one name'
    if (seen.has(target) || seen.size > ALIASES_MAX) return 'sends CNAME records that lead nowhere'
    seen.add(target)
    ttls.push(ttlOf(alias))
    owner = target
  }
}

/** What a record holds, or `null` for what is of no use. */
const readers: { readonly [T in RecordType]: (data: unknown) => RecordData[T] | null } = {
  A: (data) => data as string,
  AAAA: (data) => data as string,
  CNAME: (data) => domainName(data as string),
  MX: (data) => {
    const { preference = 0, exchange } = data as { preference?: number; exchange: string }
    const host = domainName(exchange)
    return host === null ? null : { preference, exchange: host }
  },
  SOA: (data) => domainName((data as SoaData).mname),
  TLSA: (data) => {
    const { usage, selector, matchingType, certificate } = data as Record<string, number> & {
      certificate: Buffer
    }
    // A copy: a slice would keep the whole packet.
    return { usage, selector, matchingType, data: Buffer.from(certificate) } as RecordData['TLSA']
  },
  TXT: (data) => Buffer.concat(data as Buffer[]).toString(),
}

function ttlOf(record: DataRecord): number {
  return ttl((record as { ttl?: number }).ttl ?? 0)
}

/** RFC 2181 section 8: more than 31 bits means 0. */
function ttl(seconds: number): number {
  return seconds > 0x7f_ff_ff_ff ? 0 : seconds
}

function least(ttls: readonly number[]): number {
  return Math.min(TTL_MAX, ...ttls)
}

function failed(why: string): { kind: 'failed'; why: string } {
  return { kind: 'failed', why }
}

/**
 * DNS messages: the query for a question, and what of a packet is a reply to it. Pure; what cannot be decoded is
 * `malformed`, never thrown.
 */
import {
  AUTHENTIC_DATA,
  DNSSEC_OK,
  RECURSION_DESIRED,
  decode,
  encode,
  type Answer as ResourceRecord,
  type DecodedPacket,
} from 'dns-packet'
import type { Question } from './answer.js'

/** What fits into one packet on every path (DNS flag day 2020). */
const UDP_SIZE = 1232
const HEADER_BYTES = 12
/** More than any name has that is asked for here. Decoding as many takes 20 ms at the worst, whatever they hold. */
const RECORDS_MAX = 128

export type Reply =
  /** Does not answer this query: another's, or forged. */
  | { readonly kind: 'unrelated' }
  /** Right so far, but cannot be read. */
  | { readonly kind: 'malformed' }
  /** To be asked for again over TCP. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'reply'; readonly packet: DecodedPacket }

/** A query that wants to know whether the answer is authentic. */
export function encodeQuery({ name, type }: Question, id: number): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: UDP_SIZE,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  })
}

/** Whether a packet answers the query with this id for this question, and what it says. */
export function readReply(bytes: Buffer, question: Question, id: number): Reply {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== id) return { kind: 'unrelated' }
  const records = [6, 8, 10].reduce((sum, offset) => sum + bytes.readUInt16BE(offset), 0)
  // A reply of the right id without the question, or with too many records, is not worth decoding.
  if (bytes.readUInt16BE(4) !== 1 || records > RECORDS_MAX) return { kind: 'malformed' }
  const truncated = (bytes.readUInt16BE(2) & 0x02_00) !== 0
  let packet: DecodedPacket
  try {
    // Where the cut is may be anywhere, so of a truncated reply only the question is read.
    packet = decode(truncated ? questionOnly(bytes) : bytes)
    if (!truncated && decode.bytes !== bytes.length) return { kind: 'malformed' }
  } catch {
    return { kind: 'malformed' }
  }
  if (!packet.flag_qr || opcodeOf(bytes) !== 0 || !asks(packet, question)) return { kind: 'unrelated' }
  return truncated ? { kind: 'truncated' } : { kind: 'reply', packet }
}

function questionOnly(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.fill(0, 6, HEADER_BYTES)
  return copy
}

function opcodeOf(bytes: Buffer): number {
  return (bytes.readUInt16BE(2) >> 11) & 0xf
}

function asks(packet: DecodedPacket, { name, type }: Question): boolean {
  const [asked] = packet.questions ?? []
  return asked?.name.toLowerCase() === name && asked.type === type && asked.class === 'IN'
}

/** The whole response code, the part in the OPT record included (RFC 6891 section 6.1.3). */
export function responseCode(packet: DecodedPacket): number {
  const extended = optOf(packet)?.extendedRcode ?? 0
  return (extended << 4) | ((packet.flags ?? 0) & 0xf)
}

/** RFC 8914's codes that say what is wrong with a zone. */
const EXTENDED_ERRORS: Readonly<Record<number, string>> = {
  1: 'unsupported DNSKEY algorithm',
  2: 'unsupported DS digest type',
  5: 'DNSSEC indeterminate',
  6: 'DNSSEC bogus',
  7: 'signature expired',
  8: 'signature not yet valid',
  9: 'DNSKEY missing',
  10: 'RRSIGs missing',
  12: 'NSEC missing',
  22: 'no reachable authority',
  23: 'network error',
}

/** Why the resolver has no answer, where it says so (RFC 8914). */
export function extendedError(packet: DecodedPacket): string | null {
  for (const { code, data } of (optOf(packet)?.options ?? []) as { code: number; data?: Buffer }[]) {
    if (code === 15 && data && data.length >= 2) return EXTENDED_ERRORS[data.readUInt16BE(0)] ?? null
  }
  return null
}

type Opt = Extract<ResourceRecord, { type: 'OPT' }>

function optOf(packet: DecodedPacket): Opt | undefined {
  return packet.additionals?.find((record): record is Opt => record.type === 'OPT')
}

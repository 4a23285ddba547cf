/**
 * Sessions in OpenSSL's own form, `SSL_SESSION` of ssl/ssl_asn1.c: a DER sequence in which the element [3]
 * is the server's certificate. Pure.
 */

const SEQUENCE = 0x30
const PEER_CERTIFICATE = 0xa3

interface Element {
  readonly tag: number
  readonly start: number
  readonly content: number
  readonly end: number
}

/**
 * A session without its certificate, which is kept beside it: reading it anew takes OpenSSL 3 longer than
 * all the rest of a resumed handshake. What is not as expected is given back as it is.
 */
export function withoutCertificate(session: Buffer): Buffer {
  const whole = elementAt(session, 0)
  if (whole?.tag !== SEQUENCE || whole.end !== session.length) return session
  const kept: Buffer[] = []
  let length = 0
  for (let at = whole.content; at < whole.end;) {
    const element = elementAt(session, at)
    if (!element || element.end > whole.end) return session
    if (element.tag !== PEER_CERTIFICATE) {
      kept.push(session.subarray(element.start, element.end))
      length += element.end - element.start
    }
    at = element.end
  }
  return Buffer.concat([Buffer.from([SEQUENCE, ...lengthOf(length)]), ...kept])
}

/** X.690 section 8.1: a tag of one byte, and a length in the short or the long form. */
export function elementAt(data: Buffer, start: number): Element | null {
  const [tag, first] = [data[start], data[start + 1]]
  if (tag === undefined || first === undefined) return null
  if (first < 0x80) return { tag, start, content: start + 2, end: start + 2 + first }
  const bytes = first & 0x7f
  const content = start + 2 + bytes
  if (bytes === 0 || bytes > 4 || content > data.length) return null
  return { tag, start, content, end: content + data.readUIntBE(start + 2, bytes) }
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}

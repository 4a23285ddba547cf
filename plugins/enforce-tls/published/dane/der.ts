/**
 * The few parts of a certificate that node:crypto does not give as they are: its public key bit by bit, and its
 * extensions. Pure; reads only certificates that node:crypto has read already, and throws on anything else.
 */
import type { X509Certificate } from 'node:crypto'

interface Element {
  readonly tag: number
  /** With tag and length. */
  readonly whole: Buffer
  readonly content: Buffer
}

/** An extension of a certificate. */
export interface Extension {
  /** The object identifier, in hexadecimal DER. */
  readonly id: string
  readonly critical: boolean
  /** What the extension says, in DER. */
  readonly value: Buffer
}

const [BOOLEAN, INTEGER, VERSION, EXTENSIONS] = [0x01, 0x02, 0xa0, 0xa3]
/** Fields of a TBSCertificate before the public key: serial number, algorithm, issuer, validity, subject. */
const FIELDS_BEFORE_KEY = 5

/** The SubjectPublicKeyInfo as it stands in the certificate, which is what a TLSA record is made of. */
export function publicKeyOf(certificate: X509Certificate): Buffer {
  const fields = fieldsOf(certificate)
  const key = fields[FIELDS_BEFORE_KEY + (fields[0]?.tag === VERSION ? 1 : 0)]
  if (!key) throw new RangeError('a certificate without a public key')
  return key.whole
}

export function extensionsOf(certificate: X509Certificate): readonly Extension[] {
  const wrapped = fieldsOf(certificate).find(({ tag }) => tag === EXTENSIONS)
  return elements(elements(wrapped?.content ?? Buffer.alloc(0))[0]?.content ?? Buffer.alloc(0)).map(
    ({ content }) => {
      const [id, ...rest] = elements(content)
      const value = rest.at(-1)
      if (!id || !value) throw new RangeError('an extension without a value')
      const critical = rest[0]?.tag === BOOLEAN && rest[0].content[0] !== 0
      return { id: id.content.toString('hex'), critical, value: value.content }
    },
  )
}

/** The most authorities that may follow below one, from its basic constraints; `null` for no limit. */
export function pathLengthOf(basicConstraints: Buffer): number | null {
  const [sequence] = elements(basicConstraints)
  const length = elements(sequence?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === INTEGER)
  if (!length) return null
  return length.content.reduce((number, byte) => number * 256 + byte, 0)
}

function fieldsOf({ raw }: X509Certificate): readonly Element[] {
  const [certificate] = elements(raw)
  const [toBeSigned] = elements(certificate?.content ?? Buffer.alloc(0))
  return elements(toBeSigned?.content ?? Buffer.alloc(0))
}

function elements(der: Buffer): readonly Element[] {
  const found: Element[] = []
  for (let start = 0; start < der.length;) {
    const first = der.readUInt8(start + 1)
    const sizeBytes = first < 0x80 ? 0 : first & 0x7f
    const length = sizeBytes === 0 ? first : der.readUIntBE(start + 2, sizeBytes)
    const content = start + 2 + sizeBytes
    const end = content + length
    if (end > der.length) throw new RangeError('DER that ends before it is complete')
    found.push({
      tag: der.readUInt8(start),
      whole: der.subarray(start, end),
      content: der.subarray(content, end),
    })
    start = end
  }
  return found
}

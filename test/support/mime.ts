/**
 * A small strict reader of MIME: header fields and the tree of multipart parts, without ever looking into
 * an attached message. A multipart whose boundary is missing or never closed throws.
 */
import libmime from 'libmime'

export interface MimePart {
  /** Lower case, `text/plain` by default. */
  readonly type: string
  /** Parameters of the content type, names in lower case. */
  readonly parameters: Readonly<Record<string, string>>
  /** Names in lower case, values unfolded and decoded; of repeated fields the first. */
  readonly headers: Readonly<Record<string, string>>
  /** The decoded content of a part that is not a multipart. */
  readonly content: string
  readonly parts: readonly MimePart[]
}

export function parseMime(raw: string): MimePart {
  const end = /\r?\n\r?\n/.exec(raw)
  const headers = parseHeaders(end ? raw.slice(0, end.index) : raw)
  const body = end ? raw.slice(end.index + end[0].length) : ''
  const { type, parameters } = parseContentType(headers['content-type'] ?? 'text/plain')
  if (!type.startsWith('multipart/')) {
    return { type, parameters, headers, content: decode(body, headers), parts: [] }
  }
  const parts = splitParts(body, parameters['boundary']).map(parseMime)
  return { type, parameters, headers, content: '', parts }
}

function parseHeaders(block: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of block.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0)
      headers[line.slice(0, colon).toLowerCase()] ??= libmime.decodeWords(line.slice(colon + 1).trim())
  }
  return headers
}

function parseContentType(value: string): { type: string; parameters: Record<string, string> } {
  const parameters: Record<string, string> = {}
  for (const [, name = '', quoted, plain] of value.matchAll(/;\s*([\w-]+)=(?:"([^"]*)"|([^\s;]+))/g)) {
    parameters[name.toLowerCase()] = quoted ?? plain ?? ''
  }
  return { type: (/^[^\s;]+/.exec(value)?.[0] ?? '').toLowerCase(), parameters }
}

function splitParts(body: string, boundary: string | undefined): string[] {
  if (boundary === undefined) throw new Error('a multipart without a boundary')
  const delimiter = boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pieces = `\n${body}`.split(new RegExp(`\\r?\\n--${delimiter}(?=--|[ \\t]*\\r?\\n)`))
  const last = pieces.pop()
  if (!last?.startsWith('--')) throw new Error(`a multipart whose boundary ${boundary} is never closed`)
  return pieces.slice(1).map((piece) => piece.replace(/^[ \t]*\r?\n/, ''))
}

function decode(body: string, headers: Readonly<Record<string, string>>): string {
  switch (headers['content-transfer-encoding']?.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8')
    case 'quoted-printable': {
      const bytes = body
        .replace(/=\r?\n/g, '')
        .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      return Buffer.from(bytes, 'latin1').toString('utf8')
    }
    default:
      return body
  }
}

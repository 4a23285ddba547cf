/**
 * The TXT record by which a domain asks for reports on TLS to its mail servers, and where to (RFC 8460 section 3). A
 * destination that cannot be used is passed over, and said. Pure.
 */
import { parseAddress } from '../../rules/address.js'
import { quote } from '../../text/quote.js'

export type TlsRptRecord =
  | {
      readonly kind: 'record'
      readonly destinations: readonly TlsRptDestination[]
      /** What was passed over, a clause each. */
      readonly ignored: readonly string[]
    }
  | { readonly kind: 'none' }
  | {
      /** There are records about reports, but not one that counts: the domain is taken for one that wants none. */
      readonly kind: 'invalid'
      /** As the end of a sentence about the record's name. */
      readonly why: string
    }

/** Where reports go. */
export type TlsRptDestination =
  | { readonly way: 'mail'; readonly uri: string; readonly address: string }
  | { readonly way: 'https'; readonly uri: string; readonly url: URL }

/** Records that begin otherwise are about something else. */
const VERSION = /^v=TLSRPTv1[ \t]*;/
const FIELD = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(.+)$/
/** More of either could make one domain's reports a burden for others. */
const [DESTINATIONS_MAX, URI_MAX] = [5, 500]
/** What can stand in a header and in an envelope as it is. */
const PLAIN_LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/

/** Reads all TXT records of `_smtp._tls.<domain>`, each with its strings joined. */
export function readTlsRptRecords(texts: readonly string[]): TlsRptRecord {
  const [record, ...others] = texts.filter((text) => VERSION.test(text))
  if (record === undefined) {
    const near = texts.find((text) => /^\s*v\s*=\s*tlsrpt/i.test(text))
    return near === undefined
      ? { kind: 'none' }
      : invalid(`has a TXT record that does not begin with "v=TLSRPTv1;": ${quote(near)}`)
  }
  if (others.length > 0)
    return invalid(`has ${others.length + 1} TXT records that begin with "v=TLSRPTv1;"; only one is allowed`)
  const rua = ruaIn(record)
  if (rua === null) return invalid(`has a TXT record without a rua: ${quote(record)}`)
  const uris = rua.split(',').map((uri) => uri.trim())
  const read = uris.slice(0, DESTINATIONS_MAX).map(readDestination)
  const destinations = read.filter((each) => 'way' in each)
  const ignored = read.flatMap((each) => ('why' in each ? [each.why] : []))
  if (uris.length > DESTINATIONS_MAX)
    ignored.push(`only the first ${DESTINATIONS_MAX} destinations count, and there are ${uris.length}`)
  if (destinations.length === 0)
    return invalid(`has a TXT record without a destination that can be used: ${ignored.join('; ')}`)
  return { kind: 'record', destinations, ignored }
}

/** Of a field that comes twice the first counts. */
function ruaIn(record: string): string | null {
  for (const field of record.replace(VERSION, '').split(';')) {
    const [, name, value] = FIELD.exec(field.trim()) ?? []
    if (name === 'rua') return value ?? null
  }
  return null
}

function readDestination(uri: string): TlsRptDestination | { readonly why: string } {
  if (uri.length > URI_MAX) return { why: `${quote(uri.slice(0, 40))}… is too long` }
  if (/^mailto:/i.test(uri)) {
    const address = mailAddress(uri.slice('mailto:'.length))
    return address === null ? { why: `${quote(uri)} is not one mail address` } : { way: 'mail', uri, address }
  }
  if (/^https:/i.test(uri)) {
    const url = URL.canParse(uri) ? new URL(uri) : null
    if (!url || url.username !== '' || url.password !== '')
      return { why: `${quote(uri)} is not a URL that can be used` }
    return { way: 'https', uri, url }
  }
  return { why: `${quote(uri)} is neither mailto: nor https:` }
}

/** The address of a `mailto:` URI (RFC 6068), whose header fields do not count; `null` for none or several. */
function mailAddress(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text.replace(/\?.*$/, ''))
    const parsed = parseAddress(decoded)
    const local = decoded.slice(0, decoded.lastIndexOf('@'))
    return 'problem' in parsed || !PLAIN_LOCAL_PART.test(local) ? null : `${local}@${parsed.address.domain}`
  } catch {
    return null
  }
}

function invalid(why: string): TlsRptRecord {
  return { kind: 'invalid', why }
}

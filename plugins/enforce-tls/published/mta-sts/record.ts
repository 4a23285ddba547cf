/**
 * The TXT record by which a domain says that it has an MTA-STS policy, and which version of it (RFC 8461 section 3.1).
 * Pure.
 */
import { quote } from '../../text/quote.js'

export type StsRecord =
  | {
      readonly kind: 'record'
      /** The version of the policy; another one says that it has changed. */
      readonly id: string
    }
  | { readonly kind: 'none' }
  | {
      /** There are records of MTA-STS, but not one that counts: senders take the domain for one without a policy. */
      readonly kind: 'invalid'
      /** As the end of a sentence about the record's name. */
      readonly why: string
    }

/** Records that begin otherwise are about something else. */
const VERSION = /^v=STSv1[ \t]*;/
const FIELD = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c\x3e-\x7e]+)$/
const ID = /^[A-Za-z0-9]{1,32}$/

/** Reads all TXT records of `_mta-sts.<domain>`, each with its strings joined. */
export function readStsRecords(texts: readonly string[]): StsRecord {
  const [record, ...others] = texts.filter((text) => VERSION.test(text))
  if (record === undefined) {
    // Not the same as a domain that has something else there.
    const near = texts.find((text) => /^\s*v\s*=\s*sts/i.test(text))
    return near === undefined
      ? { kind: 'none' }
      : invalid(`has a TXT record that does not begin with "v=STSv1;": ${quote(near)}`)
  }
  if (others.length > 0)
    return invalid(`has ${others.length + 1} TXT records that begin with "v=STSv1;"; only one is allowed`)
  const fields = record.replace(VERSION, '').split(';')
  // A semicolon at the end is allowed.
  if (fields.length > 1 && fields.at(-1)?.trim() === '') fields.pop()
  let id: string | undefined
  for (const field of fields) {
    const [, name, value] = FIELD.exec(field.trim()) ?? []
    if (name === undefined)
      return invalid(`has a TXT record with a field that cannot be read: ${quote(field)}`)
    // Of a field that comes twice the first counts.
    if (name === 'id') id ??= value
  }
  if (id === undefined) return invalid(`has a TXT record without an id: ${quote(record)}`)
  if (!ID.test(id))
    return invalid(`has a TXT record whose id is not 1 to 32 letters and digits: ${quote(id)}`)
  return { kind: 'record', id }
}

function invalid(why: string): StsRecord {
  return { kind: 'invalid', why }
}

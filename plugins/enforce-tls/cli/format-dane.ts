/** What a check found of DANE, in words for a person. Pure. */
import type { DaneOutcome, HostDane, RecordDane } from '../check/dane-types.js'
import type { PartnerCheck } from '../check/types.js'

const RECORDS_SHOWN = 10
const DIGITS_SHOWN = 16

/** What stands in a cell, and whether a list says more of it below. */
const OUTCOMES: Readonly<Record<DaneOutcome, { readonly short: string; readonly explained: boolean }>> = {
  vouched: { short: 'yes', explained: false },
  partly: { short: 'partly', explained: true },
  'host-only': { short: 'host only', explained: true },
  'not-vouched': { short: 'no', explained: true },
  none: { short: 'none', explained: false },
  unknown: { short: 'unknown', explained: true },
}

/** Whether what leads to a host is proved. @param byMx whether its MX records were to be asked for */
export function formatDnssec({ mxAuthentic, addressesAuthentic }: HostDane, byMx: boolean): string {
  const word = (authentic: boolean | null) =>
    authentic === null ? 'unknown' : authentic ? 'signed' : 'not signed'
  return `${byMx ? `MX: ${word(mxAuthentic)}; ` : ''}addresses: ${word(addressesAuthentic)}`
}

/** The TLSA records of a host, a line each. */
export function formatTlsa({ outcome, detail, records }: HostDane): string[] {
  if (records.length === 0) return [outcome === 'none' ? 'none' : `unknown: ${detail ?? ''}`]
  const more = records.length - RECORDS_SHOWN
  return [...records.slice(0, RECORDS_SHOWN).map(formatRecord), ...(more > 0 ? [`and ${more} more`] : [])]
}

function formatRecord(record: RecordDane): string {
  const { usage, selector, matchingType, data } = record
  const digits = data.length > DIGITS_SHOWN ? `${data.slice(0, DIGITS_SHOWN)}…` : data
  return `${usage} ${selector} ${matchingType} ${digits}: ${formatResult(record)}`
}

function formatResult({ matches, reason, detail }: RecordDane): string {
  if (matches === null) return 'not compared'
  if (matches) return 'yes'
  return reason === 'ignored' ? `does not count, ${detail ?? ''}` : `no, ${reason ?? ''}`
}

/** A column of a list; `null` where no partner uses DANE, or nobody could be asked. */
export function daneCells(checks: readonly PartnerCheck[]): readonly string[] | null {
  const uses = checks.some(({ dane }) => dane && dane.outcome !== 'none' && dane.outcome !== 'unknown')
  return uses ? checks.map(({ dane }) => (dane ? OUTCOMES[dane.outcome].short : 'unknown')) : null
}

/** What a list says below, each sentence once; of which partner, unless nobody could be asked. */
export function daneSentences(checks: readonly PartnerCheck[]): readonly string[] {
  const explained = checks.flatMap(({ domain, dane, hosts }) => {
    if (!dane || !OUTCOMES[dane.outcome].explained) return []
    const asked = hosts.some((host) => host.dane !== null)
    return [asked ? `${domain}: ${dane.sentence}` : dane.sentence]
  })
  return [...new Set(explained)]
}

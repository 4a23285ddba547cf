/**
 * Whether a domain wants reports on TLS. Reports hold nothing that is secret, so that the answer need not be authentic
 * (RFC 8460 section 8). Never rejects.
 */
import type { Dns, Failed } from '../../dns/answer.js'
import { readTlsRptRecords, type TlsRptRecord } from './record.js'

/** Looks up the record of a domain. */
export async function lookUpTlsRpt(dns: Dns, domain: string): Promise<TlsRptRecord | Failed> {
  const answer = await dns.ask(`_smtp._tls.${domain}`, 'TXT')
  if (answer.kind === 'failed') return answer
  return readTlsRptRecords(answer.kind === 'found' ? answer.records : [])
}

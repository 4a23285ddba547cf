/** The mail that carries a report (RFC 8460 section 5.3). Pure but for the making of the mail. */
import { randomUUID } from 'node:crypto'
import { mailDate } from '../../delivery/bounce/fields.js'
import { addAlternatives, attach, multipart, written } from '../../delivery/bounce/mime.js'
import { submitterOf, type NamedReport } from '../tls-rpt.js'

export interface ReportMail {
  /** The address that the domain names. */
  readonly to: string
  /** The domain that the report is about. */
  readonly domain: string
  readonly named: NamedReport
  /** The report, compressed. */
  readonly gzip: Buffer
  readonly now: Date
}

/** Writes the mail, lines ending in CRLF. */
export async function composeReportMail({ to, domain, named, gzip, now }: ReportMail): Promise<string> {
  const { report, fileName } = named
  const from = report['contact-info']
  const submitter = submitterOf({ contact: from })
  const root = multipart('report; report-type=tlsrpt')
  root.setHeader('From', from)
  root.setHeader('To', to)
  root.setHeader('Date', mailDate(now))
  root.setHeader(
    'Subject',
    `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${report['report-id']}>`,
  )
  root.setHeader('Message-ID', `<${randomUUID()}@${submitter}>`)
  root.setHeader('TLS-Report-Domain', domain)
  root.setHeader('TLS-Report-Submitter', submitter)
  // RFC 3834: no answering machine shall answer.
  root.setHeader('Auto-Submitted', 'auto-generated')
  addAlternatives(root, textOf(domain, named), '')
  attach(root, 'application/tlsrpt+gzip', `${fileName}.gz`, gzip)
  return await written(root)
}

function textOf(domain: string, { report }: NamedReport): string {
  const day = report['date-range']['start-datetime'].slice(0, 10)
  return [
    `This is a report on TLS of mail sent to ${domain} on ${day} (UTC), as RFC 8460 describes it.`,
    `It was sent because of the TXT record _smtp._tls.${domain}.`,
    `For questions, write to ${report['contact-info']}.`,
    '',
  ].join('\r\n')
}

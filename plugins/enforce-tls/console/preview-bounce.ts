/**
 * The bounce that a sender would get for what a check has just found of the recipient's servers; outside of a Haraka with
 * the package's own templates and this machine's name.
 */
import { Readable } from 'node:stream'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { HostCheck, PartnerCheck } from '../check/types.js'
import { bounceTexts, type BounceOptions, type BounceTexts } from '../delivery/bounce/compose.js'
import { judge, type Attempt } from '../delivery/outcome.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { formatAddress, type MailAddress } from '../rules/address.js'
import type { Requirement } from '../rules/requirement.js'
import type { SenderHelp } from '../rules/sender-help.js'
import type { Settings } from '../settings/types.js'

/** Which bounce to write. */
export interface PreviewRequest {
  readonly sender: MailAddress
  readonly recipient: MailAddress
  readonly requirement: Requirement
  /** What was found; its verdict is `bounced` or `waits`. */
  readonly check: PartnerCheck
  /** The message's header block as far as it was given, of unknown content. */
  readonly header: string
  /** Whom the sender can ask. */
  readonly help: SenderHelp
}

/** Writes the texts of the bounce. */
export function previewBounce(
  { sender, recipient, requirement, check, header, help }: PreviewRequest,
  options: BounceOptions,
): Promise<BounceTexts> {
  const attempts = check.hosts.filter(({ failure }) => failure !== null).map(attemptAt)
  const item = {
    todo: {
      domain: recipient.domain,
      queue_time: options.now.getTime(),
      mail_from: harakaAddress(sender),
      rcpt_to: [harakaAddress(recipient)],
    },
    data_stream: () => Readable.from([Buffer.from(messageOf(header, sender, options))]),
  }
  return bounceTexts(
    {
      // Of a queue item, a bounce needs no more than that.
      item: item as unknown as HarakaMailItem,
      requirement,
      attempts,
      tlsToBlame: judge(attempts).tls,
      reason: check.reason,
      mayQuote: false,
    },
    { ...options, help },
  )
}

/** What a delivery would have written down of the same failure. */
function attemptAt({ host, to, failure }: HostCheck): Attempt {
  const { class: name = null, temporary = true, detail = '', status = '' } = failure ?? {}
  const seen = { class: name, temporary, detail, status: status.replace(/^[245]\./, '') }
  return { host, to: to ?? '', secured: false, session: null, failure: seen }
}

/** The header block, with what every message has where it was not given. */
function messageOf(header: string, sender: MailAddress, { now, me }: BounceOptions): string {
  const [block = ''] = header.split(/\r?\n\r?\n/, 1)
  const missing = Object.entries({
    From: `<${formatAddress(sender)}>`,
    Date: now.toUTCString(),
    'Message-ID': `<preview@${me}>`,
  }).filter(([name]) => !new RegExp(`^${name}[ \\t]*:`, 'im').test(block))
  const lines = [...missing.map(([name, value]) => `${name}: ${value}`), block.trim()]
  return `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n`
}

function harakaAddress(address: MailAddress): HarakaAddress {
  const text = formatAddress(address)
  return { user: text.slice(0, text.lastIndexOf('@')), host: address.domain, address: text }
}

const CONFIG = path.resolve(__dirname, '..', '..', '..', '..', 'config')

/** The preview outside of a Haraka. @throws when the package's files can't be read. */
export async function packagedPreview(
  request: PreviewRequest,
  { failure, tls }: Pick<Settings, 'failure' | 'tls'>,
): Promise<BounceTexts> {
  const [text, html] = await Promise.all([
    template('enforce-tls.bounce_message'),
    template('enforce-tls.bounce_message_html'),
  ])
  return previewBounce(request, {
    me: hostname(),
    content: failure.bounceContent,
    templates: { text, html },
    now: new Date(),
    minVersion: tls.minVersion,
  })
}

async function template(name: string): Promise<readonly string[]> {
  return (await readFile(path.join(CONFIG, name), 'utf8')).split('\n')
}

/**
 * The bounce that a sender would get for what a check has just found of the recipient's servers; outside of a Haraka as
 * the one in a folder would write it.
 */
import { Readable } from 'node:stream'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { HostCheck, PartnerCheck } from '../check/types.js'
import { bounceTexts, type BounceOptions, type BounceTexts } from '../delivery/bounce/compose.js'
import { markRecipients, reasonOf } from '../delivery/finish.js'
import { enhancedCodeOf } from '../delivery/tls/smtp-reply.js'
import { decisiveAttempt, judge, type Attempt } from '../delivery/outcome.js'
import { configOf, outboundSettings } from '../check/outbound-settings.js'
import type { HarakaAddress, HarakaConfig, HarakaMailItem } from '../haraka/types.js'
import { formatAddress, type MailAddress } from '../rules/address.js'
import type { Requirement } from '../rules/requirement.js'
import type { SenderHelp } from '../rules/sender-help.js'
import type { Settings } from '../settings/types.js'
import type { Language } from '../text/language.js'

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
  /** Its language; absent for that of the message or of the sender's domain. */
  readonly language?: Language | undefined
}

/** Writes the texts of the bounce. */
export function previewBounce(
  { sender, recipient, requirement, check, header, help, language }: PreviewRequest,
  options: BounceOptions,
): Promise<BounceTexts> {
  const attempts = check.hosts.filter(({ failure }) => failure !== null).map(attemptAt)
  const to = harakaAddress(recipient)
  const item = {
    // What waits has been tried before it bounces.
    num_failures: check.verdict === 'waits' ? RETRIES : 0,
    todo: {
      domain: recipient.domain,
      queue_time: options.now.getTime(),
      mail_from: harakaAddress(sender),
      rcpt_to: [to],
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
      reason: markedWith(to, check, attempts),
      // Where it has come to MAIL, the answer may quote the message.
      mayQuote: check.hosts.some(({ dialogue }) => dialogue.some(({ asked }) => asked.startsWith('MAIL'))),
    },
    { ...options, help, asked: language },
  )
}

/** More than one, of which a bounce says no more than that. */
const RETRIES = 2

/** Marks the recipient as a delivery does that fails so; gives the reason of its bounce. */
function markedWith(to: HarakaAddress, check: PartnerCheck, attempts: readonly Attempt[]): string {
  const { noHost, reason } = check
  if (noHost) {
    to.dsn_status = noHost.status
    return noHost.reason
  }
  const decisive = decisiveAttempt(attempts)
  if (!decisive) return reason
  markRecipients([to], decisive.failure, decisive.host, true)
  to.dsn_smtp_extc = enhancedCodeOf(decisive.failure.reply?.text ?? '') || undefined
  return reasonOf(decisive.failure, decisive.host)
}

/** What a delivery would have written down of the same failure. */
function attemptAt({ host, to, failure }: HostCheck): Attempt {
  const { class: name = null, temporary = true, detail = '', status = '', reply } = failure ?? {}
  const answered = reply ? { reply } : {}
  const seen = { class: name, temporary, detail, status: status.replace(/^[245]\./, ''), ...answered }
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

/**
 * The preview outside of a Haraka, as the Haraka in a folder would write it.
 *
 * @param folder `null` for none: this machine's name, and the package's templates
 * @throws when the package's files can't be read.
 */
export async function packagedPreview(
  request: PreviewRequest,
  { failure, tls }: Pick<Settings, 'failure' | 'tls'>,
  folder: string | null,
): Promise<BounceTexts> {
  const config = folder === null ? null : configOf(folder)
  const [text, html] = await Promise.all([
    template('enforce-tls.bounce_message', config),
    template('enforce-tls.bounce_message_html', config),
  ])
  return previewBounce(request, {
    me: outboundSettings(config).helo,
    content: failure.bounceContent,
    templates: { text, html },
    now: new Date(),
    minVersion: tls.minVersion,
    language: failure.language,
  })
}

/** The operator's, or ours. */
async function template(name: string, config: HarakaConfig | null): Promise<readonly string[]> {
  const own = config?.get(name, 'data') ?? []
  return own.length > 0 ? own : (await readFile(path.join(CONFIG, name), 'utf8')).split('\n')
}

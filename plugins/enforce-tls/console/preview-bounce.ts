/**
 * The bounce that a sender would get because of a rule, for a message and a receiving server that are made up; outside
 * of a Haraka with the package's own templates and this machine's name.
 */
import { Readable } from 'node:stream'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { bounceTexts, type BounceOptions, type BounceTexts } from '../delivery/bounce/compose.js'
import { tlsFailure, type Attempt, type AttemptFailure } from '../delivery/outcome.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { formatAddress, type MailAddress } from '../rules/address.js'
import { definitionOf } from '../rules/levels.js'
import { requirementOf } from '../rules/requirement.js'
import type { SenderHelp } from '../rules/sender-help.js'
import { actionOf, type RelayWithTls, type Rule } from '../rules/rule.js'
import type { Settings } from '../settings/types.js'

/** RFC 5737: an address that nobody has. */
const SERVER_ADDRESS = '192.0.2.25:25'

/** Which bounce to write. */
export interface PreviewRequest {
  readonly owner: string
  readonly rule: Rule
  readonly sender: MailAddress
  readonly recipient: MailAddress
  /** Whom the sender can ask. */
  readonly help: SenderHelp
}

/** Writes the texts of the bounce. */
export function previewBounce(
  { owner, rule, sender, recipient, help }: PreviewRequest,
  options: BounceOptions,
): Promise<BounceTexts> {
  const host = `mx.${recipient.domain}`
  const action = actionOf(rule)
  const message = [
    `From: <${formatAddress(sender)}>`,
    `Date: ${options.now.toUTCString()}`,
    `Message-ID: <preview@${options.me}>`,
    'Subject: (subject of the message)',
    '',
    '',
  ]
  const item = {
    todo: {
      domain: recipient.domain,
      queue_time: options.now.getTime(),
      mail_from: harakaAddress(sender),
      rcpt_to: [harakaAddress(recipient)],
    },
    data_stream: () => Readable.from([Buffer.from(message.join('\r\n'))]),
  }
  return bounceTexts(
    {
      // Of a queue item, a bounce needs no more than that.
      item: item as unknown as HarakaMailItem,
      requirement: requirementOf(action, recipient.domain, { owner, id: 'preview', name: rule.name }),
      attempts: attemptsAt(host, action),
      tlsToBlame: true,
      reason: '',
      mayQuote: false,
    },
    { ...options, help },
  )
}

/** The attempts at the recipient's server and at the gateway, as far as the rule has mail go there. */
function attemptsAt(host: string, action: RelayWithTls): Attempt[] {
  const { via, onFailure } = action
  const failed = { to: SERVER_ADDRESS, secured: false, session: null }
  const own = { ...failed, host, failure: failureAt(action) }
  if (via === undefined) return [own]
  const failure = tlsFailure('gateway-unavailable', 'could not be reached')
  const gateway = { ...failed, host: via, gateway: via, failure }
  return onFailure === 'reroute' ? [own, gateway] : [gateway]
}

/** What is most likely: no TLS; at the levels that look at what is published, a server that is not as published. */
function failureAt({ level }: RelayWithTls): AttemptFailure {
  const { published } = definitionOf(level)
  if (published === null) return tlsFailure('starttls-not-supported', 'the server does not offer STARTTLS')
  return published === 'mta-sts'
    ? tlsFailure('mx-not-listed', 'is not among the hosts that the MTA-STS policy of the domain lists')
    : tlsFailure('tlsa-invalid', 'has a public key that is not the one of its TLSA record')
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

/**
 * The mail about partners: one for all that began to fail or work again. Pure but for the making of the
 * mail; every value is one line, whatever a peer or a rule held.
 */
import { randomUUID } from 'node:crypto'
import ms from 'ms'
import { fillHtml, fillText, together } from '../../delivery/bounce/template.js'
import { addAlternatives, automaticMail, written } from '../../delivery/bounce/mime.js'
import { oneLine } from '../../text/one-line.js'
import { gatewayIn, type PartnerState, type Trouble } from './partner-state.js'

/** What else a digest says. */
export interface DigestOptions {
  /** This server's name. */
  readonly me: string
  readonly from: string
  readonly to: readonly string[]
  /** The least time between two digests, in milliseconds. */
  readonly interval: number
  readonly now: Date
}

/** Partners with a trouble, in three groups. */
interface Groups {
  readonly failing: readonly Notified[]
  /** A mail has said before that they fail. */
  readonly working: readonly Notified[]
  /** No mail has said that they failed. */
  readonly over: readonly Notified[]
}

type Notified = PartnerState & { readonly trouble: Trouble }

/** Most partners that are described; the others are counted. */
const DESCRIBED_MAX = 50
/** Most partners that a subject names. */
const NAMED_MAX = 3

/**
 * Writes a digest, lines ending in CRLF.
 *
 * @param partners with something to report; not empty
 */
export async function composeDigest(
  partners: readonly PartnerState[],
  options: DigestOptions,
): Promise<string> {
  const { me, from, to, now } = options
  const groups = grouped(partners)
  const root = automaticMail('alternative', {
    from,
    to,
    subject: subjectOf(groups),
    date: now,
    messageId: `<${randomUUID()}@${me}>`,
  })
  addAlternatives(root, textOf(groups, options), htmlOf(groups, options))
  return await written(root)
}

function grouped(partners: readonly PartnerState[]): Groups {
  const notified = partners
    .filter((partner): partner is Notified => partner.trouble !== null)
    .sort((a, b) => a.trouble.since - b.trouble.since || (a.domain < b.domain ? -1 : 1))
  return {
    failing: notified.filter(({ trouble }) => trouble.until === null),
    working: notified.filter(({ trouble }) => trouble.until !== null && trouble.told),
    over: notified.filter(({ trouble }) => trouble.until !== null && !trouble.told),
  }
}

function subjectOf({ failing, working, over }: Groups): string {
  const parts = [
    ...(failing.length > 0 ? [`TLS fails: ${namesOf(failing)}`] : []),
    ...(working.length > 0 ? [`TLS works again: ${namesOf(working)}`] : []),
    ...(over.length > 0 ? [`TLS failed for a while: ${namesOf(over)}`] : []),
  ]
  return oneLine(parts.join('; '), 200)
}

function namesOf(partners: readonly Notified[]): string {
  const domains = [...new Set(partners.map(({ domain }) => oneLine(domain, 60)))]
  const others = domains.length - NAMED_MAX
  return others > 0 ? `${domains.slice(0, NAMED_MAX).join(', ')} and ${others} more` : domains.join(', ')
}

/** A part of the mail: a heading, and what follows it. */
interface Section {
  readonly heading: string
  readonly partners: readonly Notified[]
}

function sectionsOf({ failing, working, over }: Groups): Section[] {
  return [
    { heading: 'TLS used to work and now fails', partners: failing },
    { heading: 'TLS works again', partners: working },
    { heading: 'TLS failed for a while and works again', partners: over },
  ].filter(({ partners }) => partners.length > 0)
}

function textOf(groups: Groups, options: DigestOptions): string {
  const sections = sectionsOf(groups).map(({ heading, partners }) => {
    const described = partners.slice(0, DESCRIBED_MAX).map((partner) =>
      fillText(['', '{title}', '- {facts}'], {
        single: { title: titleOf(partner) },
        lists: { facts: factsOf(partner) },
      }),
    )
    return [`${heading.toUpperCase()}\r\n`, ...described, ...moreOf(partners)].join('\r\n')
  })
  const footer = fillText(['', '{footer}'], { single: { footer: footerOf(options) }, lists: {} })
  return [...sections, footer].join('\r\n')
}

function htmlOf(groups: Groups, options: DigestOptions): string {
  const sections = sectionsOf(groups).map(({ heading, partners }) => {
    const described = partners
      .slice(0, DESCRIBED_MAX)
      .map((partner) =>
        fillHtml(PARTNER_HTML, { single: { title: titleOf(partner) }, lists: { facts: factsOf(partner) } }),
      )
    return [
      fillHtml(HEADING_HTML, { single: { heading }, lists: {} }),
      ...described,
      ...moreOf(partners),
    ].join('')
  })
  const single = { subject: subjectOf(groups), footer: footerOf(options) }
  return [
    fillHtml(TOP_HTML, { single, lists: {} }),
    ...sections,
    fillHtml(BOTTOM_HTML, { single, lists: {} }),
  ].join('')
}

const TOP_HTML = [
  '<!DOCTYPE html>',
  '<html lang="en">',
  '<head>',
  '<meta charset="utf-8">',
  '<meta name="viewport" content="width=device-width, initial-scale=1">',
  '<title>{subject}</title>',
  '</head>',
  '<body style="margin:0;padding:24px;font:16px/1.5 Arial,Helvetica,sans-serif;color:#1f2328;background:#ffffff">',
  '<div style="max-width:640px;word-break:break-word;overflow-wrap:anywhere">',
]
const HEADING_HTML = ['<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">{heading}</h1>']
const PARTNER_HTML = [
  '<h2 style="margin:0 0 4px;font-size:16px">{title}</h2>',
  '<ul style="margin:0 0 24px;padding-left:20px;font-size:14px">',
  '<li>{facts}</li>',
  '</ul>',
]
const BOTTOM_HTML = [
  '<p style="margin:0;font-size:13px;color:#57606a">{footer}</p>',
  '</div>',
  '</body>',
  '</html>',
]

function moreOf(partners: readonly Notified[]): string[] {
  const more = partners.length - DESCRIBED_MAX
  return more > 0 ? [`and ${more} more; enforce-tls report lists them all.\r\n`] : []
}

function titleOf({ domain, requires }: Notified): string {
  return `${oneLine(domain)} (${oneLine(requires)})`
}

function factsOf(partner: Notified): string[] {
  const { domain, lastPass, trouble } = partner
  const gateway = gatewayIn(partner)
  const { facts, since, until, failures, bounced } = trouble
  const rules = facts.rules.map(({ owner, name }) => `"${oneLine(name, 80)}" of ${oneLine(owner, 80)}`)
  const times =
    until === null
      ? `Since ${momentOf(since)}; last seen working at ${momentOf(lastPass)}`
      : `From ${momentOf(since)} to ${momentOf(until)}`
  const server = oneLine(facts.host, 100) || `of ${oneLine(domain)}`
  const name = facts.class === null ? '' : ` (${facts.class})`
  return [
    times,
    `${gateway === null ? 'The receiving server' : `The gateway ${oneLine(gateway)},`} ${server} ${oneLine(facts.detail)}${name}`,
    `${failures === 1 ? 'One delivery' : `${failures} deliveries`} failed, ${bounced} bounced`,
    `Required by ${rules.join(', ')}`,
    ...(gateway === null
      ? until === null
        ? checksOf(partner).map((check) => `To check: ${together(check)}`)
        : []
      : [
          'Mail of these rules that has to go through it waits until it works; see [gateways] in enforce-tls.ini',
        ]),
  ]
}

/** Whose lists of names or fingerprints are not in the alert: of them the rules are asked about. */
const LISTING = /^(?:secure|fingerprint)\b/
/** What a command line takes as it is. */
const PLAIN_WORD = /^[\w@.+-]+$/

/** The commands that ask the partner's servers. */
function checksOf(partner: Notified): string[] {
  const { rules } = partner.trouble.facts
  const isPlain = rules.every(
    ({ owner, id }) => PLAIN_WORD.test(owner.replace('*', 'x')) && PLAIN_WORD.test(id),
  )
  if (!LISTING.test(partner.requires) || rules.length === 0 || !isPlain) return [checkOf(partner)]
  return rules.map(
    ({ owner, id }) =>
      `enforce-tls check ${oneLine(partner.domain)} --owner ${owner === '*' ? "'*'" : owner} --rule ${id}`,
  )
}

function checkOf({ domain, requires }: Notified): string {
  const [, level = '', version, otherwise, trust, onward] =
    /^(\S+?)(?:, (\S+) or later)?(?:, otherwise (\w+)(?: and \w+)*)?(?:, trust (\S+?))?(, only with REQUIRETLS)?$/.exec(
      oneLine(requires),
    ) ?? []
  return [
    `enforce-tls check ${oneLine(domain)}`,
    // Of a pinned certificate the command shows the fingerprint; what is listed stands in the rule.
    ...(level === 'fingerprint' || level === '' ? [] : [`--level ${level}`]),
    ...(version === undefined ? [] : [`--min-version ${version}`]),
    ...(otherwise === undefined ? [] : [`--otherwise ${otherwise}`]),
    ...(trust === undefined ? [] : [`--trust ${trust}`]),
    ...(onward === undefined ? [] : ['--require-onward must']),
  ].join(' ')
}

function momentOf(at: number): string {
  return together(`${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`)
}

function footerOf({ me, interval }: DigestOptions): string {
  return `Sent by the mail system of ${me}, at most once in ${ms(interval, { long: true })}; [alert] in enforce-tls.ini sets the recipients.`
}

/** The fields of a rule that options set: one table of what each is called, sets and expects. */
import { LEVEL_NAMES, LEVELS, ON_FAILURE, ONWARD, OTHERWISE, TLS_VERSIONS } from '../rules/levels.js'

/** What an option says: a new value, or `false` for no value at all (`--no-comment`). */
type Given<T> = T | false | undefined

/** What the user wrote behind `rule create` or `rule edit`. */
export interface RuleOptions {
  readonly name?: Given<string>
  readonly to?: Given<readonly string[]>
  readonly exceptTo?: Given<readonly string[]>
  readonly from?: Given<readonly string[]>
  readonly exceptFrom?: Given<readonly string[]>
  readonly subject?: Given<readonly string[]>
  readonly exceptSubject?: Given<readonly string[]>
  readonly header?: Given<readonly string[]>
  readonly exceptHeader?: Given<readonly string[]>
  readonly level?: Given<string>
  readonly minVersion?: Given<string>
  readonly certName?: Given<readonly string[]>
  readonly fingerprint?: Given<readonly string[]>
  readonly otherwise?: Given<string>
  readonly onFailure?: Given<string>
  readonly trust?: Given<string>
  readonly via?: Given<string>
  /** `true` where the option has no value. */
  readonly requireOnward?: Given<string | true>
  readonly mode?: Given<string>
  readonly direction?: Given<string>
  readonly startsAt?: Given<string>
  readonly expiresAt?: Given<string>
  readonly comment?: Given<string>
}

/** An option and the field that it sets. */
export interface Field {
  readonly option: keyof RuleOptions
  readonly flags: string
  readonly summary: string
  /** What a new rule has without the option, in a word or two; empty for nothing. */
  readonly byDefault: string
  /** Path of the field in a rule; the header criteria share one. */
  readonly path: string
  /** What is expected there, where the problem itself does not say so. */
  readonly expected: string
  /** Whether a rule can do without it, so that `--no-…` removes it. */
  readonly removable: boolean
  /** What may stand there, where these are a few words; for completion. */
  readonly words: readonly string[]
}

/** A level of the command alone: `dane` with `otherwise` as it is by default, as Postfix calls it. */
export const DANE_ONLY = 'dane-only'

const PATTERNS = 'bank.example, .bank.example (its subdomains), cfo@bank.example, group:banks or * (all)'
const WORDS = 'words, whatever their case, or a regular expression /…/ or /…/i'
const HEADER = "'Name: words', or 'Name: /regular expression/i'"

function field(
  option: keyof RuleOptions,
  value: string,
  path: string,
  expected: string,
  summary: string,
  {
    removable = true,
    byDefault = '',
    words = [],
  }: Partial<Pick<Field, 'removable' | 'byDefault' | 'words'>> = {},
): Field {
  const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return { option, flags: `${flag} ${value}`, path, expected, summary, byDefault, removable, words }
}

const ACTION = 'actions.relayWithTls'

/** Every option, in the order in which the help shows them. */
export const FIELDS: readonly Field[] = [
  field('to', '<pattern...>', 'criteria.to.matchesAny', PATTERNS, `recipients: ${PATTERNS}`),
  field('exceptTo', '<pattern...>', 'criteria.to.matchesNone', PATTERNS, 'recipients that it does not match'),
  field('from', '<pattern...>', 'criteria.from.matchesAny', PATTERNS, 'senders, of the envelope'),
  field(
    'exceptFrom',
    '<pattern...>',
    'criteria.from.matchesNone',
    PATTERNS,
    'senders that it does not match',
  ),
  field(
    'subject',
    '<words...>',
    'criteria.subject.matchesAny',
    WORDS,
    `the subject has one of these: ${WORDS}`,
  ),
  field(
    'exceptSubject',
    '<words...>',
    'criteria.subject.matchesNone',
    WORDS,
    'the subject has none of these',
  ),
  field('header', '<field...>', 'criteria.header', HEADER, `a header field has these: ${HEADER}`),
  field('exceptHeader', '<field...>', 'criteria.header', HEADER, 'no header field of the name has these'),
  field(
    'level',
    '<level>',
    `${ACTION}.level`,
    'a level',
    [
      ...LEVELS.map(({ name, summary }) => `${name}: ${summary}`),
      `${DANE_ONLY}: dane with --otherwise defer, the default`,
    ].join('; '),
    { removable: false, byDefault: 'encrypt', words: [...LEVEL_NAMES, DANE_ONLY] },
  ),
  field(
    'minVersion',
    '<version>',
    `${ACTION}.minVersion`,
    'a TLS version',
    `the lowest TLS version: ${TLS_VERSIONS.join(' or ')}`,
    { byDefault: 'as in the settings', words: TLS_VERSIONS },
  ),
  field(
    'certName',
    '<name...>',
    `${ACTION}.names`,
    'a DNS name, or .bank.example for any below it',
    "level secure: names that the certificate may have besides the recipient's domain",
  ),
  field(
    'fingerprint',
    '<sha256...>',
    `${ACTION}.fingerprints`,
    'a SHA-256 fingerprint',
    'level fingerprint: SHA-256 of the certificates or public keys, one of which must be there',
  ),
  field(
    'otherwise',
    '<what>',
    `${ACTION}.otherwise`,
    'defer, encrypt or none',
    'levels dane, mta-sts and published, where the partner publishes nothing: defer: the mail waits; ' +
      'encrypt: TLS with any certificate is enough; none: mail may leave in the clear',
    { byDefault: 'defer', words: OTHERWISE },
  ),
  field(
    'onFailure',
    '<action>',
    `${ACTION}.onFailure`,
    'bounce, defer or reroute',
    'when no server fulfils the rule: bounce, defer, or reroute: send it through the gateway of --via',
    { byDefault: 'as in the settings', words: ON_FAILURE },
  ),
  field(
    'via',
    '<gateway>',
    `${ACTION}.via`,
    'the name of a gateway in [gateways] of enforce-tls.ini',
    'a gateway of [gateways] in enforce-tls.ini: with --on-failure reroute for mail that no server of the recipients takes as required, otherwise for all mail of the rule',
    { byDefault: '' },
  ),
  field(
    'requireOnward',
    '[how]',
    `${ACTION}.requireOnward`,
    'offered or must',
    "hand mail on with REQUIRETLS (RFC 8689), so that it stays encrypted beyond the partner's server, too: offered: where the partner offers it; must: only to a server that offers it, has a verified certificate, and is proved to be the right one by DNSSEC, an MTA-STS policy or the certificate",
    { words: ONWARD },
  ),
  field(
    'trust',
    '<name>',
    `${ACTION}.trust`,
    'the name of a section [trust:<name>] of enforce-tls.ini',
    'a section [trust:<name>] of enforce-tls.ini: authorities, client certificate, server name and ciphers of its own',
  ),
  field(
    'mode',
    '<mode>',
    'mode',
    'enforce or report',
    'enforce, or report: change no delivery, log what would have bounced',
    { byDefault: 'enforce', words: ['enforce', 'report'] },
  ),
  field(
    'direction',
    '<direction>',
    'direction',
    'outgoing or incoming',
    'mail that goes out, or comes in: outgoing or incoming',
    { removable: false, byDefault: 'outgoing', words: ['outgoing', 'incoming'] },
  ),
  field(
    'startsAt',
    '<time>',
    'startsAt',
    'a time such as 2026-01-31T08:00:00Z',
    'the rule is active from then on',
  ),
  field(
    'expiresAt',
    '<time>',
    'expiresAt',
    'a time such as 2026-01-31T08:00:00Z',
    'the rule is active until then',
  ),
  field('comment', '<text>', 'comment', 'a text', 'what others should know about the rule'),
]

/** Only `rule edit` has it: to `rule create` the name is an argument. */
export const NAME = field(
  'name',
  '<name>',
  'name',
  'a few words that tell what the rule is for',
  'a new name',
  { removable: false },
)

/** The option that sets what stands at a path of a rule; the path where none does. */
export function flagOfPath(path: string): string {
  return FIELDS.find((each) => path.startsWith(each.path))?.flags.split(' ')[0] ?? path
}

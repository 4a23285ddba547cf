/**
 * The keys of `enforce-tls.ini`, what each may hold, and how that becomes settings. Pure; the first thing
 * that is not as expected is thrown as a `SettingsError`.
 */
import { oneLine } from '../text/one-line.js'
import { Ajv, type ErrorObject } from 'ajv'
import {
  inheritedRedis,
  isEndpoint,
  REDIS_INI,
  REDIS_KEYS,
  REDIS_SECRETS,
  redisContradiction,
  toRedisSettings,
  withPassword,
} from './redis.js'
import { parseResolvers, type Resolver } from '../dns/resolver-list.js'
import { TLS_VERSIONS } from '../rules/levels.js'
import { LANGUAGES } from '../text/language.js'
import { nearest } from '../text/nearest.js'
import { SETTINGS_FILE, SettingsError, withoutValue } from './error.js'
import { NO_SECRETS, type ReadSecret } from './secret-file.js'
import {
  age,
  boolean,
  count,
  duration,
  durationOrNever,
  isAge,
  isDuration,
  isMailbox,
  isYes,
  isOwner,
  list,
  mailbox,
  milliseconds,
  or,
  owner,
  ownerIn,
  text,
  withAsciiDomain,
  words,
  type Keys,
  type Section,
} from './values.js'
import { toGateways } from './gateways.js'
import {
  parseDestinationPolicy,
  POLICY_FOR_EXPECTED,
  REQUIRETLS_POLICIES,
  toRequireTls,
} from './requiretls.js'
import { isNetwork, trustedProxies } from './network.js'
import {
  isServerName,
  toTrustSettings,
  TRUST_KEYS,
  TRUST_SECTION,
  trustContradiction,
  trustNameOf,
} from './trust.js'
import type { Settings } from './types.js'

/** What Haraka's config reader gives for an ini file. */
export type Ini = Readonly<Record<string, Section | undefined>>

/** Who reads the passwords that sections have in files. */
export interface SecretReaders {
  readonly redis: ReadSecret
  readonly gateways: ReadSecret
}

/** Every section and key of the file; `expected` is what an error says. */
export const KEYS: Readonly<Record<string, Keys>> = {
  main: {
    on_store_failure: words('defer', 'deliver'),
    on_empty_store: words('auto', 'defer', 'deliver'),
    defer_seconds: count(1, 86_400),
    report_only: boolean,
    forwarded_mail: words('incoming', 'outgoing'),
    trusted_next_hops: list('a list (trusted_next_hops[]=)'),
  },
  store: { type: words('redis', 'file'), file: text },
  redis: REDIS_KEYS,
  cache: { max_owners: count(1, 100_000_000) },
  tls: {
    min_version: words(...TLS_VERSIONS),
    handshake_timeout: duration,
    session_resumption: boolean,
    connection_reuse: boolean,
    connection_idle: duration,
    connection_max_messages: count(1, 10_000),
    connections_per_host: count(1, 1000),
    ca: text,
    reply_timeout: duration,
  },
  dns: {
    resolver: list(
      'the IP address of a resolver, with a port where it is not 53 (127.0.0.1:5353 or [::1]:5353); resolver[]= for several, a line for each',
      'resolver',
    ),
  },
  mta_sts: { private_addresses: boolean },
  failure: {
    action: words('bounce', 'defer'),
    bounce_content: words('minimal', 'full'),
    delay_warning: durationOrNever,
    allow_release: boolean,
    language: words(...LANGUAGES),
  },
  evidence: {
    stream: boolean,
    max_entries: count(1000, 10_000_000),
    max_age: age,
    addresses: words('none', 'hash', 'full'),
  },
  console: {
    enabled: boolean,
    session_idle: duration,
    session_max: duration,
    trust_proxy: {
      ...({ type: 'string', format: 'proxies' } as object),
      expected: 'false, the number of proxies, or their addresses (loopback, 192.0.2.1, 10.0.0.0/8)',
    },
  },
  metrics: {
    enabled: boolean,
    allow: list('a list of addresses or networks (allow[]=192.0.2.0/24)', 'network'),
  },
  alert: {
    to: list('an address such as postmaster@acme.example; to[]= for several, a line for each', 'mailbox'),
    from: mailbox,
    delay: duration,
    interval: duration,
  },
  tls_rpt: { enabled: boolean, organization: text, contact: mailbox, private_addresses: boolean },
  report: {
    to: list('an address such as compliance@acme.example; to[]= for several, a line for each', 'mailbox'),
    from: mailbox,
    every: words('week', 'month'),
    owner,
  },
  suggest: {
    enabled: boolean,
    deliveries: count(1, 100_000),
    period: duration,
    forget_after: age,
    max_partners: count(10, 10_000),
  },
  requiretls: {
    announce: boolean,
    announce_except: list('addresses or networks of clients (announce_except[]=192.0.2.0/24)', 'network'),
    policy: words(...REQUIRETLS_POLICIES),
    policy_for: list(POLICY_FOR_EXPECTED, 'requiretls-policy'),
    honour_no: boolean,
    header: boolean,
    header_from: list('addresses or networks of content filters (header_from[]=127.0.0.1)', 'network'),
  },
}

/** The section whose keys are names of the operator's own. */
const GATEWAYS = 'gateways'

// The schema of schemas takes longer to compile than these, which are ours.
const ajv = new Ajv({
  meta: false,
  validateSchema: false,
  allErrors: false,
  verbose: true,
  coerceTypes: 'array',
  strict: false,
})
ajv.addFormat('duration-or-never', (value) => value === '0' || isDuration(value))
ajv.addFormat('duration', isDuration)
ajv.addFormat('age', isAge)
ajv.addFormat('proxies', (value) => trustedProxies(value) !== null)
ajv.addFormat('endpoint', isEndpoint)
ajv.addFormat('network', isNetwork)
ajv.addFormat('mailbox', isMailbox)
ajv.addFormat('owner', isOwner)
ajv.addFormat('server-name', isServerName)
ajv.addFormat('requiretls-policy', (value) => parseDestinationPolicy(value) !== null)
ajv.addFormat('resolver', (value) => resolversIn([value]).length > 0)
/** By section; ajv compiles the schema of a section when one is read, and keeps it. */
const sectionSchemas = new Map(
  Object.entries({ ...KEYS, [TRUST_SECTION]: TRUST_KEYS }).map(([name, properties]) => [
    name,
    { type: 'object', properties, additionalProperties: false },
  ]),
)

/**
 * Makes settings of what Haraka's config reader gives for the file.
 *
 * @param ini sections of keys; values are texts, numbers or lists of them
 * @param redisIni the same of `redis.ini`, from which comes what `[redis]` leaves out
 * @param secrets read files with passwords
 * @throws {SettingsError} for the first thing that is not as expected.
 */
export function toSettings(
  ini: Ini,
  redisIni: Ini = {},
  secrets: SecretReaders = { redis: NO_SECRETS, gateways: NO_SECRETS },
): Settings {
  for (const name of Object.keys(ini)) {
    if (!(name in KEYS) && name !== GATEWAYS && trustNameOf(name) === null)
      throw unknownWord('section', name, [...Object.keys(KEYS), GATEWAYS, TRUST_SECTION])
  }
  const inherited = inheritedRedis(withoutEmpty(ini['redis'] ?? {}), redisIni)
  const section = (name: string): Section =>
    checked(name, withoutEmpty(ini[name] ?? {}), name === 'redis' ? inherited : {})
  const [main, store, redis, cache, tls, dns, mtaSts, failure, evidence, console, metrics, alert] =
    Object.keys(KEYS).map(section) as [
      ...[Section, Section, Section, Section, Section, Section],
      ...[Section, Section, Section, Section, Section, Section],
    ]
  const [tlsRpt, report, suggest] = [section('tls_rpt'), section('report'), section('suggest')]
  const contradiction = redisContradiction(redis)
  if (contradiction !== null) throw new SettingsError(`${SETTINGS_FILE}: [redis] ${contradiction}`)
  const unsendable = tlsRptContradiction(tlsRpt, evidence)
  if (unsendable !== null) throw new SettingsError(`${SETTINGS_FILE}: [tls_rpt] ${unsendable}`)
  const incomplete = reportContradiction(report, evidence)
  if (incomplete !== null) throw new SettingsError(`${SETTINGS_FILE}: [report] ${incomplete}`)
  return deepFreeze({
    main: {
      onStoreFailure: or(main['on_store_failure'], 'defer'),
      onEmptyStore: or(main['on_empty_store'], 'auto'),
      deferSeconds: or(main['defer_seconds'], 60),
      reportOnly: isYes(main['report_only'], false),
      forwardedMail: or(main['forwarded_mail'], 'incoming'),
      trustedNextHops: or<string[]>(main['trusted_next_hops'], []),
    },
    store: { type: or(store['type'], 'redis'), file: or(store['file'], 'enforce-tls.rules.json') },
    redis: toRedisSettings(withPassword(redis, secrets.redis), Object.keys(inherited)),
    cache: { maxOwners: or(cache['max_owners'], 100_000) },
    tls: {
      minVersion: or(tls['min_version'], 'TLSv1.2'),
      replyTimeout: milliseconds(tls['reply_timeout'], 300_000),
      handshakeTimeout: milliseconds(tls['handshake_timeout'], 30_000),
      sessionResumption: isYes(tls['session_resumption'], true),
      connectionReuse: isYes(tls['connection_reuse'], true),
      connectionIdle: milliseconds(tls['connection_idle'], 2000),
      connectionMaxMessages: or(tls['connection_max_messages'], 100),
      connectionsPerHost: or(tls['connections_per_host'], 20),
      ca: or(tls['ca'], ''),
    },
    dns: { resolver: resolversIn(or<string[]>(dns['resolver'], [])) },
    mtaSts: { privateAddresses: isYes(mtaSts['private_addresses'], false) },
    failure: {
      action: or(failure['action'], 'bounce'),
      bounceContent: or(failure['bounce_content'], 'minimal'),
      delayWarning: milliseconds(failure['delay_warning'], 14_400_000),
      allowRelease: isYes(failure['allow_release'], false),
      language: or(failure['language'], 'en'),
    },
    evidence: {
      stream: isYes(evidence['stream'], true),
      maxEntries: or(evidence['max_entries'], 100_000),
      maxAge: milliseconds(evidence['max_age'], 90 * 86_400_000),
      addresses: or(evidence['addresses'], 'hash'),
    },
    console: {
      enabled: isYes(console['enabled'], false),
      sessionIdle: milliseconds(console['session_idle'], 1_800_000),
      sessionMax: milliseconds(console['session_max'], 43_200_000),
      trustProxy: trustedProxies(or<string>(console['trust_proxy'], 'false')) ?? false,
    },
    metrics: {
      enabled: isYes(metrics['enabled'], true),
      allow: or<string[]>(metrics['allow'], ['127.0.0.0/8', '::1']),
    },
    alert: {
      to: or<string[]>(alert['to'], []),
      from: or(alert['from'], ''),
      delay: milliseconds(alert['delay'], 30_000),
      interval: milliseconds(alert['interval'], 3_600_000),
    },
    tlsRpt: {
      enabled: isYes(tlsRpt['enabled'], false),
      organization: or(tlsRpt['organization'], ''),
      contact: withAsciiDomain(or(tlsRpt['contact'], '')),
      privateAddresses: isYes(tlsRpt['private_addresses'], false),
    },
    report: {
      to: or<string[]>(report['to'], []),
      from: withAsciiDomain(or(report['from'], '')),
      every: or(report['every'], 'week'),
      owner: ownerIn(report['owner']),
    },
    suggest: {
      enabled: isYes(suggest['enabled'], false),
      deliveries: or(suggest['deliveries'], 10),
      period: milliseconds(suggest['period'], 7 * 86_400_000),
      forgetAfter: milliseconds(suggest['forget_after'], 30 * 86_400_000),
      maxPartners: or(suggest['max_partners'], 5000),
    },
    requiretls: toRequireTls(section('requiretls')),
    trusts: Object.fromEntries(
      Object.keys(ini).flatMap((name) => {
        const trust = trustNameOf(name)
        return trust === null ? [] : [[trust, toTrustSettings(trustSection(name, trust, ini))]]
      }),
    ),
    gateways: toGateways(withoutEmpty(ini[GATEWAYS] ?? {}), secrets.gateways),
  } satisfies Settings)
}

/** How long the delivery log must keep what a report is about, in days: the period, and a day to send it in. */
const LOG_DAYS = { week: 8, month: 32 } as const

/** What keeps reports from being what they are for; `null` for nothing. */
function reportContradiction(report: Section, evidence: Section): string | null {
  if (or<string[]>(report['to'], []).length === 0) return null
  if (!isYes(evidence['stream'], true))
    return 'to= needs [evidence] stream=true: the report is made of the delivery log'
  const every = or<keyof typeof LOG_DAYS>(report['every'], 'week')
  return milliseconds(evidence['max_age'], Infinity) >= LOG_DAYS[every] * 86_400_000
    ? null
    : `every=${every} needs [evidence] max_age=${LOG_DAYS[every]}d or more: the report is made of the delivery log`
}

/** @throws {SettingsError} for the first thing that is not as expected. */
function trustSection(name: string, trust: string, ini: Ini): Section {
  const section = checked(name, withoutEmpty(ini[name] ?? {}), {})
  const contradiction = trustContradiction(trust, section)
  if (contradiction !== null) throw new SettingsError(`${SETTINGS_FILE}: [${name}] ${contradiction}`)
  return section
}

/** What keeps reports from being sent though they are switched on; `null` for nothing. */
function tlsRptContradiction(tlsRpt: Section, evidence: Section): string | null {
  if (!isYes(tlsRpt['enabled'], false)) return null
  if (tlsRpt['organization'] === undefined)
    return 'enabled=true needs organization=: the name of who reports, such as Acme Ltd'
  if (tlsRpt['contact'] === undefined)
    return 'enabled=true needs contact=: whom partners may ask, such as postmaster@acme.example'
  return isYes(evidence['stream'], true)
    ? null
    : 'enabled=true needs [evidence] stream=true: reports are made of the delivery log'
}

/** Several may stand in one line; of a line that is not valid, none. */
function resolversIn(lines: readonly string[]): readonly Resolver[] {
  return lines.flatMap((line) => {
    const resolvers = parseResolvers(line)
    return 'problem' in resolvers ? [] : resolvers
  })
}

/** @param inherited keys of another file */
function checked(name: string, own: Section, inherited: Section): Section {
  const section = { ...inherited, ...own }
  const copy = { ...section }
  const schema = sectionSchemas.get(trustNameOf(name) === null ? name : TRUST_SECTION)
  const validate = schema && ajv.compile(schema)
  if (validate && !validate(copy)) throw describe(name, section, inherited, validate.errors?.[0])
  return copy
}

/** `key=` with nothing behind it is the way to write "not set". */
function withoutEmpty(section: Section): Section {
  return Object.fromEntries(
    Object.entries(section).filter(([, value]) => value !== '' && value !== undefined),
  )
}

/** So much of a value is shown: it may be as long as a file. */
const VALUE_SHOWN = 100

function describe(
  name: string,
  section: Section,
  inherited: Section,
  error: ErrorObject | undefined,
): SettingsError {
  const keys = KEYS[name] ?? TRUST_KEYS
  if (error?.keyword === 'additionalProperties') {
    const key = (error.params as { additionalProperty: string }).additionalProperty
    return unknownWord('key', key, Object.keys(keys), name)
  }
  const key = error?.instancePath.split('/')[1] ?? '?'
  const value = String(section[key])
  const shown = REDIS_SECRETS.includes(key) ? '…' : oneLine(value, VALUE_SHOWN)
  const hint = /\s[;#]/.test(value) ? ' (a comment needs a line of its own)' : ''
  const where = key in inherited ? `${REDIS_INI}:` : `${SETTINGS_FILE}: [${name}]`
  return new SettingsError(`${where} ${key}=${shown}: expected ${keys[key]?.expected ?? '?'}${hint}`)
}

/** @param section of a key */
function unknownWord(
  kind: 'section' | 'key',
  word: string,
  known: readonly string[],
  section?: string,
): SettingsError {
  const where = section === undefined ? '' : ` [${section}]`
  const shown = kind === 'section' ? `[${word}]` : word
  const near = nearest(word, known)
  const hint = near === null ? '' : ` (did you mean ${near}?)`
  return new SettingsError(
    `${SETTINGS_FILE}:${where} unknown ${kind} ${withoutValue(shown)}${hint}; allowed ${kind}s: ${known.join(', ')}`,
  )
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value) as unknown[])
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner)
  return Object.freeze(value)
}

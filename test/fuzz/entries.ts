/** Random entries of the store: rules, groups and services, good, spoilt and the largest that are legal. */
import type { Hostile } from './hostile.js'

/** The senders' domains whose rules a fuzz makes. */
export const FUZZ_DOMAINS: readonly string[] = Array.from({ length: 5 }, (_, index) => `fuzz${index}.example`)
/** The groups that it makes. */
export const FUZZ_GROUPS: readonly string[] = ['fuzz0', 'fuzz1', 'fuzz2']

export function randomOwner(hostile: Hostile): string {
  const domain = hostile.pick(FUZZ_DOMAINS)
  return hostile.once(4) ? `ann@${domain}` : domain
}

export function goodRule(hostile: Hostile): Record<string, unknown> {
  const header = () => ({
    name: hostile.pick(['Subject', 'X-Fuzz', 'From', 'Received']),
    matchesAny: texts(3),
  })
  const patterns = (most: number) =>
    hostile.list(hostile.between(1, most), () => (hostile.once(6) ? 'group:fuzz0' : hostile.domain()))
  const texts = (most: number) => hostile.list(hostile.between(1, most), () => hostile.expression())
  return {
    name: `rule ${hostile.word()}`,
    direction: hostile.once(8) ? 'incoming' : 'outgoing',
    enabled: !hostile.once(3),
    position: hostile.between(1, 20),
    ...(hostile.once(4) ? { mode: 'report' } : {}),
    ...(hostile.once(5) ? { expiresAt: '2030-01-01T00:00:00Z' } : {}),
    criteria: {
      to: { matchesAny: patterns(20), ...(hostile.once(4) ? { matchesNone: patterns(10) } : {}) },
      ...(hostile.once(4) ? { from: { matchesAny: patterns(5) } } : {}),
      ...(hostile.once(3) ? { subject: { matchesAny: texts(5) } } : {}),
      ...(hostile.once(4) ? { header: hostile.list(hostile.between(1, 3), header) } : {}),
    },
    actions: { relayWithTls: hostile.once(3) ? publishedAction(hostile) : certificateAction(hostile) },
  }
}

function certificateAction(hostile: Hostile): Record<string, unknown> {
  return { level: hostile.pick(['encrypt', 'verify', 'secure']) }
}

function publishedAction(hostile: Hostile): Record<string, unknown> {
  return {
    level: hostile.pick(['dane', 'mta-sts', 'published']),
    ...(hostile.once(3) ? {} : { otherwise: hostile.pick(['defer', 'encrypt', 'none']) }),
  }
}

/** At the limits of the schema, in one respect or all. */
export function largestRule(hostile: Hostile): Record<string, unknown> {
  const names = (count: number, length: number) => hostile.list(count, (index) => longDomain(index, length))
  const texts = () => hostile.list(100, () => hostile.expression())
  const everything = hostile.once(4)
  const part = <T>(value: () => T): T | undefined => (everything || hostile.once(2) ? value() : undefined)
  return {
    name: 'L'.repeat(200),
    comment: 'é'.repeat(1000),
    direction: 'outgoing',
    enabled: true,
    position: hostile.between(1, 20),
    criteria: {
      to: {
        matchesAny: [...names(9999, hostile.pick([20, 200])), '*'],
        matchesNone: part(() => names(10_000, 30)),
      },
      from: part(() => ({ matchesNone: names(10_000, hostile.pick([20, 240])) })),
      subject: part(() => ({ matchesAny: texts(), matchesNone: texts() })),
      header: part(() =>
        hostile.list(20, () => ({ name: 'X-Fuzz', matchesAny: texts(), matchesNone: texts() })),
      ),
    },
    actions: {
      relayWithTls: {
        level: 'fingerprint',
        fingerprints: names(100, 0).map((_, index) => index.toString(16).padStart(64, '0')),
      },
    },
  }
}

function longDomain(index: number, length: number): string {
  return `d${index}.${'long-label.'.repeat(Math.max(0, Math.floor((length - 20) / 11)))}example`
}

/** The sender's domain that has legal rules only, so that they are looked at and not only refused. */
export const LEGAL_DOMAIN = 'legal.example'

/** As costly to match as the limits let it be. */
export function costlyRule(hostile: Hostile): Record<string, unknown> {
  const expression = (index: number) =>
    hostile.pick([
      `/${'(a|b|ab)*?'.repeat(28)}c${index}/i`,
      `/(a?){40}a{40}${index}/`,
      `/${'.*'.repeat(40)}${index}/`,
      `/\\p{L}{1,100}${index}/i`,
      `/(x+x+)+y${index}/`,
      `word${index} ${'a '.repeat(100)}`,
    ])
  const texts = () => hostile.list(hostile.pick([1, 10, 100]), expression)
  return {
    ...goodRule(hostile),
    direction: 'outgoing',
    enabled: true,
    criteria: {
      subject: { matchesNone: texts() },
      header: hostile.list(hostile.pick([1, 20]), () => ({ name: 'X-Fuzz', matchesAny: texts() })),
    },
  }
}

/** A field of a hash of rules. */
export function randomEntry(hostile: Hostile): string {
  return hostile.one(
    () => JSON.stringify(goodRule(hostile)),
    () => JSON.stringify(goodRule(hostile)),
    () => JSON.stringify(hostile.mutate(goodRule(hostile))),
    () => JSON.stringify(hostile.json()),
    () => hostile.text(),
    () => hostile.deepJson(),
    () => JSON.stringify(largestRule(hostile)),
    () => (hostile.once(4) ? beyond(hostile) : JSON.stringify(goodRule(hostile))),
  )
}

/** What no limit permits. */
function beyond(hostile: Hostile): string {
  return hostile.one(
    () => JSON.stringify({ ...goodRule(hostile), name: 'x'.repeat(hostile.between(1, 8_000_000)) }),
    () =>
      JSON.stringify({
        ...goodRule(hostile),
        criteria: { to: { matchesAny: hostile.list(200_000, (index) => `d${index}.example`) } },
      }),
    () => '9'.repeat(hostile.between(1, 4_000_000)),
    () => JSON.stringify(Object.fromEntries(hostile.list(100_000, (index) => [`k${index}`, index]))),
    () =>
      JSON.stringify({
        ...goodRule(hostile),
        criteria: { subject: { matchesAny: [`/${'(a*)*'.repeat(100_000)}/`] } },
      }),
  )
}

/** Patterns of a group, as JSON. */
export function randomGroup(hostile: Hostile): string {
  return hostile.one(
    () => JSON.stringify(hostile.list(hostile.between(0, 50), () => hostile.domain())),
    () => JSON.stringify(hostile.list(100_000, (index) => longDomain(index, hostile.pick([20, 60])))),
    () => JSON.stringify(hostile.list(hostile.between(100_001, 300_000), () => 'x')),
    () => JSON.stringify(hostile.mutate(['bank.example', '.clinic.example'])),
    () => JSON.stringify(hostile.json()),
    () => hostile.deepJson(),
    () => hostile.text(),
  )
}

/** A service of a domain. */
export function randomService(hostile: Hostile): string {
  return hostile.one(
    () => '{"enabled":true}',
    () => '{"enabled":true}',
    () => '{"enabled":false}',
    () => JSON.stringify(hostile.json()),
    () => hostile.text(),
    () => hostile.deepJson(),
  )
}

/** A document of these owners and groups. */
export function randomDocument(hostile: Hostile): string {
  const rules = (count: number, make: () => unknown) =>
    Object.fromEntries(hostile.list(count, (index) => [`r${index}`, make()] as const))
  const good = () => ({
    domains: Object.fromEntries(FUZZ_DOMAINS.map((domain) => [domain, { enabled: hostile.once(2) }])),
    rules: Object.fromEntries(
      FUZZ_DOMAINS.map((domain) => [domain, rules(hostile.between(0, 30), () => goodRule(hostile))]),
    ),
    groups: { fuzz0: hostile.list(hostile.between(1, 2000), (index) => `g${index}.example`) },
  })
  return hostile.one(
    () => JSON.stringify(good()),
    () => JSON.stringify(hostile.mutate(good())),
    () => JSON.stringify({ ...good(), rules: { 'fuzz1.example': rules(5000, () => simpleRule(hostile)) } }),
    () => JSON.stringify({ groups: { fuzz1: hostile.list(100_000, (index) => longDomain(index, 40)) } }),
    () => JSON.stringify({ rules: { 'fuzz2.example': rules(3, () => largestRule(hostile)) } }),
    () => JSON.stringify(hostile.json(6)),
    () => hostile.deepJson(),
    () => JSON.stringify(good()).slice(0, hostile.between(0, 5000)),
  )
}

function simpleRule(hostile: Hostile): unknown {
  return { ...goodRule(hostile), criteria: { to: { matchesAny: [hostile.domain()] } } }
}

/** A partner check in words for a person. */
import type { HostCheck, PartnerCheck, PartnerVerdict } from '../check/types.js'
import type { StsCheck } from '../check/sts-types.js'
import type { CertificateFacts } from '../check/certificate-facts.js'
import { inDays } from '../check/verdict.js'
import { FAILURE_NAMES } from '../report/failure-names.js'
import { utc } from '../report/format.js'
import type { FailureClass } from '../delivery/failure-classes.js'
import { oneLine } from '../text/one-line.js'
import { numbered } from '../text/list.js'
import { daneCells, daneSentences, formatDnssec, formatTlsa } from './format-dane.js'
import type { Output } from './output.js'
import { formatOnward, formatOnwardShort } from '../admin/format-onward.js'
import { formatLevelWithDemands } from '../admin/format-requirement.js'

/** What a verdict comes to; the highest rank is the worst. */
interface VerdictWords {
  readonly exitCode: number
  readonly rank: number
  readonly sentence: string
  /** In a cell, and behind a number. */
  readonly short: string
}

const VERDICTS: Readonly<Record<PartnerVerdict, VerdictWords>> = {
  delivered: { exitCode: 0, rank: 0, sentence: 'mail would be delivered', short: 'delivered' },
  'not-known': {
    exitCode: 3,
    rank: 1,
    sentence: 'it is unknown now whether mail would be delivered',
    short: 'unknown',
  },
  free: {
    exitCode: 0,
    rank: 0,
    sentence: 'mail would be delivered, and TLS would not be required',
    short: 'no TLS required',
  },
  rerouted: {
    exitCode: 0,
    rank: 0,
    sentence: 'mail would be handed to its gateway, which takes it',
    short: 'through a gateway',
  },
  waits: {
    exitCode: 1,
    rank: 2,
    sentence: 'mail would wait, and bounce when it has waited too long',
    short: 'waits',
  },
  bounced: { exitCode: 1, rank: 3, sentence: 'mail would bounce', short: 'bounces' },
}

/** What a verdict on a gateway comes to. */
export const GATEWAY_VERDICTS = {
  delivered: 'mail would be handed to it',
  'not-known': 'it is unknown now whether it would take mail',
  waits: 'mail would wait, and bounce when it has waited too long',
} as const

/** Counted also where there are none. */
const ALWAYS: readonly PartnerVerdict[] = ['delivered', 'not-known', 'bounced']

const NAMES_SHOWN = 6
/** No name in DNS is longer. */
const NAME_MAX = 253
const POLICY_HOSTS_SHOWN = 6

/** The exit code of the worst of several checks. */
export function exitCodeOf(checks: readonly Pick<PartnerCheck, 'verdict'>[]): number {
  const [worst] = checks.map(({ verdict }) => VERDICTS[verdict]).sort((a, b) => b.rank - a.rank)
  return worst?.exitCode ?? 0
}

/** Prints one check with all that was found. */
export function showCheck(output: Output, check: PartnerCheck): void {
  const { recipient, domain, requirement, decidedBy, verdict, reason, hosts, remarks } = check
  const { dane, mtaSts, tlsReports, levels } = check
  const { minVersion } = requirement
  output.line(`${recipient ?? domain}: ${VERDICTS[verdict].sentence}.`)
  output.item(`${reason}.`)
  const required = [
    formatLevelWithDemands(requirement),
    ...formatOnward(requirement.onward),
    ...(minVersion ? [`${minVersion} or later`] : []),
  ].join(', ')
  const demand = decidedBy.length === 0 ? `Checked at ${required}.` : `Required: ${required};`
  output.item(demand)
  for (const { owner, id, name } of decidedBy) output.item(`by rule ${id} of ${owner} (${name})`, 2)
  const sentences = [
    ...(levels.length > 0 ? [`Its servers fulfil ${levels.join(', ')}.`] : []),
    ...[dane, mtaSts, tlsReports].flatMap((each) => (each ? [each.sentence] : [])),
    ...(mtaSts?.policy ? [formatPolicy(mtaSts.policy)] : []),
    ...(mtaSts?.policy?.problems ?? []).map((problem) => `Its MTA-STS policy: ${problem}.`),
  ]
  for (const sentence of sentences) output.item(sentence)
  showHosts(output, hosts)
  if (check.gateway && check.gateway.hosts.length > 0) {
    output.line('')
    output.line(`Gateway ${check.gateway.gateway}, checked at ${check.gateway.level}:`)
    showHosts(output, check.gateway.hosts)
  }
  if (remarks.length > 0) output.line('')
  for (const remark of remarks) output.line(remark)
}

/** Prints what was found of each host. */
export function showHosts(output: Output, hosts: readonly HostCheck[]): void {
  const usesDane = hosts.some((host) => (host.dane?.records.length ?? 0) > 0)
  for (const host of hosts) {
    output.line('')
    showHost(output, host, usesDane)
  }
}

/** @param usesDane whether the partner publishes TLSA records */
function showHost(output: Output, host: HostCheck, usesDane: boolean): void {
  const { certificate, failure, priority } = host
  const where = host.to === null || host.to === host.host ? host.host : `${host.host} (${host.to})`
  output.line(`${where}${priority === null ? '' : `, priority ${priority}`}`)
  const facts: Record<string, readonly string[]> = {}
  const fact = (name: string, ...texts: readonly string[]): void => {
    facts[name] = texts
  }
  fact('result', failure ? `${failure.class ?? 'no session'}: ${failure.detail}` : formatPass(host))
  if (host.reachable !== null) fact('reachable', host.reachable ? 'yes' : 'no')
  if (host.starttls !== null) fact('STARTTLS', host.starttls ? 'offered' : 'not offered')
  if (host.requiretls !== null)
    fact('REQUIRETLS', host.requiretls ? 'offered inside TLS' : 'not offered inside TLS')
  if (host.protocol !== null) fact('TLS', `${host.protocol}, ${host.cipher ?? ''}`)
  if (host.dialogue.length > 0)
    fact('inside TLS', ...host.dialogue.map(({ asked, answered }) => `${asked}: ${answered ?? 'no answer'}`))
  if (certificate) {
    const { names, key, chain, issuer, validTo, daysLeft, fingerprints } = certificate
    const more = names.length - NAMES_SHOWN
    const shown = names.slice(0, NAMES_SHOWN).map((name) => oneLine(name, NAME_MAX))
    fact('names', ...(names.length > 0 ? shown : ['none']), ...(more > 0 ? [`and ${more} more`] : []))
    fact('chain', chain.trusted ? 'trusted' : `not trusted: ${chain.problem ?? ''}`)
    fact('issuer', issuer || 'none')
    fact('key', formatKey(key))
    fact(
      'expires',
      validTo === null ? 'unknown: the date cannot be read' : `${utc(validTo)} UTC, ${inDays(daysLeft ?? 0)}`,
    )
    fact('certificate', digits(fingerprints.certificate))
    fact('public key', digits(fingerprints.publicKey))
  }
  if (host.levels.length > 0)
    fact(
      'levels',
      ...host.levels.map(
        ({ level, passes, class: name }) =>
          `${level}: ${passes ? 'yes' : ['no', ...inWords(name)].join(', ')}`,
      ),
    )
  if (host.listed !== null) fact('MTA-STS', host.listed ? 'listed by the policy' : 'not listed by the policy')
  if (host.dane && usesDane) {
    fact('DNSSEC', formatDnssec(host.dane, host.priority !== null))
    fact('TLSA', ...formatTlsa(host.dane))
  }
  output.facts(facts)
}

/** A class of failure, behind a comma. */
function inWords(name: FailureClass | null): string[] {
  if (name === null) return []
  return [(FAILURE_NAMES[name] ?? name).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())]
}

function formatPass({ trustedNextHop, free, remark }: HostCheck): string {
  if (free !== null) return `would get it, with or without TLS: it ${free}`
  if (trustedNextHop) return 'would get it, also without TLS (trusted_next_hops)'
  return remark === null ? 'would get it' : `would get it: ${remark}`
}

function formatKey({ type, bits, curve }: CertificateFacts['key']): string {
  return [type, ...(bits === null ? [] : [`${bits} bits`]), ...(curve === null ? [] : [curve])].join(', ')
}

/** As short as rules take them. */
function digits(fingerprint: string): string {
  return fingerprint.replaceAll(':', '')
}

function formatPolicy({ id, mx, maxAge, age }: NonNullable<StsCheck['policy']>): string {
  const more = mx.length - POLICY_HOSTS_SHOWN
  const hosts = [...mx.slice(0, POLICY_HOSTS_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
  return `Its MTA-STS policy: id ${id}, mx ${hosts || 'none'}, max_age ${maxAge} s, fetched ${age} s ago.`
}

/** A column of a list; `null` where no partner has a policy. */
function stsCells(checks: readonly PartnerCheck[]): readonly string[] | null {
  const has = checks.some(({ mtaSts }) => (mtaSts?.policy ?? null) !== null)
  return has ? checks.map(({ mtaSts }) => mtaSts?.outcome ?? 'unknown') : null
}

/** The level, and what is required beside it, as a list of rules has it. */
function levelCell(
  level: string,
  { minVersion, published, trusts = [], onward }: PartnerCheck['requirement'],
): string[] {
  const otherwise = published.flatMap((demand) => (demand.otherwise === 'defer' ? [] : [demand.otherwise]))
  return [
    level,
    ...otherwise.map((each) => `otherwise ${each}`),
    ...(minVersion ? [minVersion] : []),
    ...trusts.map(({ name }) => `trust ${name}`),
    ...formatOnwardShort(onward),
  ]
}

/** Prints several checks, a row each. */
export function showChecks(output: Output, checks: readonly PartnerCheck[]): void {
  if (checks.length === 0) return
  const dane = daneCells(checks)
  const mtaSts = stsCells(checks)
  output.table(
    ['partner', 'level', 'mail', ...(dane ? ['DANE'] : []), ...(mtaSts ? ['MTA-STS'] : []), 'because'],
    checks.map(({ recipient, domain, level, requirement, verdict, reason }, index) => [
      recipient ?? domain,
      levelCell(level, requirement),
      VERDICTS[verdict].short,
      ...(dane ? [dane[index] ?? ''] : []),
      ...(mtaSts ? [mtaSts[index] ?? ''] : []),
      oneLine(reason, 200),
    ]),
  )
  for (const remark of new Set(checks.flatMap(({ remarks }) => remarks))) output.line(remark)
  for (const sentence of daneSentences(checks)) output.line(sentence)
  const count = (verdict: PartnerVerdict) => checks.filter((check) => check.verdict === verdict).length
  const parts = (Object.keys(VERDICTS) as PartnerVerdict[]).flatMap((verdict) =>
    count(verdict) > 0 || ALWAYS.includes(verdict) ? [`${count(verdict)} ${VERDICTS[verdict].short}`] : [],
  )
  output.line(`${numbered(checks.length, 'partner')}: ${parts.join(', ')}.`)
}

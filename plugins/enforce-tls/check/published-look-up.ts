/**
 * What a partner publishes besides DANE, for a check: its MTA-STS policy, and whether it asks for reports; with all from
 * which the terms at its hosts follow. Takes a bounded time and never rejects.
 */
import type { HarakaMx } from '../haraka/types.js'
import { isIP } from 'node:net'
import { lookUpFacts, type DomainFacts } from '../published/domain-facts.js'
import { matchingMx } from '../published/mta-sts/mx-pattern.js'
import { formatProblems } from '../published/mta-sts/policy.js'
import type { StsAnswer } from '../published/mta-sts/sts-policies.js'
import { lookUpTlsRpt } from '../published/tls-rpt/look-up.js'
import { listed } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { Failed } from '../dns/answer.js'
import type { Requirement } from '../rules/requirement.js'
import { DNS_TIMEOUT, whyUnasked } from './dane-look-up.js'
import { TimeLimit } from './time-limit.js'
import type { StsCheck, TlsReportsCheck } from './sts-types.js'
import type { CheckContext, CheckRequest, HostCheck } from './types.js'

/** What is being looked up; each of it takes its own time. */
export interface LookingUp {
  /** All but the policy. */
  readonly facts: Promise<DomainFacts | Failed>
  readonly sts: Promise<StsAnswer>
  readonly reports: Promise<TlsReportsCheck>
}

/** All of it, once it is there. */
export interface Published {
  readonly facts: DomainFacts
  readonly reports: TlsReportsCheck
}

/**
 * How long a policy is waited for: as long as a delivery may wait for it where a level asks for it, and otherwise shorter
 * than its server may take, since whoever sits at a screen does not wait. In milliseconds.
 */
const [POLICY_TIMEOUT, POLICY_TIMEOUT_ASIDE] = [70_000, 20_000]
const DANE = [{ by: 'dane', otherwise: 'defer' }] as const

/** Looks it all up, unless nobody can be asked: why, in sentences. */
export async function lookUpPublished(
  { domain, mx, signal, requirement }: Pick<CheckRequest, 'domain' | 'mx' | 'signal' | 'requirement'>,
  context: Pick<CheckContext, 'validatingDns' | 'policyOf' | 'resolverSetting'>,
): Promise<LookingUp | { readonly unasked: string }> {
  const { validatingDns: dns, policyOf } = context
  const limit = new TimeLimit(DNS_TIMEOUT, signal)
  const unasked = await whyUnasked(context, limit)
  if (unasked !== null) return { unasked }
  const named = mx ? [{ host: isIP(mx.host) ? null : mx.host, port: mx.port }] : null
  const timeout = looksAtPolicy(requirement) ? POLICY_TIMEOUT : POLICY_TIMEOUT_ASIDE
  const late = { kind: 'unknown', cause: 'fetch', why: 'it did not come in time' } as const
  return {
    facts: limit.inTime(lookUpFacts({ dns, policyOf }, { domain, demands: DANE, named, urgent: false })),
    sts: new TimeLimit(timeout, signal).inTimeOr(policyOf(domain), late),
    reports: limit.inTime(lookUpTlsRpt(dns, domain)).then((found) => reportsOf(domain, found)),
  }
}

/** What a requirement needs to be judged; a failure says why that is unknown. */
export async function factsFor(
  { facts, sts }: LookingUp,
  requirement: Requirement,
): Promise<DomainFacts | Failed> {
  const found = await facts
  if ('kind' in found) return found
  return { ...found, sts: looksAtPolicy(requirement) ? await sts : null }
}

/** All that was found; `null` where nothing was. */
export async function allOf(
  asked: LookingUp | { readonly unasked: string } | null,
): Promise<Published | null> {
  if (!asked || 'unasked' in asked) return null
  const [facts, sts, reports] = await Promise.all([asked.facts, asked.sts, asked.reports])
  return 'kind' in facts ? null : { facts: { ...facts, sts }, reports }
}

function looksAtPolicy({ published }: Requirement): boolean {
  return published.some(({ by }) => by !== 'dane')
}

/** The host that a check asks instead of those of DNS, as next hops. */
export function namedHop({ mx }: Pick<CheckRequest, 'mx'>): readonly HarakaMx[] | null {
  return mx ? [{ exchange: mx.host, port: mx.port }] : null
}

/** The policy in words. */
export function stsCheck(
  domain: string,
  sts: StsAnswer | null,
  hosts: readonly HostCheck[],
): StsCheck | null {
  if (!sts) return null
  if (sts.kind === 'unknown')
    return {
      outcome: 'unknown',
      sentence: sentence(`The MTA-STS policy of ${domain} is unknown: ${sts.why}`),
      policy: null,
    }
  if (sts.kind === 'none') {
    const why =
      sts.why === ''
        ? `${domain} has no MTA-STS policy`
        : `${domain} has no MTA-STS policy that counts: ${sts.why}`
    return { outcome: 'none', sentence: sentence(why), policy: null }
  }
  const { mode, id, mx, maxAge, age, problems, stale } = sts
  const policy = {
    id,
    mx,
    maxAge,
    age,
    problems: problems.map((problem) => oneLine(formatProblems([problem]))),
  }
  const also = stale === '' ? '' : `. It may have changed: ${stale}`
  if (mode === 'none')
    return {
      outcome: 'off',
      sentence: sentence(`The MTA-STS policy of ${domain} has mode none: it requires nothing${also}`),
      policy,
    }
  const names = [...new Set(hosts.map(({ host }) => host))]
  const unlisted = names.filter((name) => matchingMx(mx, name) === null)
  const lists =
    unlisted.length === 0
      ? 'lists all of its mail servers'
      : unlisted.length === names.length
        ? `lists none of its mail servers: ${listed(mx)}`
        : `does not list ${listed(unlisted)}`
  const requires = mode === 'testing' ? ', but mode testing requires nothing' : ''
  const what = names.length === 0 ? `lists ${listed(mx)}` : lists
  return {
    outcome: mode,
    sentence: sentence(`The MTA-STS policy of ${domain} (mode ${mode}) ${what}${requires}${also}`),
    policy,
  }
}

/** Whether the policy lists a host; `null` where there is none that would. */
export function listedIn(sts: StsAnswer | null, host: string): boolean | null {
  return sts?.kind === 'policy' && sts.mode !== 'none' ? matchingMx(sts.mx, host) !== null : null
}

function reportsOf(domain: string, found: Awaited<ReturnType<typeof lookUpTlsRpt>>): TlsReportsCheck {
  switch (found.kind) {
    case 'failed':
      return {
        wanted: null,
        to: [],
        sentence: sentence(`Whether ${domain} wants TLS reports is unknown: ${found.why}`),
      }
    case 'none':
      return { wanted: false, to: [], sentence: `${domain} asks for no TLS reports.` }
    case 'invalid':
      return {
        wanted: false,
        to: [],
        sentence: sentence(
          `${domain} asks for TLS reports in a way that does not count: _smtp._tls.${domain} ${found.why}`,
        ),
      }
    case 'record': {
      const to = found.destinations.map(({ uri }) => oneLine(uri))
      const ignored = found.ignored.length === 0 ? '' : `; ignored: ${found.ignored.join('; ')}`
      return {
        wanted: true,
        to,
        sentence: sentence(`${domain} asks for TLS reports at ${to.join(' and ')}${ignored}`),
      }
    }
  }
}

function sentence(text: string): string {
  return `${oneLine(text, 600)}.`
}

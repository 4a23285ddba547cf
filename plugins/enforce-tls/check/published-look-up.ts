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
import { endsOf, inTime, whyUnasked } from './dane-look-up.js'
import type { StsCheck, TlsReportsCheck } from './sts-types.js'
import type { CheckContext, CheckRequest, HostCheck } from './types.js'

export interface Published {
  readonly facts: DomainFacts
  readonly reports: TlsReportsCheck
}

/** Longer than DNS takes, and shorter than a policy's server may take: whoever sits at a screen does not wait. In milliseconds. */
const TIMEOUT = 30_000
/** Everything, so that all levels can be judged. */
const ALL = [{ by: 'published', otherwise: 'defer' }] as const

/** Looks it all up; says in sentences why nobody could be asked, or that it took too long. */
export async function lookUpPublished(
  { domain, mx, signal }: Pick<CheckRequest, 'domain' | 'mx' | 'signal'>,
  context: Pick<CheckContext, 'validatingDns' | 'policyOf' | 'resolverSetting'>,
): Promise<Published | { readonly unasked: string }> {
  const { validatingDns: dns, policyOf } = context
  const ends = endsOf(signal, TIMEOUT)
  const unasked = await whyUnasked(context, ends)
  if (unasked !== null) return { unasked }
  const named = mx ? [{ host: isIP(mx.host) ? null : mx.host, port: mx.port }] : null
  const found = await inTime(
    ends,
    Promise.all([
      lookUpFacts({ dns, policyOf }, { domain, demands: ALL, named, urgent: false }),
      lookUpTlsRpt(dns, domain),
    ]),
  )
  return 'kind' in found
    ? { unasked: `What ${domain} publishes is unknown: ${found.why}.` }
    : { facts: found[0], reports: reportsOf(domain, found[1]) }
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
        ? `lists none of its mail servers: ${shown(mx)}`
        : `does not list ${listed(unlisted)}`
  const requires = mode === 'testing' ? ', but mode testing requires nothing' : ''
  const what = names.length === 0 ? `lists ${shown(mx)}` : lists
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

function shown(patterns: readonly string[]): string {
  const most = 5
  return patterns.length > most
    ? `${patterns.slice(0, most).join(', ')} and ${patterns.length - most} more`
    : patterns.join(', ')
}

function sentence(text: string): string {
  return `${oneLine(text, 600)}.`
}

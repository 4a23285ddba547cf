/**
 * The sentences of a bounce for which TLS is to blame, for a person who knows nothing of mail: the result, the reason, the
 * rule behind it, and what to do. They claim no more than all attempts together show. Pure.
 */
import type { HarakaMailItem } from '../../haraka/types.js'
import type { HostRequirement } from '../../published/host-requirement.js'
import type { PublishedDemand, Requirement } from '../../rules/requirement.js'
import type { BounceRequest } from '../guard-context.js'
import { gatewayPart, gatewaySentences } from './gateway-sentences.js'
import { together } from './template.js'
import { ownAttempts, type Attempt, type AttemptFailure, type FailedAttempt } from '../outcome.js'
import { definitionOf, type FailureClass } from '../failure-classes.js'
import { oneLine } from '../../text/one-line.js'
import type { BounceSubject, TlsSentences } from './types.js'

/** Writes them. @param decisive the attempt that the bounce, or the notice of delay, is about first of all */
export function tlsSentences(
  about: BounceSubject,
  decisive: FailedAttempt,
  {
    item,
    attempts: all,
    requirement,
    delayed,
    reason,
  }: Pick<BounceRequest, 'item' | 'attempts' | 'requirement' | 'delayed' | 'reason'>,
): TlsSentences {
  const atGateway = gatewayPart(all, { requirement, isDelayed: delayed !== undefined, reason })
  if (atGateway && decisive.gateway !== undefined) return gatewaySentences(about, atGateway)
  const attempts = ownAttempts(all)
  const problem = problemOf(attempts)
  const several = about.mx.includes(', ')
  const name = wordedClass(decisive)
  return {
    summary: `${summaryOf({
      ...about,
      several,
      problem,
      decisive,
      wasRetried: wasRetried(item, attempts),
      requirement,
      isDelayed: delayed !== undefined,
    })}${atGateway ? ` ${atGateway.instead}` : ''}`,
    explanation: explanationOf(decisive, name, { several, isSaid: problem === 'published' && !several }),
    advice: atGateway?.advice ?? (name && definitionOf(name).advice),
    subjectLine: delayed ? delayedSubject(about, problem) : subjectOf(about, problem),
  }
}

function subjectOf(about: BounceSubject, problem: Problem): string {
  if (problem === 'ours') return `Not sent: this mail system cannot send to ${about.domain} as required`
  if (problem === 'encryption') return `Not sent: ${about.domain} cannot receive your message encrypted`
  return problem === 'mixed'
    ? `Not sent: ${about.domain} cannot receive your message as securely as required`
    : `Not sent: the mail server of ${about.domain} could not be verified`
}

function delayedSubject({ domain }: BounceSubject, problem: Problem): string {
  if (problem === 'ours') return `Delayed: this mail system cannot send to ${domain} as required yet`
  if (problem === 'encryption') return `Delayed: ${domain} cannot receive your message encrypted yet`
  return problem === 'mixed'
    ? `Delayed: ${domain} cannot receive your message as securely as required yet`
    : `Delayed: the mail server of ${domain} could not be verified yet`
}

/**
 * What the servers that failed for TLS have in common: there is no encryption, the certificate is not as required, the
 * server is not known by what its domain publishes, the settings here cannot be used, or some of each.
 */
type Problem = 'encryption' | 'certificate' | 'published' | 'ours' | 'mixed'

function problemOf(attempts: readonly Attempt[]): Problem {
  const classes = attempts.flatMap(({ failure }) => (failure?.class ? [definitionOf(failure.class)] : []))
  if (classes.some(({ isOurs }) => isOurs)) return classes.every(({ isOurs }) => isOurs) ? 'ours' : 'mixed'
  if (classes.length > 0 && classes.every(({ isCertificate }) => isCertificate)) return 'certificate'
  if (!classes.some(({ isPublished }) => isPublished)) return 'encryption'
  return classes.every(({ isCertificate, isPublished }) => isCertificate || isPublished)
    ? 'published'
    : 'mixed'
}

interface Summary extends BounceSubject {
  readonly several: boolean
  readonly problem: Problem
  readonly decisive: FailedAttempt
  readonly wasRetried: boolean
  readonly requirement: Requirement | null
  /** Whether it is tried again. */
  readonly isDelayed: boolean
}

/** Whether there was an attempt before the last one; a temporary failure of that one is counted already. */
function wasRetried({ num_failures = 0 }: Partial<HarakaMailItem>, attempts: readonly Attempt[]): boolean {
  const isCounted = attempts.some(({ failure }) => failure?.temporary)
  return num_failures > (isCounted ? 1 : 0)
}

/** The result, the reason, and the rule behind it. */
function summaryOf(summary: Summary): string {
  const { recipients, mx, domain, several, problem, wasRetried, isDelayed } = summary
  const theirs = several ? 'their mail servers' : 'their mail server'
  const fate = isDelayed ? 'is delayed' : 'was not sent'
  const whose = problem === 'ours' ? 'this mail system' : theirs
  const result = `Your message to ${recipients} ${fate}, because ${whose} ${resultOf(summary)}.`
  const servers = several ? 'The receiving servers' : 'The receiving server'
  // Where its hosts are unknown, or it is the host itself.
  const named = mx === domain ? `${servers} of ${domain}` : `${servers} ${mx} of ${domain}`
  const reason = problem === 'published' ? reasonOf(summary) : together(reasonOf(summary))
  const retried = !isDelayed && wasRetried ? ' It was tried several times.' : ''
  return `${result} ${named} ${reason}. ${demandOf(summary)}.${retried}`
}

function resultOf({ several, problem, decisive, isDelayed }: Summary): string {
  const now = isDelayed ? ' at the moment' : ''
  if (problem === 'encryption') return `cannot receive it encrypted${now}`
  if (problem === 'mixed') return `cannot receive it as securely as required${now}`
  if (problem === 'ours') return `cannot send it as securely as required${now}`
  return !several && isLookUp(decisive.failure.class)
    ? 'could not be looked up securely'
    : 'could not be verified'
}

/** Whether DNS has not answered, so that nothing is known of the server. */
function isLookUp(name: AttemptFailure['class']): boolean {
  return name === 'dnssec-invalid' || name === 'resolver-unavailable'
}

function reasonOf({ several, problem, decisive }: Summary): string {
  const has = several ? 'have certificates' : 'has a certificate'
  switch (problem) {
    case 'encryption':
      return 'could not establish a TLS connection'
    case 'mixed':
      return 'could not be verified, or could not establish a TLS connection'
    case 'certificate':
      return `${has} that could not be verified`
    case 'ours':
      return `${several ? 'were' : 'was'} not contacted, because the TLS settings here cannot be used`
    case 'published': {
      const name = wordedClass(decisive)
      return several || !name ? 'could not be verified' : definitionOf(name).says
    }
  }
}

function demandOf({ problem, decisive, requirement }: Summary): string {
  const what = demandedOf(problem, decisive.requirement, requirement?.published ?? [])
  const rules = (requirement?.decidedBy ?? []).map(
    (rule) => `"${oneLine(rule.name)}" of ${formatOwner(rule.owner)}`,
  )
  if (rules.length === 0) return `This mail system requires ${what} for this message`
  return rules.length === 1
    ? `The rule ${rules[0] ?? ''} requires ${what}`
    : `The rules ${rules.join(' and ')} require ${what}`
}

/** What is required, after "requires". @param atHost absent where it came to no terms with the host */
function demandedOf(
  problem: Problem,
  atHost: HostRequirement | undefined,
  demands: readonly PublishedDemand[],
): string {
  if (problem === 'encryption') return 'one'
  if (problem === 'ours') return 'those settings'
  if (problem === 'certificate') {
    if (atHost?.held?.dane) return 'one that its DANE records confirm'
    if (atHost?.held?.sts) return 'one that fits the MTA-STS policy of its domain'
    return 'a verified one'
  }
  const isFor = (by: PublishedDemand['by']) => demands.some((demand) => demand.by === by)
  const sources = [
    ...(isFor('dane') ? ['DANE records in DNS'] : []),
    ...(isFor('mta-sts') ? ['an MTA-STS policy'] : []),
  ]
  const all =
    isFor('published') && sources.length === 0 ? ['DANE records in DNS or an MTA-STS policy'] : sources
  const any = demands.every(({ otherwise }) => otherwise !== 'defer') ? ', where there are any' : ''
  return `a server that is confirmed by ${all.join(' and by ')}${any}`
}

function formatOwner(owner: string): string {
  return owner === '*' ? 'this mail system' : oneLine(owner)
}

/** Why, for a person who does not know what TLS is. @param isSaid whether the summary has said what is wrong with it */
function explanationOf(
  { host }: FailedAttempt,
  name: FailureClass | null,
  { several, isSaid }: { readonly several: boolean; readonly isSaid: boolean },
): string {
  const server = several ? `The last one, ${oneLine(host)},` : oneLine(host)
  return [
    'TLS is the encryption that protects a message on its way from one mail server to the next.',
    ...(name && definitionOf(name).isPublished ? [isLookUp(name) ? ANSWERED_BY_DNS : RECOGNISED_BY] : []),
    ...(name && !isSaid ? [`${server} ${definitionOf(name).says}.`] : []),
  ].join(' ')
}

const ANSWERED_BY_DNS =
  'It helps only if that is the right server. Which one it is, the directory of the internet (DNS) says, and it gave no answer that can be trusted.'
const RECOGNISED_BY =
  'It helps only if that is the right server, so domains can publish how to recognise theirs: in DNS (DANE) or in a policy on a web server (MTA-STS).'

/** The class whose words fit: by DANE, a certificate can be good or bad without any trusted authority. */
function wordedClass({ failure, requirement }: FailedAttempt): FailureClass | null {
  return failure.class === 'certificate-not-trusted' && requirement?.held?.dane && !requirement.trusted
    ? 'tlsa-invalid'
    : failure.class
}

/**
 * What is said of a message for which TLS is to blame: the result, whose side has to act, what to do, and why. Pure; the
 * words are those of `texts/`.
 */
import type { TlsVersion } from '../../rules/levels.js'
import type { BounceRequest } from '../guard-context.js'
import { definitionOf, type FailureClass } from '../failure-classes.js'
import { ownAttempts, type FailedAttempt } from '../outcome.js'
import { withoutWhat } from './askers.js'
import {
  demandOf,
  failedHosts,
  isLookUp,
  oneForEachSide,
  problemOf,
  requestTo,
  sideOf,
  wasRetried,
  type FailedHosts,
} from './findings.js'
import { gatewayFailure, gatewaySentences } from './gateway-sentences.js'
import type { Demand, Fate, NoticeTexts, Problem, Result } from './texts/types.js'
import type { BounceSubject, NoticeSentences } from './types.js'

/** What the sentences are made with. */
export interface Wording {
  readonly texts: NoticeTexts
  /** This server's name. */
  readonly me: string
  /** The lowest TLS version that it takes at all. */
  readonly minVersion: TlsVersion
}

/** The most reasons that are explained one by one; under what was tried are all. */
const EXPLAINED = 4

/** Writes them. @param decisive the attempt that the bounce, or the notice of delay, is about first of all */
export function tlsSentences(
  about: BounceSubject,
  decisive: FailedAttempt,
  request: Pick<
    BounceRequest,
    'item' | 'attempts' | 'requirement' | 'asked' | 'delayed' | 'reason' | 'isGivenUp'
  >,
  wording: Wording,
): NoticeSentences {
  const { item, attempts: all, delayed } = request
  const { texts } = wording
  const fate: Fate = delayed ? 'delayed' : 'failed'
  const gateway = gatewayFailure(request)
  if (gateway && decisive.gateway !== undefined) {
    const sentences = gatewaySentences(about, gateway, fate, texts)
    return request.isGivenUp ? { ...sentences, reason: `${sentences.reason} ${texts.givenUp}` } : sentences
  }
  const attempts = ownAttempts(all)
  const failed = failedHosts(attempts)
  const problem = problemOf(failed)
  const hosts = about.hosts.filter((host) => host !== about.domain)
  const several = hosts.length > 1
  const [only] = failed.length === 1 && !several ? failed : []
  const result: Result = {
    fate,
    problem,
    domain: about.domain,
    recipients: about.recipients,
    several,
    gateway: gateway ? 'instead' : undefined,
  }
  const demand = demandOf(problem, decisive, request)
  const reason = [
    texts.reason({ problem, domain: about.domain, hosts, failure: only?.failure ?? null }),
    texts.demand(demand),
    ...(!delayed && wasRetried(item, attempts, request.isGivenUp) ? [texts.triedOften] : []),
    ...(gateway ? [texts.gatewayInstead(gateway)] : []),
    ...(request.isGivenUp ? [texts.givenUp] : []),
  ].join(' ')
  const advised = oneForEachSide(failed, decisive)
  const advice = gateway
    ? [texts.failures[gateway.failure ?? 'gateway-unavailable'].advice]
    : advised.map((name) => adviceOn(name, demand, texts))
  return {
    subjectLine: texts.subjectLine(result),
    title: texts.title(fate, problem),
    result: texts.result(result),
    side: texts.side(gateway ? 'ours' : sideOf(failed), fate, about.domain),
    reason,
    explanation: [texts.whatTlsIs, ...explained(failed, problem, only, texts)].join(' '),
    advice: advice.length > 0 ? advice.join(' ') : null,
    ask: gateway ? null : askFor(failed, about.domain, wording),
  }
}

/** What to do, and how to go without what failed. */
function adviceOn(name: FailureClass, { asker }: Demand, { failures, wayOut }: NoticeTexts): string {
  const without = withoutWhat(name)
  const { advice } = failures[name]
  return without === null ? advice : `${advice} ${wayOut(without, asker)}`
}

/** Why, for a person who does not know what TLS is. */
function explained(
  failed: readonly FailedHosts[],
  problem: Problem,
  only: FailedHosts | undefined,
  texts: NoticeTexts,
): readonly string[] {
  const isPublished = failed.some(({ failure }) => definitionOf(failure).isPublished)
  const background = failed.some(({ failure }) => isLookUp(failure))
    ? [texts.whatLookingUpIs]
    : isPublished
      ? [texts.whatPublishingIs]
      : []
  // The reason has said what is wrong, where all have it in common.
  if (problem === 'ours' || (only && (problem === 'server' || problem === 'look-up'))) return background
  const each = failed.flatMap(({ failure, hosts }) => hosts.map((host) => texts.failed(failure, host)))
  return [...background, ...each.slice(0, EXPLAINED)]
}

/** The paragraph for their administrators; `null` where there is nothing for them to mend. */
function askFor(
  failed: readonly FailedHosts[],
  domain: string,
  { texts, me, minVersion }: Wording,
): string | null {
  const sentences = failed.flatMap((hosts) => {
    const { ask } = texts.failures[hosts.failure]
    return ask ? [ask(requestTo(hosts, domain, minVersion))] : []
  })
  return sentences.length === 0 ? null : texts.ask({ me, domain, sentences })
}

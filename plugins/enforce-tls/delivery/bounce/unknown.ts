/**
 * What a bounce adds where the end is not known, or why it came: a server got the whole message and gave no answer, or the
 * delivery failed at the very command that says REQUIRETLS. It says no more than that. Pure.
 */
import { oneLine } from '../../text/one-line.js'
import type { BounceRequest } from '../guard-context.js'
import { demandsOf } from './askers.js'
import { rulesOf } from './findings.js'
import type { Asker, NoticeTexts } from './texts/types.js'
import type { NoticeSentences } from './types.js'

/** The sentences of a message that may have been delivered all the same; those of any other as they are. */
export function asFarAsKnown(
  sentences: NoticeSentences,
  { domain, recipients }: { readonly domain: string; readonly recipients: readonly string[] },
  { mayBeDelivered }: Pick<BounceRequest, 'mayBeDelivered'>,
  { unconfirmed }: NoticeTexts,
): NoticeSentences {
  if (mayBeDelivered !== true) return sentences
  const { reason, advice } = sentences
  return {
    ...sentences,
    subjectLine: unconfirmed.subjectLine(domain),
    title: unconfirmed.title,
    result: unconfirmed.result(recipients),
    reason: `${unconfirmed.reason} ${reason}`,
    advice: [unconfirmed.advice, ...(advice === null ? [] : [advice])].join(' '),
  }
}

/** Of a message that failed where REQUIRETLS was said: whose wish that was, and how it goes without; `null` for any other. */
export function failedOnward(
  request: Pick<BounceRequest, 'attempts' | 'requirement' | 'asked'>,
  texts: NoticeTexts,
): { readonly reason: string; readonly advice: string } | null {
  const failed = request.attempts.filter(({ onward }) => onward?.isPending === true)
  const asker = askerOnward(request)
  if (failed.length === 0 || asker === null) return null
  const demand = texts.demand({
    rules: rulesOf(request.requirement),
    ...{ asker, of: 'onward', sources: [], whereThereIsAny: false },
  })
  const hosts = [...new Set(failed.map(({ host }) => oneLine(host)))]
  return { reason: `${demand} ${texts.failedAtOnward(hosts)}`, advice: texts.wayOut('onward', asker) }
}

/** Whose word it is that the server has to promise it; `null` where nobody insists. */
function askerOnward(request: Pick<BounceRequest, 'requirement' | 'asked'>): Asker | null {
  const asked = demandsOf(request)
  if (asked) return asked.byRules?.onward === 'must' ? 'both' : 'sender'
  return request.requirement?.onward === 'must' ? 'rules' : null
}

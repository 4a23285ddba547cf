/** Attempts of a message without what its rules require, as sentences. Pure. */
import { oneLine } from '../../text/one-line.js'
import { formatUtc } from '../../text/utc.js'
import { formatVersion, formatWhere } from './words.js'
import type { Exposure } from './exposures.js'

/** So many are told one by one. */
const TOLD_MAX = 3
const WORST_FIRST = ['clear', 'unknown', 'tls']

/** What the recipient's domain publishes was not looked up: nothing is said of it. */
const BY_SENDER =
  "its rules require only what the recipient's domain publishes, if anything, and its sender had waived that with TLS-Required: No in its header"

/** Sentences, the worst first. */
export function formatExposures(exposures: readonly Exposure[]): string[] {
  const ordered = exposures.toSorted((a, b) => WORST_FIRST.indexOf(a.how) - WORST_FIRST.indexOf(b.how))
  const more = ordered.length - TOLD_MAX
  return [
    ...ordered.slice(0, TOLD_MAX).map(sentenceOf),
    ...(more > 0 ? [`The delivery log has ${more} more of this kind.`] : []),
  ]
}

/** That attempts may be missing from the log. @param logBegins `null` where that is not known */
export function formatMissing(logBegins: string | null): string {
  const begins = logBegins === null ? '' : `, which begins on ${formatUtc(logBegins)}`
  return `Earlier attempts may be missing from the delivery log${begins}: how they went is not known.`
}

function sentenceOf(exposure: Exposure): string {
  const { result, how } = exposure
  const [where, when] = [formatWhere(exposure), `on ${formatUtc(exposure.at)}`]
  switch (result) {
    case 'sent':
      return `It was sent to ${where} ${when} ${wentOf(exposure)}: ${releaser(exposure)} had released it from what its rules require${because(exposure)}.`
    case 'begun':
      return `An attempt to ${where} ${when} went ${wentOf(exposure)}: ${releaser(exposure)} had released the message from what its rules require${because(exposure)}. How much of the message that server got is not in the log.`
    case 'granted':
      return `${releaser(exposure)} released it ${when} from what its rules require${because(exposure)}, so that it may have gone without since then; the log has no attempt under that release.`
    case 'not-required':
      return how === 'clear'
        ? `An attempt to ${where} ${when} went in the clear, as nothing was required of that server.`
        : `It was handed to ${where} ${when}, where nothing was required; no TLS session is recorded.`
    case 'waived-sent':
      return `It was sent to ${where} ${when} ${wentOf(exposure, false)}: ${BY_SENDER}.`
    case 'waived-begun':
      return `An attempt to ${where} ${when} went ${wentOf(exposure, false)}: ${BY_SENDER}. How much of the message that server got is not in the log.`
    case 'waived':
      return `From ${formatUtc(exposure.at)} on it may have gone in the clear, because ${BY_SENDER}; the log has no attempt since then.`
    case 'freed':
      return `From ${formatUtc(exposure.at)} on TLS was not required of it, so that Haraka tries to deliver it as usual; how that went is not in the log.`
  }
}

/** @param isRequired whether more than that was required of it */
function wentOf({ how, protocol }: Exposure, isRequired = true): string {
  if (how === 'clear') return 'in the clear'
  if (how === 'unknown')
    return isRequired
      ? 'without what its rules require (whether over TLS is not recorded)'
      : '(whether over TLS is not recorded)'
  const version = protocol === null ? '' : ` (${formatVersion(protocol)})`
  const unchecked = `a certificate that was not checked${isRequired ? ' as required' : ''}`
  return `over an encrypted connection${version}, with ${unchecked}`
}

function releaser({ by }: Exposure): string {
  return by === null ? 'an administrator' : oneLine(by, 60)
}

function because({ reason }: Exposure): string {
  return reason === null ? '' : ` (“${oneLine(reason, 200)}”)`
}

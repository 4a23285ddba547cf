/** The log lines of rules in mode `report`: what would have become of a message, and the rules behind it. */
import { addressText } from '../haraka/address.js'
import { oneLine } from '../text/one-line.js'
import type { HarakaAddress, HarakaLogger } from '../haraka/types.js'
import { SAYS_NO } from '../requiretls/waiver.js'
import type { Requirement } from '../rules/requirement.js'
import type { ObservedVerdict } from './judge-observed.js'

/** Logs what would have become of a message that was delivered. @param addresses of the recipients, in one line */
export function logVerdict(
  log: Pick<HarakaLogger, 'lognotice' | 'loginfo'>,
  { to, secured }: { readonly to: string; readonly secured: boolean },
  verdict: ObservedVerdict,
  addresses: string,
  requirement: Requirement,
): void {
  const took = `${to} accepted the message for ${addresses} ${secured ? 'over' : 'without'} TLS`
  const rules = `by rule ${rulesOf(requirement)}`
  switch (verdict.result) {
    case 'would-deliver':
      return log.loginfo(`enforce-tls: report: would have been delivered: ${took}, ${rules}`)
    case 'would-deliver-as-usual': {
      const why = verdict.why === null ? SAYS_NO : `it ${oneLine(verdict.why)}`
      return log.lognotice(
        `enforce-tls: report: would have been delivered as usual, since TLS would not be required: ${took}; ${why}, ${rules}`,
      )
    }
    case 'would-bounce':
    case 'would-wait': {
      const { class: name, detail } = verdict.failure
      // That it was accepted without TLS says why.
      const isSaid = !secured && name === 'starttls-not-supported'
      const why = isSaid ? '' : `; it ${oneLine(detail)} (${name ?? ''})`
      const what = verdict.result === 'would-wait' ? 'waited' : 'bounced'
      return log.lognotice(`enforce-tls: report: would have ${what}: ${took}${why}, ${rules}`)
    }
    case 'unknown':
      return log.lognotice(
        `enforce-tls: report: unknown: ${took}; whether that fulfils level ${requirement.level} could not be checked: ${oneLine(verdict.why)}, ${rules}`,
      )
  }
}

/** Logs that mail which came in the clear would have been rejected. */
export function reportRefusal(
  log: Pick<HarakaLogger, 'lognotice'>,
  sender: HarakaAddress,
  recipient: HarakaAddress,
  requirement: Requirement,
): void {
  log.lognotice(
    `enforce-tls: report: would have been rejected: mail of ${oneLine(addressText(sender)) || '<>'} for ${oneLine(addressText(recipient))} without TLS, by rule ${rulesOf(requirement)}`,
  )
}

/** The rules behind a requirement, for a log line. */
export function rulesOf({ decidedBy }: Requirement): string {
  return decidedBy.map(({ owner, id, name }) => `${id} of ${owner} (${JSON.stringify(name)})`).join(' and ')
}

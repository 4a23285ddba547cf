/** What becomes of a guarded item when no host is left to try: what all attempts of the round together mean for it. */
import { endRound } from './finish.js'
import { deliverByGateway, mayReroute } from './gateway.js'
import type { GuardedItem } from './guarded-item.js'
import { decisiveAttempt, judge } from './outcome.js'

/** No host is left. */
export function allTried(guarded: GuardedItem): Promise<void> | void {
  const { attempts } = guarded.round
  const decisive = decisiveAttempt(attempts)
  // Without a single host there was no attempt: Haraka has its own words for that.
  if (!decisive) return guarded.haraka.original('try_deliver')()
  const verdict = judge(attempts)
  if (verdict.tls) guarded.tlsFailure = decisive.failure
  if (verdict.tls && !verdict.temporary && mayReroute(guarded)) return deliverByGateway(guarded, decisive)
  return endRound(guarded, decisive, verdict)
}

/** A delivery that has succeeded, for the observers; nothing of it is changed or waited for. */
import { Guard } from '../delivery/guard.js'
import { isTrustedHop } from '../delivery/next-hop.js'
import type { HarakaDelivered, HarakaMailItem } from '../haraka/types.js'
import type { Observers } from '../observe/observers.js'
import type { Settings } from '../settings/types.js'

/** Hook `delivered`. */
export function reportDelivery(
  { reports, uncovered, waived }: Pick<Observers, 'reports' | 'uncovered' | 'waived'>,
  { trustedNextHops }: Settings['main'],
  item: HarakaMailItem,
  [host, ip, , , port, , recipients, secured]: HarakaDelivered,
): void {
  const trusted = [{ path: ip }, { exchange: ip, from_dns: host, port }].some((mx) =>
    isTrustedHop(mx, trustedNextHops),
  )
  const seen = Guard.delivered(item, recipients)
  const handover = { to: host, secured: secured || trusted, trusted, recipients, seen }
  reports.delivered(item, handover)
  uncovered.delivered(item, handover)
  waived.delivered(item, recipients)
}

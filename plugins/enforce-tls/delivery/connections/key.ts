/**
 * What two messages must have in common to go over one connection.
 * Pools that were not told apart by all that matters have sent mail from the wrong address (Haraka issues 2788 and
 * 2789), so whatever changes what is said before MAIL, or what the server has to be, is in here. Pure.
 */
import type { HarakaAddress, HarakaMailItem, HarakaMx } from '../../haraka/types.js'
import { hostDemandKey, type HostRequirement } from '../../published/host-requirement.js'
import type { Gateway } from '../../settings/gateways.js'
import { hostOf, placeOf } from '../next-hop.js'

/**
 * The key of an item's connection to a host.
 *
 * @param me this server's name, which is said in EHLO where nothing else is set
 * @param gateway the gateway that the host is; `null` for none
 */
export function connectionKey(
  { todo: { notes } }: HarakaMailItem,
  mx: HarakaMx,
  requirement: HostRequirement,
  { me, gateway }: { readonly me: string; readonly gateway: Gateway | null },
): string {
  return JSON.stringify([
    hostOf(mx).toLowerCase(),
    placeOf(mx),
    // Haraka asks of hosts from DNS whether they are this machine.
    Boolean(mx.from_dns),
    mx.using_lmtp === true,
    // As Haraka takes them: an empty one is none.
    mx.bind || notes['outbound_ip'] || '',
    notes['outbound_helo'] || mx.bind_helo || me,
    [mx.auth_user ?? '', mx.auth_pass ?? '', mx.auth_type ?? ''],
    hostDemandKey(requirement),
    gateway,
  ])
}

/** Whether an address of the envelope is not plain ASCII: whether the server takes it is in its reply to EHLO (RFC 6531). */
export function isInternational({ todo: { mail_from, rcpt_to } }: HarakaMailItem): boolean {
  return [mail_from, ...rcpt_to].some(isNotAscii)
}

function isNotAscii({ user, host, original_host, original }: HarakaAddress): boolean {
  return /[^\0-\x7f]/.test(`${user}@${original_host ?? String(host)}${original ?? ''}`)
}

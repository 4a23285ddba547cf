/**
 * What is wrong with announcing REQUIRETLS beside plugins that hand mail for local recipients on in their own way: who
 * announces it promises to pass it on (RFC 8689 sections 1 and 4.1). Pure.
 */
import type { Settings } from '../settings/types.js'
import { listed } from '../text/list.js'

/**
 * A warning, or `null` where the promise is kept.
 *
 * @param forwarding the plugins of the hook `queue` that may send
 */
export function announcedPastGuard(
  forwarding: readonly string[],
  { main, requiretls }: Pick<Settings, 'main' | 'requiretls'>,
): string | null {
  if (!requiretls.announce || main.forwardedMail === 'outgoing' || forwarding.length === 0) return null
  return `REQUIRETLS is announced, but mail for local recipients that ${listed(forwarding)} may forward goes on without it, and perhaps in the clear: a sender who asks for it is not told; set [main] forwarded_mail=outgoing, or [requiretls] announce=false`
}

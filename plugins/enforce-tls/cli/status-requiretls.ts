/** What the settings of a Haraka say of REQUIRETLS and `TLS-Required: No` (RFC 8689), for `status`. Pure. */
import type { RequireTlsSettings } from '../settings/requiretls.js'
import { listed, numbered } from '../text/list.js'
import type { Surroundings } from './context.js'

/** What is in force there, for programs. */
export interface RequireTlsStatus {
  readonly announced: boolean
  readonly announceExcept: readonly string[]
  readonly policy: RequireTlsSettings['policy']
  readonly policyFor: RequireTlsSettings['policyFor']
  readonly honourNo: boolean
}

/** `null` where no Haraka folder says it. */
export function requireTlsState({
  folder,
  settings,
}: Pick<Surroundings, 'folder' | 'settings'>): RequireTlsStatus | null {
  if (folder === null) return null
  const { announce: announced, announceExcept, policy, policyFor, honourNo } = settings.requiretls
  return { announced, announceExcept, policy, policyFor, honourNo }
}

/** Such as `announced inside TLS; policy enforce; TLS-Required: No counts`. */
export function formatRequireTls({
  announced,
  announceExcept,
  policy,
  policyFor,
  honourNo,
}: RequireTlsStatus): string {
  const except = announceExcept.length === 0 ? '' : `, but not to ${listed(announceExcept, 3)}`
  const others = policyFor.length === 0 ? '' : ` (${numbered(policyFor.length, 'line')} policy_for beside it)`
  return [
    announced ? `announced inside TLS${except}` : 'not announced (announce=false)',
    `policy ${policy}${others}`,
    honourNo ? 'TLS-Required: No counts' : 'TLS-Required: No does not count (honour_no=false)',
  ].join('; ')
}

/** What a check finds of a partner whose only server offers no STARTTLS. */
import { checkFailure, hostCheck } from '../../plugins/enforce-tls/check/host-check.js'
import type { CheckRequest, PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { tlsFailure } from '../../plugins/enforce-tls/delivery/outcome.js'

export function withoutStartTls({ domain, recipient, requirement }: CheckRequest): Promise<PartnerCheck> {
  const host = `mx.${domain}`
  const failure = checkFailure(tlsFailure('starttls-not-supported', 'does not offer STARTTLS'))
  return Promise.resolve({
    domain,
    recipient: recipient ?? null,
    level: requirement.level,
    requirement,
    decidedBy: requirement.decidedBy,
    verdict: 'bounced',
    reason: `${host} ${failure.detail}`,
    hosts: [hostCheck({ host, priority: 10, to: '192.0.2.25:25', failure })],
    dane: null,
    mtaSts: null,
    tlsReports: null,
    levels: [],
    remarks: [],
    checkedAt: '2026-01-01T00:00:00.000Z',
  })
}

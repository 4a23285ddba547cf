/** Requirements as they hold at one host, for tests that need no DNS. */
import { tlsaSet } from '../../plugins/enforce-tls/published/dane/tlsa-set.js'
import type {
  DaneDemand,
  Held,
  HostRequirement,
} from '../../plugins/enforce-tls/published/host-requirement.js'
import type { PublishedSts } from '../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { requirementOf } from '../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../plugins/enforce-tls/rules/rule.js'

/** What a rule with an action requires at a host of bank.example. @param held what is published there */
export function atHost(action: RelayWithTls, held: Partial<Held>): HostRequirement {
  const requirement = requirementOf(action, 'bank.example', {
    owner: 'acme.example',
    id: 'r1',
    name: 'Banks',
  })
  const isByPolicy = held.sts !== undefined && held.sts !== null
  return {
    ...requirement,
    trusted: isByPolicy,
    namesHost: isByPolicy,
    held: { dane: null, sts: null, testing: null, nothing: '', ...held },
  }
}

/** A record that no certificate fits. */
export function daneDemand(isHalf = false): DaneDemand {
  const base = 'mx.bank.example'
  const record = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) }
  return { set: tlsaSet(base, [record]), base, names: [base], isHalf }
}

/** A policy of bank.example. */
export function stsPolicy(mode: PublishedSts['mode'], mx: readonly string[]): PublishedSts {
  const rest = { domain: 'bank.example', id: '1', age: 0, text: '', problems: [], stale: '', maxAge: 86_400 }
  return { kind: 'policy', mode, mx, ...rest }
}

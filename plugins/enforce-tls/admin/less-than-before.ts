/** What a change takes away from mail that a rule decides for, in a sentence: nothing is weakened unsaid. Pure. */
import { compareDemands, KINDS, type Atom, type Kind, type Part } from '../rules/compare-demands.js'
import { definitionOf, type PublishedBy } from '../rules/levels.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import { formatOtherwise, LEAST, otherwiseOf } from './format-published.js'
import type { RuleImpact } from './rule-impact.js'

/** Says what is asked for no more, of the mail of a rule and of what others decided for; `null` for nothing. */
export function formatLess({ owned, before, instead = [], step }: RuleImpact): string | null {
  // That mail which it exempts may leave in the clear is said of it in any case.
  if (step === 'exempts') return null
  const held = [...(before === null ? [] : [actionOf(before)]), ...instead]
  return formatLessThan(held, actionOf(owned.rule))
}

/** The same of one action in the place of another one. */
export function formatLessThanBefore(before: RelayWithTls, after: RelayWithTls): string | null {
  return formatLessThan([before], after)
}

function formatLessThan(held: readonly RelayWithTls[], after: RelayWithTls): string | null {
  const clauses = [...new Set(held.flatMap((before) => lessClauses(before, after)))]
  return clauses.length === 0 ? null : `This asks for less than before: ${clauses.join('; ')}.`
}

/** Where a level leaves it to the rule what holds. */
const OTHERWISE_AT: Readonly<Record<PublishedBy, readonly Kind[]>> = {
  dane: ['nothing', 'policy'],
  'mta-sts': ['nothing', 'tlsa'],
  published: ['nothing'],
}

function lessClauses(before: RelayWithTls, after: RelayWithTls): readonly string[] {
  const lost = lostParts(before, after)
  if (lost.size === 0) return []
  if (after.level === 'none') return ['mail may leave in the clear']
  const isLost = (atoms: readonly Atom[], kinds: readonly Kind[] = KINDS) =>
    atoms.some((atom) => kinds.some((kind) => lost.has(`${atom}@${kind}`)))
  const to = definitionOf(after.level).published
  const [was, is] = [otherwiseOf(before), otherwiseOf(after)]
  const clauses: string[] = []
  const add = (isSo: boolean, clause: string) => {
    if (isSo) clauses.push(clause)
  }
  if (to !== null && is !== null)
    add(
      isLost(['encrypted', 'waits', 'trusted', 'host'], OTHERWISE_AT[to]) ||
        (was !== null && LEAST.indexOf(is) > LEAST.indexOf(was)),
      formatOtherwise(to, is),
    )
  const from = definitionOf(before.level).published
  if (to === null && from !== null && after.requireOnward === 'must')
    add(isLost(['waits']), formatOtherwise(from, 'onward'))
  if (to === null) add(isLost(['dane', 'listed']), 'what partners publish is not looked at any more')
  else {
    add(isLost(['dane']), 'TLSA records are not looked at any more')
    add(isLost(['listed']), 'MTA-STS policies are not looked at any more')
  }
  const byPolicy = to !== null && to !== 'dane'
  const byRecords = (to !== null && to !== 'mta-sts') || after.requireOnward === 'must'
  add(
    byPolicy && isLost(['waits'], ['policy']),
    'an MTA-STS policy is enough where there are no signed TLSA records',
  )
  add(
    byRecords && isLost(['waits', 'trusted', 'host'], ['tlsa', 'both']),
    'signed TLSA records are enough to vouch for the certificate',
  )
  if (to === null) {
    const isTrustLost = isLost(['trusted'], ['nothing'])
    add(isTrustLost, 'the certificate no longer has to be trusted')
    add(!isTrustLost && isLost(['host'], ['nothing']), 'the certificate no longer has to name the MX host')
  }
  add(
    lost.has('names'),
    after.level === 'secure'
      ? 'the certificate may have other names'
      : "the certificate no longer has to name the recipient's domain or a listed name",
  )
  add(
    lost.has('fingerprints'),
    after.level === 'fingerprint'
      ? 'other certificates are accepted'
      : 'the certificate no longer has to be one that the rule lists',
  )
  add(lost.has('version'), 'TLS 1.2 is enough')
  add(
    lost.has('onward'),
    before.requireOnward === 'must'
      ? 'mail no longer leaves only with REQUIRETLS, to a server that is proved to be the right one'
      : 'mail is no longer handed on with REQUIRETLS',
  )
  add(lost.has('trust'), formatTrust(before, after))
  add(lost.has('route'), formatRoute(before, after))
  add(
    lost.has('direct'),
    `where no server of the recipients fulfils it, mail leaves through the gateway "${after.via ?? ''}"`,
  )
  add(lost.has('unwaivable'), 'the sender of a message can waive TLS (TLS-Required: No)')
  return clauses
}

/** What goes with REQUIRETLS is said with it, and not again as if the level had demanded it. */
function lostParts(before: RelayWithTls, after: RelayWithTls): ReadonlySet<Part> {
  const { lost } = compareDemands(before, after)
  if (!lost.includes('onward')) return new Set(lost)
  const level: { -readonly [field in keyof RelayWithTls]: RelayWithTls[field] } = { ...before }
  delete level.requireOnward
  const ofLevel = compareDemands(level, after).lost
  return new Set([...lost.filter((part) => !/^(dane|listed|trusted|host)@/.test(part)), ...ofLevel])
}

function formatTrust({ trust: before }: RelayWithTls, { trust: after }: RelayWithTls): string {
  if (after !== undefined) return `sessions are made with trust ${after}`
  return `sessions are no longer made with trust ${before ?? ''}`
}

function formatRoute({ via: before }: RelayWithTls, { onFailure, via: after }: RelayWithTls): string {
  return after !== undefined && onFailure !== 'reroute'
    ? `what is required holds for the gateway "${after}" alone, and for no server of the recipients`
    : `mail no longer goes through the gateway "${before ?? ''}"`
}

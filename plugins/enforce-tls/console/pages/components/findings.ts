/** What is known of a rule at the moment when it is switched on: what report mode saw, and how its partners do. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { part, request } from '../api.js'
import type { Effect, Group, Reports, StoredRule } from '../types.js'
import { Notice, useLoaded } from './basics.js'
import { EffectLines } from './effect.js'
import { PartnerCheckNow } from './partner-check.js'
import { partnersOf } from './try-out.js'

/** How many partners are checked at once. */
const CHECKS = 3

export function Findings(props: {
  readonly stored: StoredRule
  readonly effect: Effect | null
  readonly reports: Reports | null
  readonly onClose: () => void
}): VNode {
  const { stored, effect, reports, onClose } = props
  const { rule } = stored
  const { relayWithTls: action } = rule.actions
  const { level } = action
  const seen = reports?.reported
  const asks = level !== 'none' && rule.direction === 'outgoing'
  const patterns = rule.criteria.to?.matchesAny ?? []
  const [expanded] = useLoaded(() => membersOf(asks ? patterns : []), [patterns.join(' '), asks])
  const partners = expanded.state === 'there' ? expanded.value : []
  return html`<${Notice} tone="info">
    <div class="findings">
      <h2>${texts.findings.title(plain(rule.name))}</h2>
      <${EffectLines} effect=${effect} />
      <p>${formatReports(reports)}</p>
      ${
        (reports?.partners ?? []).length > 0 &&
        html`<ul
          aria-label=${seen !== undefined && seen.wouldWait > 0 ? texts.findings.bouncesOrWaits : texts.findings.bounces}
        >
          ${reports?.partners?.map(
            (each) =>
              html`<li key=${each.domain}>
                ${texts.findings.partner(each.domain, each.wouldBounce + each.wouldWait)}
              </li>`,
          )}
        </ul>`
      }
      ${partners
        .slice(0, CHECKS)
        .map((target) => html`<${PartnerCheckNow} key=${target} target=${target} action=${action} />`)}
      <button type="button" class="button" onClick=${onClose}>${texts.close}</button>
    </div>
  <//>`
}

/** What report mode saw, in a sentence or two. */
function formatReports(reports: Reports | null): string {
  const seen = reports?.reported
  if (seen === undefined) return texts.findings.unknownReports
  const { level, otherLevels = 0 } = reports ?? {}
  const others = otherLevels > 0 ? [texts.findings.otherLevels(otherLevels, level ?? '')] : []
  if (seen.messages === 0) return [texts.findings.none, ...others].join(' ')
  return [
    texts.findings.saw(seen.messages, seen.wouldBounce),
    ...(seen.wouldWait > 0 ? [texts.findings.waits(seen.wouldWait)] : []),
    ...(seen.wouldDeliverAsUsual > 0 ? [texts.findings.asUsual(seen.wouldDeliverAsUsual)] : []),
    ...(seen.unknown > 0 ? [texts.findings.unknown(seen.unknown)] : []),
    ...others,
  ].join(' ')
}

/** The partners that patterns name by domain or address, by themselves or in groups. */
async function membersOf(patterns: readonly string[]): Promise<readonly string[]> {
  const named = partnersOf(patterns)
  for (const pattern of patterns) {
    if (named.length >= CHECKS) break
    const group = /^group:(.+)$/.exec(pattern)?.[1]
    if (group === undefined) continue
    const { body } = await request<Group>('GET', `groups/${part(group)}`)
    if (body.problem === null) named.push(...partnersOf(body.patterns))
  }
  return [...new Set(named)]
}

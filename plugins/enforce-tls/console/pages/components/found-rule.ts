/** A rule in a list of rules of several owners: whose it is, what it says, and how it names a partner. */
import { html, type Child, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { FoundRule, Rule, StoredRule } from '../types.js'
import { RuleStateMark } from './rule-state.js'
import { RuleSummary } from './rule-summary.js'

export function FoundRuleRow(props: {
  readonly found: FoundRule
  /** What stands before it, such as a box to choose it. */
  readonly children?: Child
}): VNode {
  const { found, children } = props
  const { owner, id, rule, problem, names } = found
  // In the place of all rules of an owner, which cannot be read.
  if (id === '')
    return html`<li class="card found-rule">
      <div class="rule-body">
        <p><a href=${href('domains', owner)}>${texts.ownerName(owner)}</a></p>
        <p class="problem">${problem}</p>
      </div>
    </li>`
  const direction = (rule as Partial<Rule> | null)?.direction === 'incoming' ? 'incoming' : 'outgoing'
  return html`<li class="card found-rule">
    ${children}
    <div class="rule-body">
      <p class="row">
        <a class="row-link" dir="auto" href=${href('domains', owner, direction, id)}>${nameOf(found)}</a>
        <${RuleBadges} stored=${found} />
      </p>
      <p class="hint">
        <a href=${href('domains', owner, direction)}>${texts.ownerName(owner)}</a>
        ${direction === 'incoming' && `, ${texts.rules.direction.incoming}`}
      </p>
      ${names.length > 0 && html`<p>${texts.find.partner.namedBy(names.map(formatNaming).map(plain))}</p>`}
      ${
        problem === null
          ? html`<${RuleSummary} rule=${rule} effect=${found.effect} />`
          : html`<p class="problem">${texts.rules.invalid}: ${problem}</p>`
      }
    </div>
  </li>`
}

/** What tells at a glance how a rule differs from one that is on and does what it says. */
export function RuleBadges({ stored }: { readonly stored: StoredRule }): VNode {
  const { sameAs = null } = stored
  return html`<${RuleStateMark} stored=${stored} />
    ${sameAs !== null && html`<span class="badge badge-warn">${texts.find.allRules.sameAs(plain(sameAs.name))}</span>`}`
}

/** The name of a rule, or its id where it has none. */
export function nameOf({ rule, id }: StoredRule): string {
  const name = (rule as { name?: unknown } | null)?.name
  return typeof name === 'string' && name.trim() !== '' ? plain(name) : id
}

function formatNaming({ as, pattern, group, except }: FoundRule['names'][number]): string {
  const { named, byGroup, except: not } = texts.find.partner
  const what = group === null ? named[as](pattern) : byGroup(named[as](pattern), group)
  return except ? not(what) : what
}

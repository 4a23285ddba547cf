/** One rule for those who may not change it: as text, with trying it out and its history. */
import { Notice, useLoaded, Waiting } from '../components/basics.js'
import { EffectLines } from '../components/effect.js'
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { Tabs } from '../components/tabs.js'
import { TryOut } from '../components/try-out.js'
import { ValueList } from '../components/value-list.js'
import { html, useState, type Child, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { RuleModel } from '../rule-model.js'
import { levelHint } from '../level-hint.js'
import { texts } from '../texts.js'
import { formatMomentWithZone } from '../times.js'
import type { Action, Direction, Lists, Rule, StoredRule } from '../types.js'

interface RuleTextProps {
  readonly owner: string
  readonly direction: Direction
  readonly id: string
}

export function RuleText({ owner, direction, id }: RuleTextProps): VNode {
  const [loaded, reload] = useLoaded(() => RuleModel.open(owner, direction, id), [owner, id])
  const back = { href: href('domains', owner, direction), label: texts.rule.back }
  const stored = loaded.state === 'there' ? loaded.value.base : null
  if (loaded.state !== 'there' || stored === null)
    return html`<${PageTitle} title=${texts.rule.rule} back=${back} />
      <${Waiting} of=${loaded} retry=${reload} />`
  if (stored.problem !== null)
    return html`<${PageTitle} title=${texts.rules.invalid} back=${back} />
      <${Notice} tone="bad">${texts.rule.broken(stored.problem)}<//>
      <pre class="card" tabindex="0">${JSON.stringify(stored.rule, null, 2)}</pre>`
  return html`<${Shown} ...${{ owner, id, back, stored }} model=${loaded.value} />`
}

type Part = 'rule' | 'try' | 'history'

interface ShownProps {
  readonly owner: string
  readonly id: string
  readonly back: { readonly href: string; readonly label: string }
  readonly stored: StoredRule
  readonly model: RuleModel
}

function Shown({ owner, id, back, stored, model }: ShownProps): VNode {
  const [tab, setTab] = useState<Part>('rule')
  const { rule, effect } = stored
  const tabs = [
    { id: 'rule', label: texts.rule.rule },
    { id: 'try', label: texts.rule.tryOut },
    { id: 'history', label: texts.rule.history },
  ]
  return html`<${PageTitle} title=${rule.name} back=${back}>
      <span class=${`badge ${rule.enabled ? 'badge-on' : ''}`}>${rule.enabled ? texts.on : texts.off}</span>
    <//>
    <${Notice} tone="info">${texts.readOnly}<//>
    <${EffectLines} effect=${effect} />
    <${Tabs} label=${texts.rule.tabs} tabs=${tabs} selected=${tab} onSelect=${setTab}>
      ${tab === 'rule' && html`<section class="card"><${Facts} rule=${rule} /></section>`}
      ${tab === 'try' && html`<${TryOut} model=${model} disabled=${true} />`}
      ${tab === 'history' && html`<${HistoryList} owner=${owner} field=${id} mayUndo=${false} />`}
    <//>`
}

function Facts({ rule }: { readonly rule: Rule }): VNode {
  const { comment, criteria, actions, mode, startsAt, expiresAt } = rule
  const { field } = texts.criteria
  return html`<dl class="rule-facts">
    ${comment !== undefined && comment !== '' && html`<${Fact} name=${texts.rule.comment}>${plain(comment)}<//>`}
    ${(['from', 'to', 'subject'] as const).map((name) => html`<${ListFacts} key=${name} name=${field[name]} lists=${criteria[name]} />`)}
    ${(criteria.header ?? []).map(
      (header) =>
        html`<${ListFacts}
          key=${header.name}
          name=${`${field.header} ${plain(header.name)}`}
          lists=${header}
        />`,
    )}
    ${rule.direction === 'outgoing' && html`<${ActionFacts} action=${actions.relayWithTls} />`}
    ${mode === 'report' && html`<${Fact} name=${texts.actions.reportOnly}>${texts.actions.reportOnlyHint}<//>`}
    ${startsAt !== undefined && html`<${Fact} name=${texts.period.startsAt}>${formatMomentWithZone(startsAt)}<//>`}
    ${expiresAt !== undefined && html`<${Fact} name=${texts.period.expiresAt}>${formatMomentWithZone(expiresAt)}<//>`}
  </dl>`
}

function ListFacts({ name, lists }: { readonly name: string; readonly lists?: Lists }): VNode {
  return html`${(['matchesAny', 'matchesNone'] as const).map((which) => {
    const values = lists?.[which] ?? []
    return (
      values.length > 0 &&
      html`<${Fact} key=${which} name=${`${name} ${texts.criteria.field[which]}`}
        ><${ValueList} values=${values}
      /><//>`
    )
  })}`
}

function ActionFacts({ action }: { readonly action: Action }): VNode {
  const { level, minVersion, names, fingerprints, otherwise, trust, onFailure, via, requireOnward } = action
  const { actions } = texts
  const listed = (name: string, values: readonly string[] | undefined) =>
    values !== undefined &&
    values.length > 0 &&
    html`<${Fact} name=${name}><${ValueList} values=${values} /><//>`
  return html`<${Fact} name=${actions.level}
      >${actions.levelNames[level]}. ${levelHint(level, requireOnward)}<//
    >
    ${minVersion !== undefined && html`<${Fact} name=${actions.minVersion}>${actions.version(minVersion)}<//>`}
    ${listed(actions.names, names)} ${listed(actions.fingerprints, fingerprints)}
    ${
      otherwise !== undefined &&
      html`<${Fact} name=${actions.otherwise}>
        ${actions.otherwiseNames[otherwise]}. ${actions.otherwiseHints(otherwise, requireOnward)}
      <//>`
    }
    ${onFailure !== undefined && html`<${Fact} name=${actions.onFailure}>${actions.onFailureNames[onFailure]}<//>`}
    ${trust !== undefined && html`<${Fact} name=${actions.trust}>${plain(trust)}<//>`}
    ${via !== undefined && html`<${Fact} name=${actions.via}>${plain(via)}<//>`}
    ${
      requireOnward !== undefined &&
      html`<${Fact} name=${actions.requireOnward}>${actions.requireOnwardNames[requireOnward]}<//>`
    }`
}

function Fact({ name, children }: { readonly name: string; readonly children?: Child }): VNode {
  return html`<div>
    <dt>${name}</dt>
    <dd>${children}</dd>
  </div>`
}

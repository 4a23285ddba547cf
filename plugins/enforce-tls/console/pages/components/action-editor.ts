/** The actions of a rule: relay with TLS, how much it must prove, and what happens when it can't. */
import { html, useState, type VNode } from '../preact.js'
import { levelHint } from '../level-hint.js'
import { looksAtPublished, mayLeaveInTheClear } from '../published-levels.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Action, Level } from '../types.js'
import { Notice, Switch, useUid } from './basics.js'
import { Chips } from './chips.js'
import { ActionDetails } from './action-details.js'
import { Exemption } from './exemption.js'
import { OtherwiseChoice } from './otherwise-choice.js'
import { PeriodEditor } from './period-editor.js'

const LEVELS: readonly Level[] = [
  'encrypt',
  'fingerprint',
  'verify',
  'secure',
  'dane',
  'mta-sts',
  'published',
]

interface ActionProps {
  readonly model: RuleModel
  readonly disabled: boolean
}
export function ActionEditor({ model, disabled }: ActionProps): VNode {
  const { action } = model
  const incoming = model.draft.direction === 'incoming'
  const on = action !== null && action.level !== 'none'
  const hint = useUid('relay')
  const [problem, setProblem] = useState<string | null>(null)
  const relay = (next: boolean): void => {
    const stays = !next && model.draft.enabled
    setProblem(stays ? texts.actions.stillOn : null)
    if (next) model.changeLevel(model.lastLevel)
    else if (!stays) model.removeAction()
  }
  return html`<div class="stack">
    <p class="muted">${texts.actions.lead}</p>
    <section class="card">
      <div class="switch-line" id="relay-switch">
        <${Switch}
          label=${texts.actions.relay}
          on=${on}
          disabled=${disabled}
          describedBy=${hint}
          onChange=${relay}
        />
        <div>
          <strong>${texts.actions.relay}</strong>
          <p class=${action === null ? 'problem' : 'hint'} id=${hint}>${relayHint(action, incoming)}</p>
        </div>
      </div>
      ${problem !== null && html`<${Notice} tone="warn">${problem}<//>`}
      ${on && !incoming && html`<${Levels} model=${model} disabled=${disabled} action=${action} />`}
    </section>
    ${on && !incoming && html`<${ActionDetails} model=${model} disabled=${disabled} action=${action} />`}
    <${Exemption} model=${model} disabled=${disabled} />
    <${PeriodEditor} model=${model} disabled=${disabled} />
  </div>`
}

/** What switching it on comes to, as the action is now. */
function relayHint(action: Action | null, incoming: boolean): string {
  if (action === null) return texts.actions.relayMissing
  if (action.level === 'none') return texts.actions.relayExempt
  if (incoming) return texts.actions.relayHintIncoming
  return mayLeaveInTheClear(action) ? texts.actions.relayHintClear : texts.actions.relayHint
}

function Levels({ model, disabled, action }: ActionProps & { readonly action: Action }): VNode {
  const id = useUid('level')
  return html`<fieldset class="levels">
      <legend>${texts.actions.level}</legend>
      ${LEVELS.map(
        (level) =>
          html`<label key=${level} class="level">
            <input
              type="radio"
              name=${id}
              value=${level}
              checked=${action.level === level}
              disabled=${disabled}
              aria-describedby=${`${id}-${level}`}
              onChange=${() => model.changeLevel(level)}
            />
            <span>
              <strong>${texts.actions.levelNames[level]}</strong>
              <span class="hint" id=${`${id}-${level}`}>${levelHint(level, action.requireOnward)}</span>
            </span>
          </label>`,
      )}
    </fieldset>
    ${action.level === 'secure' && html`<${TextList} model=${model} disabled=${disabled} name="names" />`}
    ${action.level === 'fingerprint' && html`<${TextList} model=${model} disabled=${disabled} name="fingerprints" />`}
    ${looksAtPublished(action.level) && html`<${OtherwiseChoice} model=${model} disabled=${disabled} />`}`
}

function TextList({
  model,
  disabled,
  name,
}: ActionProps & { readonly name: 'names' | 'fingerprints' }): VNode {
  const set = (values: readonly string[]): void =>
    model.changeAction({ [name]: values.length > 0 ? values : undefined })
  const wrong = new RegExp(`${name}(?:\\[(\\d+)\\])?$`).exec(model.why?.field ?? '')
  const values = model.action?.[name] ?? []
  const bad = wrong?.[1] === undefined ? undefined : values[Number(wrong[1])]
  // The server looks at these when it saves: the entry that it names is shown as the mistake.
  return html`<${Chips}
    label=${texts.actions[name]}
    hint=${texts.actions[`${name}Hint`]}
    values=${values.filter((each) => each !== bad)}
    mistakes=${bad === undefined ? [] : [{ value: bad, problem: model.why?.message ?? '' }]}
    disabled=${disabled}
    field=${null}
    onChange=${(next: readonly string[], mistakes: readonly { readonly value: string }[]) =>
      set([...next, ...mistakes.map(({ value }) => value)])}
    onPending=${(isPending: boolean) => model.setPending(name, isPending)}
  />`
}

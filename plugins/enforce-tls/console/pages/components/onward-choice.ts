/** Whether a rule has mail handed on with REQUIRETLS: where the partner offers it, or only then. */
import { html, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Action } from '../types.js'
import { Field, useUid } from './basics.js'

const CHOICES = ['offered', 'must'] as const

export function OnwardChoice({
  model,
  disabled,
}: {
  readonly model: RuleModel
  readonly disabled: boolean
}): VNode {
  const id = useUid('onward')
  const { actions } = texts
  const chosen = model.action?.requireOnward
  const choose = (value: string): void =>
    model.changeAction({
      requireOnward: value === '' ? undefined : (value as NonNullable<Action['requireOnward']>),
    })
  return html`<${Field} label=${actions.requireOnward} id=${id} hint=${actions.requireOnwardHint}>
    <select
      id=${id}
      class="input"
      aria-describedby=${`${id}-hint`}
      disabled=${disabled}
      onChange=${({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => choose(currentTarget.value)}
    >
      <option value="" selected=${chosen === undefined}>${actions.requireOnwardDefault}</option>
      ${CHOICES.map(
        (each) =>
          html`<option value=${each} selected=${chosen === each}>
            ${actions.requireOnwardNames[each]}
          </option>`,
      )}
    </select>
  <//>`
}

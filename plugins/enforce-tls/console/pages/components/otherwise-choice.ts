/** What holds where a partner publishes nothing: three choices, each with what comes of it. */
import { html, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { OTHERWISE, type Otherwise } from '../types.js'
import { useUid } from './basics.js'

export function OtherwiseChoice({
  model,
  disabled,
}: {
  readonly model: RuleModel
  readonly disabled: boolean
}): VNode {
  const { otherwise = 'defer', requireOnward } = model.action ?? {}
  const id = useUid('otherwise')
  const choose = (next: Otherwise): void =>
    model.changeAction({ otherwise: next === 'defer' ? undefined : next })
  return html`<fieldset class="levels">
    <legend>${texts.actions.otherwise}</legend>
    <p class="hint">${texts.actions.otherwiseHint}</p>
    ${OTHERWISE.map(
      (each) =>
        html`<label key=${each} class="level">
          <input
            type="radio"
            name=${id}
            value=${each}
            checked=${otherwise === each}
            disabled=${disabled}
            aria-describedby=${`${id}-${each}`}
            onChange=${() => choose(each)}
          />
          <span>
            <strong>${texts.actions.otherwiseNames[each]}</strong>
            <span class="hint" id=${`${id}-${each}`}
              >${texts.actions.otherwiseHints(each, requireOnward)}</span
            >
          </span>
        </label>`,
    )}
  </fieldset>`
}

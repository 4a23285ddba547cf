/** What a list of rules is narrowed down to. */
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { LEVEL_CHOICES, type RuleFilterValue } from '../rule-filter.js'
import { useUid } from './basics.js'

const words = texts.find.allRules

export function RuleFilter(props: {
  readonly value: RuleFilterValue
  readonly onChange: (value: RuleFilterValue) => void
}): VNode {
  const { value, onChange } = props
  const id = useUid('filter')
  const levels = {
    '': words.anyLevel,
    ...Object.fromEntries(
      LEVEL_CHOICES.map((level) => [
        level,
        level === 'none' ? words.exemption : texts.actions.levelNames[level],
      ]),
    ),
  }
  const choice = (
    name: 'state' | 'mode' | 'level',
    label: string,
    options: Readonly<Record<string, string>>,
  ): VNode =>
    html`<div class="field">
      <label for=${`${id}-${name}`}>${label}</label>
      <select
        id=${`${id}-${name}`}
        class="input"
        onChange=${(event: { readonly currentTarget: HTMLSelectElement }) =>
          onChange({ ...value, [name]: event.currentTarget.value })}
      >
        ${Object.entries(options).map(
          ([each, text]) =>
            html`<option key=${each} value=${each} selected=${each === value[name]}>${text}</option>`,
        )}
      </select>
    </div>`
  return html`<div class="card filter" role="group" aria-label=${words.filter}>
    <div class="field">
      <label for=${`${id}-text`}>${words.text}</label>
      <input
        id=${`${id}-text`}
        class="input"
        value=${value.text}
        maxlength="200"
        autocapitalize="none"
        autocomplete="off"
        spellcheck=${false}
        onInput=${(event: { readonly currentTarget: HTMLInputElement }) =>
          onChange({ ...value, text: event.currentTarget.value })}
      />
    </div>
    ${choice('state', words.state, words.states)} ${choice('mode', words.mode, words.modes)}
    ${choice('level', words.level, levels)}
  </div>`
}

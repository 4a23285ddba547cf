/** What a list of rules offers beside its rules: a filter, and several rules changed at once. Closed until asked for. */
import { html, type VNode } from '../preact.js'
import { NO_FILTER, type RuleFilterValue } from '../rule-filter.js'
import { texts } from '../texts.js'
import type { StoredRule } from '../types.js'
import { nameOf } from './found-rule.js'
import { RuleFilter } from './rule-filter.js'
import { ruleKey, SeveralRules } from './several-rules.js'

/** What is asked for there. */
export interface RuleToolsState {
  readonly isOpen: boolean
  readonly filter: RuleFilterValue
  readonly chosen: ReadonlySet<string>
}

/** Nothing yet. */
export const CLOSED: RuleToolsState = { isOpen: false, filter: NO_FILTER, chosen: new Set() }

/** Opens and closes them. */
export function ToolsButton(props: {
  readonly may: boolean
  readonly isOpen: boolean
  readonly onChange: (tools: RuleToolsState) => void
}): VNode {
  const { may, isOpen, onChange } = props
  return html`<button
    type="button"
    class="link"
    aria-expanded=${isOpen ? 'true' : 'false'}
    onClick=${() => onChange({ ...CLOSED, isOpen: !isOpen })}
  >
    ${may ? texts.find.allRules.tools : texts.find.allRules.filter}
  </button>`
}

export function RuleTools(props: {
  /** Those that are shown. */
  readonly rules: readonly StoredRule[]
  readonly may: boolean
  readonly tools: RuleToolsState
  readonly onChange: (tools: RuleToolsState) => void
  readonly onDone: () => void
}): VNode {
  const { rules, may, tools, onChange, onDone } = props
  const { filter, chosen } = tools
  return html`<div class="stack">
    <${RuleFilter}
      value=${filter}
      onChange=${(next: RuleFilterValue) => onChange({ ...tools, filter: next, chosen: new Set() })}
    />
    ${
      may &&
      html`<${SeveralRules}
        rules=${rules}
        chosen=${chosen}
        onChoose=${(next: ReadonlySet<string>) => onChange({ ...tools, chosen: next })}
        onDone=${onDone}
      />`
    }
  </div>`
}

/** The box that chooses a rule. */
export function RuleBox(props: {
  readonly stored: StoredRule
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (chosen: ReadonlySet<string>) => void
}): VNode {
  const { stored, chosen, onChoose } = props
  const key = ruleKey(stored)
  const toggle = (): void => {
    const next = new Set(chosen)
    if (!next.delete(key)) next.add(key)
    onChoose(next)
  }
  return html`<input
    type="checkbox"
    class="rule-box"
    aria-label=${texts.find.several.choose(nameOf(stored))}
    checked=${chosen.has(key)}
    onChange=${toggle}
  />`
}

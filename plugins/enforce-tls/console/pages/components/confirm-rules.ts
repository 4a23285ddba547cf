/** The one question before several rules are switched or deleted: which they are, and what that would do. */
import { request } from '../api.js'
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Impact, StoredRule } from '../types.js'
import { Dialog, Notice, useLoaded, Waiting } from './basics.js'
import { nameOf } from './found-rule.js'
import { ImpactWords, weakens } from './impact.js'

/** What can be done to several rules where they are. */
export type RulesAction = 'enable' | 'disable' | 'delete'

/** So many are named. */
const NAMED = 10

const words = texts.find.several

export function ConfirmRules(props: {
  readonly action: RulesAction
  readonly rules: readonly StoredRule[]
  /** Whether it was asked before, and would do something else by now. */
  readonly again: boolean
  readonly onConfirm: (asked: string) => void
  readonly onClose: () => void
}): VNode {
  const { action, rules, again, onConfirm, onClose } = props
  const several = { action, rules: rules.map(({ owner, id }) => ({ owner, id })) }
  const [loaded, reload] = useLoaded(
    async () => (await request<Impact>('POST', 'impact', { several })).body,
    [],
  )
  const isKnown = loaded.state === 'there'
  const isMild = action === 'enable' && isKnown && !weakens(loaded.value)
  return html`<${Dialog} title=${words.sure[action](rules.length)} onClose=${onClose}>
    ${again && html`<${Notice} tone="warn">${texts.impact.again}<//>`}
    <${RuleNames} rules=${rules} />
    <p>${words.means[action](rules.length)} ${words.undo}</p>
    ${
      isKnown
        ? (loaded.value.asks || action === 'delete') && html`<${ImpactWords} ...${loaded.value} />`
        : html`<${Waiting} of=${loaded} retry=${reload} />`
    }
    <div class="row">
      <button
        type="button"
        class=${isMild ? 'button button-main' : 'button button-bad'}
        disabled=${!isKnown}
        onClick=${() => isKnown && onConfirm(loaded.value.asked)}
      >
        ${words.actions[action]}
      </button>
      <button type="button" class="button" onClick=${onClose}>${texts.cancel}</button>
    </div>
  <//>`
}

/** Rules by name, the first ones of many. */
export function RuleNames({ rules }: { readonly rules: readonly StoredRule[] }): VNode {
  const rest = rules.length - NAMED
  return html`<ul>
    ${rules.slice(0, NAMED).map(
      (rule) =>
        html`<li key=${`${rule.owner} ${rule.id}`}>
          <span dir="auto">${nameOf(rule)}</span>${' '}
          <span class="muted">${texts.ownerName(rule.owner)}</span>
        </li>`,
    )}
    ${rest > 0 && html`<li>${words.names(rest)}</li>`}
  </ul>`
}

/** The action that requires nothing: chosen on purpose, apart from the others, and shown as what it is. */
import { html, useState, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { Dialog, Notice } from './basics.js'

export function Exemption(props: { readonly model: RuleModel; readonly disabled: boolean }): VNode {
  const { model, disabled } = props
  const [asks, setAsks] = useState(false)
  const exempts = model.action?.level === 'none'
  const { enabled, mode, direction } = model.draft
  const hint = direction === 'incoming' ? texts.actions.exemptHintIncoming : texts.actions.exemptHint
  const choose = (): void => {
    setAsks(false)
    model.changeLevel('none')
  }
  // What is in force asks by itself before it is changed.
  const start = (): void => (enabled && mode !== 'report' ? choose() : setAsks(true))
  return html`<section class="card">
    <h2>${texts.actions.exempt}</h2>
    ${exempts ? html`<${Notice} tone="warn">${hint}<//>` : html`<p class="hint">${hint}</p>`}
    ${
      !disabled &&
      (exempts
        ? !enabled &&
          html`<button type="button" class="button" onClick=${() => model.removeAction()}>
            ${texts.actions.exemptRemove}
          </button>`
        : html`<button type="button" class="button" onClick=${start}>${texts.actions.exemptChoose}</button>`)
    }
    ${
      asks &&
      html`<${Dialog} title=${texts.actions.exemptSure} onClose=${() => setAsks(false)}>
        <p>${hint}</p>
        <div class="row">
          <button type="button" class="button button-bad" onClick=${choose}>
            ${texts.actions.exemptYes}
          </button>
          <button type="button" class="button" onClick=${() => setAsks(false)}>${texts.cancel}</button>
        </div>
      <//>`
    }
  </section>`
}

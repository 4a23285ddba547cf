/** Two people changed the same rule: what the other did, what oneself did, and the choice. */
import { html, type VNode } from '../preact.js'
import { changes, changeWords } from '../rule-changes.js'
import { cleaned, type RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { momentWords } from '../times.js'
import { Dialog } from './basics.js'

export function ConflictDialog({ model }: { readonly model: RuleModel }): VNode {
  const { conflict, base } = model
  const theirs = conflict?.theirs ?? null
  const take = (): void => model.takeTheirs()
  if (theirs === null)
    return html`<${Dialog} title=${texts.rule.gone} onClose=${take}>
      <p><a class="button" href="#/">${texts.nav.domains}</a></p>
    <//>`
  return html`<${Dialog} title=${texts.conflict.title} onClose=${(event: Event) => event.preventDefault()}>
    <p>${texts.conflict.lead(conflict?.by ?? null, conflict?.at ? momentWords(conflict.at) : null)}</p>
    <${Changes} title=${texts.conflict.theirs} before=${base?.rule} after=${theirs.rule} />
    <${Changes} title=${texts.conflict.mine} before=${base?.rule} after=${cleaned(model.draft)} />
    <div class="row">
      <button type="button" class="button button-main" onClick=${() => void model.applyMine()}>
        ${texts.conflict.applyMine}
      </button>
      <button type="button" class="button" onClick=${take}>${texts.conflict.takeTheirs}</button>
    </div>
  <//>`
}

function Changes(props: {
  readonly title: string
  readonly before: unknown
  readonly after: unknown
}): VNode {
  const found = changes(props.before, props.after)
  return html`<h3>${props.title}</h3>
    <ul>
      ${found.length === 0 && html`<li>${texts.conflict.nothing}</li>`}
      ${found.map(
        (change) =>
          html`<li key=${change.path}>
            <strong>${texts.conflict.fields(change.path)}</strong>:
            ${changeWords(change, texts.conflict.none)}
          </li>`,
      )}
    </ul>`
}

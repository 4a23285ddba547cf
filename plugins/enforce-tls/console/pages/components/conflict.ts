/** Two people changed the same: what the other did, what oneself did, and the choice. */
import { html, type VNode } from '../preact.js'
import { changes, formatChange } from '../rule-changes.js'
import { cleaned } from '../rule-draft.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import { Dialog } from './basics.js'

export function ConflictDialog({ model }: { readonly model: RuleModel }): VNode {
  const { conflict, base } = model
  const theirs = conflict?.theirs ?? null
  const take = (): void => model.takeTheirs()
  if (theirs === null)
    return html`<${Dialog} title=${texts.rule.gone} onClose=${take}>
      <p><a class="button" href="#/">${texts.nav.domains}</a></p>
    <//>`
  return html`<${Choice}
    title=${texts.conflict.title}
    by=${conflict?.by ?? null}
    at=${conflict?.at ?? null}
    before=${base?.rule}
    theirs=${theirs.rule}
    mine=${cleaned(model.draft)}
    onTheirs=${take}
    onMine=${() => void model.applyMine()}
  />`
}

/** Both changes of one thing, side by side, and which one holds. */
export function Choice(props: {
  readonly title: string
  readonly by: string | null
  readonly at: string | null
  readonly before: unknown
  readonly theirs: unknown
  readonly mine: unknown
  readonly onTheirs: () => void
  readonly onMine: () => void
}): VNode {
  const { title, by, at, before, theirs, mine, onTheirs, onMine } = props
  return html`<${Dialog} title=${title} onClose=${(event: Event) => event.preventDefault()}>
    <p>${texts.conflict.lead(by, at === null ? null : formatMoment(at))}</p>
    <${Changes} title=${texts.conflict.theirs} before=${before} after=${theirs} />
    <${Changes} title=${texts.conflict.mine} before=${before} after=${mine} />
    <div class="row">
      <button type="button" class="button button-main" onClick=${onMine}>${texts.conflict.applyMine}</button>
      <button type="button" class="button" onClick=${onTheirs}>${texts.conflict.takeTheirs}</button>
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
            ${change.path !== '' && html`<strong>${texts.conflict.field(change.path)}</strong>: `}
            ${formatChange(change, texts.conflict.none)}
          </li>`,
      )}
    </ul>`
}

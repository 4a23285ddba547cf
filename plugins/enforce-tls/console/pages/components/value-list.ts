/** A list of values to be read: the first ones, and the rest on demand. */
import { html, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'

const SHOWN = 60

export function ValueList({ values }: { readonly values: readonly string[] }): VNode {
  const [all, setAll] = useState(false)
  const shown = all ? values : values.slice(0, SHOWN)
  return html`<ul class="chip-list">
      ${shown.map((value) => html`<li key=${value} class="chip"><span class="chip-text" dir="auto">${plain(value)}</span></li>`)}
    </ul>
    ${
      shown.length < values.length &&
      html`<button type="button" class="link" onClick=${() => setAll(true)}>
        ${texts.chips.showAll(values.length)}
      </button>`
    }`
}

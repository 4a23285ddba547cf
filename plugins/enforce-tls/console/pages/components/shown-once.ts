/** A secret that is shown once, to be copied. */
import { html, useRef, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { announce, Field, Notice, useUid } from './basics.js'

export function ShownOnce(props: {
  readonly lead: string
  readonly label: string
  readonly value: string
  readonly hint: string
}): VNode {
  const { lead, label, value, hint } = props
  const id = useUid('once')
  const input = useRef<HTMLInputElement | null>(null)
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    input.current?.select()
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
      announce(texts.people.copied)
    } catch {
      // Without TLS there is no clipboard for pages: the text is selected, so that a key copies it.
    }
  }
  return html`<${Notice} tone="good">
    <p>${lead}</p>
    <${Field} label=${label} id=${id} hint=${hint}>
      <div class="input-line">
        <input id=${id} ref=${input} class="input" value=${value} readonly aria-describedby=${`${id}-hint`} />
        <button type="button" class="button" onClick=${() => void copy()}>
          ${copied ? texts.people.copied : texts.people.copy}
        </button>
      </div>
    <//>
  <//>`
}

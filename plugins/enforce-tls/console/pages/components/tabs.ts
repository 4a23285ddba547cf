/**
 * Tabs inside of a page: arrow keys go from one to the next, and the focus selects (WAI-ARIA, tabs with automatic
 * activation). Also for a mouse: what is saved as a field is left may move the tab before the button is up again.
 */
import { html, type Child, type VNode } from '../preact.js'
import { useUid } from './basics.js'

export function Tabs<T extends string>(props: {
  readonly label: string
  readonly tabs: readonly { readonly id: T; readonly label: string }[]
  readonly selected: T
  readonly onSelect: (id: T) => void
  readonly children?: Child
}): VNode {
  const { label, tabs, selected, onSelect, children } = props
  const id = useUid('tabs')
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const place = tabs.findIndex((each) => each.id === selected)
    const next = tabs[(place + step + tabs.length) % tabs.length]
    if (next === undefined) return
    onSelect(next.id)
    document.getElementById(`${id}-${next.id}`)?.focus()
  }
  return html`<div>
    <div class="tabs" role="tablist" aria-label=${label} onKeyDown=${onKeyDown}>
      ${tabs.map(
        (each) =>
          html`<button
            key=${each.id}
            type="button"
            role="tab"
            class="tab"
            id=${`${id}-${each.id}`}
            aria-selected=${each.id === selected ? 'true' : 'false'}
            aria-controls=${`${id}-panel`}
            tabindex=${each.id === selected ? 0 : -1}
            onClick=${() => onSelect(each.id)}
            onFocus=${() => onSelect(each.id)}
          >
            ${each.label}
          </button>`,
      )}
    </div>
    <div class="panel" role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${selected}`}>
      ${children}
    </div>
  </div>`
}

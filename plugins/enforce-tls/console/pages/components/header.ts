/**
 * The header: sections, search, and who is signed in. Where the window is narrow, all but the search is behind a button,
 * closed again by Escape and by going somewhere.
 */
import { html, useEffect, useRef, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'
import { SearchBox } from './search-box.js'

const MENU = 'menu'

export function Header(props: {
  readonly session: Session
  readonly sections: readonly (keyof typeof texts.nav)[]
  /** The section of the page, or `account`. */
  readonly here: string
  /** Another one is another page. */
  readonly page: string
  readonly signOut: () => Promise<void>
}): VNode {
  const { session, sections, here, page, signOut } = props
  const [isOpen, setIsOpen] = useState(false)
  const button = useRef<HTMLButtonElement | null>(null)
  useEffect(() => setIsOpen(false), [page])
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    if (key !== 'Escape' || !isOpen) return
    setIsOpen(false)
    button.current?.focus()
  }
  return html`<header class=${isOpen ? 'top top-open' : 'top'}>
    <span class="brand"><span class="brand-mark" aria-hidden="true"></span>${texts.product}</span>
    <button
      type="button"
      class="button menu-button"
      ref=${button}
      aria-expanded=${isOpen ? 'true' : 'false'}
      aria-controls=${MENU}
      onClick=${() => setIsOpen(!isOpen)}
      onKeyDown=${onKeyDown}
    >
      ${texts.nav.menu}
    </button>
    <${SearchBox} />
    <div class="menu" id=${MENU} onKeyDown=${onKeyDown}>
      <nav aria-label=${texts.nav.label}>
        ${sections.map(
          (name) =>
            html`<a
              key=${name}
              href=${`#/${name}`}
              aria-current=${here === name ? 'page' : undefined}
              onClick=${() => setIsOpen(false)}
              >${texts.nav[name]}</a
            >`,
        )}
      </nav>
      <div class="who">
        <a
          href="#/account"
          aria-current=${here === 'account' ? 'page' : undefined}
          title=${texts.nav.account}
          onClick=${() => setIsOpen(false)}
          >${session.user}</a
        >
        <button type="button" class="link" onClick=${() => void signOut()}>${texts.nav.signOut}</button>
      </div>
    </div>
  </header>`
}

/** The heading of a page, which is the window's title too. */
import { html, useEffect, type Child, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'

/** Longer than any name that is taken, so that only what is not valid is cut. */
const TITLE_MAX = 330

export function PageTitle(props: {
  readonly title: string
  readonly back?: { readonly href: string; readonly label: string }
  readonly children?: Child
}): VNode {
  const { back, children } = props
  const whole = plain(props.title)
  const title = whole.length > TITLE_MAX ? `${whole.slice(0, TITLE_MAX)}…` : whole
  useEffect(() => {
    document.title = texts.titleOf(title)
  }, [title])
  return html`<div class="page-title">
    ${back && html`<a class="back" href=${back.href}><span aria-hidden="true">‹ </span>${back.label}</a>`}
    <div class="title-line">
      <h1 dir="auto">${title}</h1>
      ${children}
    </div>
  </div>`
}

/** A number of messages that leads to exactly those that it counts. */
import { html, type VNode } from '../preact.js'
import { messagesHref } from '../router.js'
import { texts } from '../texts.js'
import { formatNumber } from '../times.js'

export function MessageCount(props: {
  readonly n: number
  readonly what: string
  readonly asked: Readonly<Record<string, string | null>>
}): VNode {
  const { n, what, asked } = props
  const shown = formatNumber(n)
  // There is no search for each result.
  const { result = null } = asked
  if (n === 0 || (result !== null && !(result in texts.messages.results))) return html`<span>${shown}</span>`
  return html`<a href=${messagesHref(asked)} aria-label=${`${shown} ${what}`}>${shown}</a>`
}

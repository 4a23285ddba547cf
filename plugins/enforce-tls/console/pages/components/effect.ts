/** What rules do as things stand, as the server says. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { Effect, NamedEffect } from '../types.js'
import { Notice } from './basics.js'

/** Those in which a rule does not do all that it says. */
const LIMITED: ReadonlySet<string> = new Set(['partly', 'no-effect', 'inactive', 'waits'])

/** A badge for a rule that does not do what it says. */
export function EffectBadge({ effect }: { readonly effect: Effect | null }): VNode | null {
  if (effect === null || !LIMITED.has(effect.status)) return null
  return html`<span class="badge badge-warn">${plain(effect.summary)}</span>`
}

/** All that is to be said of one rule. */
export function EffectLines({ effect }: { readonly effect: Effect | null }): VNode | null {
  if (effect === null) return null
  const [first = '', ...more] = effect.sentences.map(plain)
  const limited = LIMITED.has(effect.status) && effect.status !== 'partly'
  return html`<div class=${`effect ${limited ? 'effect-limited' : ''}`} role="status">
    <p>${first}</p>
    ${more.map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
  </div>`
}

/** What has become of the rules that a change concerns; nothing where there are none. */
export function EffectList({ effects }: { readonly effects: readonly NamedEffect[] }): VNode | null {
  if (effects.length === 0) return null
  return html`<${Notice} tone="info">
    <h2>${texts.effects.title}</h2>
    <ul>
      ${effects.map(
        (each) =>
          html`<li key=${`${each.owner} ${each.id}`}>
            <a href=${href('domains', each.owner, 'outgoing', each.id)}>${plain(each.name)}</a>
            <${EffectLines} effect=${each} />
          </li>`,
      )}
    </ul>
  <//>`
}

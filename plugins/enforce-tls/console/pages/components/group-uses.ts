/** Which rules use a group, and the partners in it, each with the way to more. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { Group } from '../types.js'
import { Unread } from './basics.js'
import { PartnerLink } from './partner-link.js'

/** So many partners are linked. */
const PARTNERS = 50

const words = texts.find.groupUse

export function GroupUses({ group }: { readonly group: Group }): VNode {
  const { usedBy, usedByOthers = 0, unread = [], patterns } = group
  const partners = Array.isArray(patterns) ? partnersIn(patterns) : []
  const rest = partners.length - PARTNERS
  return html`${
    usedBy !== undefined &&
    html`<section class="card">
      <h2>${words.title}</h2>
      <${Unread} sentences=${unread} />
      ${usedBy.length + usedByOthers === 0 && unread.length === 0 && html`<p class="muted">${words.none}</p>`}
      ${
        usedBy.length > 0 &&
        html`<ul class="senders" aria-label=${words.title}>
          ${usedBy.map(
            ({ owner, id, name, enabled, direction }) =>
              html`<li key=${`${owner} ${id}`}>
                <a dir="auto" href=${href('domains', owner, direction, id)}>${plain(name)}</a>
                <span class="muted">${texts.ownerName(owner)}${!enabled && `, ${texts.off}`}</span>
              </li>`,
          )}
        </ul>`
      }
      ${usedByOthers > 0 && html`<p class="muted">${words.others(usedByOthers)}</p>`}
    </section>`
  }
  ${
    partners.length > 0 &&
    html`<section class="card">
      <h2>${texts.find.partner.linked}</h2>
      <ul class="row plain-list">
        ${partners.slice(0, PARTNERS).map((domain) => html`<li key=${domain}><${PartnerLink} domain=${domain} /></li>`)}
      </ul>
      ${rest > 0 && html`<p class="hint">${texts.find.partner.linkedMore(rest)}</p>`}
    </section>`
  }`
}

/** The domains of what a group names; its subdomains are many. */
function partnersIn(patterns: readonly string[]): readonly string[] {
  const domains = patterns
    .filter((pattern) => pattern !== '*' && !pattern.startsWith('.'))
    .map((pattern) => pattern.slice(pattern.lastIndexOf('@') + 1).replace(/\.$/, ''))
  return [...new Set(domains)]
}

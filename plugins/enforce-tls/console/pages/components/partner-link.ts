/** The name of a partner, which leads to all that is known of it. */
import { plain } from '../plain.js'
import { html, type VNode } from '../preact.js'
import { href } from '../router.js'

export function PartnerLink(props: {
  readonly domain: string
  /** Whose deliveries are of interest. @default all that one may see */
  readonly owner?: string | null
}): VNode {
  const { domain, owner = null } = props
  return html`<a href=${partnerHref(domain, owner)}>${plain(domain)}</a>`
}

/** The address of a partner's page. */
export function partnerHref(domain: string, owner: string | null = null): string {
  return owner === null ? href('partners', domain) : href('partners', domain, owner)
}

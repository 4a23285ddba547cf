/** A message in a few words, as far as it is known. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { Message } from '../types.js'
import { partnerHref } from './partner-link.js'

/** The recipients, or how many there are. */
export function formatRecipients({ to, domain, recipients }: Message): string {
  if (to.length === 0) return texts.messages.recipientsAt(recipients, plain(domain))
  const [shown, rest] = [to.slice(0, 3), recipients - Math.min(to.length, 3)]
  return shown.map(plain).join(', ') + texts.messages.andMore(rest)
}

/** The sender, or its domain. */
export function formatSender({ sender, from }: Message): string {
  return sender === null ? texts.messages.senderOf(plain(from)) : plain(sender)
}

/** The rules by their names. */
export function formatRules({ rules }: Message): string {
  return rules.map(({ id, name }) => plain(name ?? id)).join(', ')
}

/** The way to all that is known of the partner: of mail that came in, its sender. */
export function PartnerOf({ message }: { readonly message: Message }): VNode | null {
  const { domain, from, state } = message
  const partner = state === 'rejected' ? from : domain
  if (partner === '') return null
  return html`<a href=${partnerHref(partner)}>${texts.find.partner.link(plain(partner))}</a>`
}

/** What became of it. */
export function StateBadge({ state }: Pick<Message, 'state'>): VNode {
  const tone =
    state === 'delivered' ? 'badge-on' : state === 'waiting' || state === 'reported' ? '' : 'badge-warn'
  return html`<span class=${`badge ${tone}`}>${texts.messages.states[state]}</span>`
}

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
function formatSender({ sender, from }: Message): string {
  return sender === null ? texts.messages.senderOf(plain(from)) : plain(sender)
}

/** From whom, by which rules, and whether the sender asks for REQUIRETLS itself, which stands among the rules. */
export function formatAbout(message: Message): string {
  const isAsked = ({ owner, id }: Message['rules'][number]): boolean => owner === '*' && id === 'requiretls'
  const rules = message.rules.filter((rule) => !isAsked(rule)).map(({ id, name }) => plain(name ?? id))
  return texts.messages.about(formatSender(message), rules.join(', '), message.rules.some(isAsked))
}

/** The way to all that is known of the partner: of mail that came in, its sender. */
export function PartnerOf({ message }: { readonly message: Message }): VNode | null {
  const { domain, from, state } = message
  const partner = state === 'rejected' ? from : domain
  if (partner === '') return null
  return html`<a href=${partnerHref(partner)}>${texts.find.partner.link(plain(partner))}</a>`
}

/** Why TLS failed last, as a sentence; `null` for a message that has nothing to explain. */
export function reasonOf({ state, steps }: Message): string | null {
  const failed = steps.findLast(({ kind, result }) => kind === 'attempt' && result === 'failed')
  // What a gateway got instead has the server's own words, which are no sentence.
  if (state === 'rerouted') return failed?.says ?? null
  // A notice that is on its way explains nothing of the message, and that its sender waived TLS is said by what became of it.
  const last = steps.findLast(
    ({ kind, result }) => kind !== 'waiver' && (kind !== 'notice' || result === 'undelivered'),
  )
  if (state === 'waived') return null
  return last?.reason ?? (['bounced', 'waiting', 'kept'].includes(state) ? (failed?.says ?? null) : null)
}

/** What became of it, and over which version of TLS. */
export function StateBadge({ message }: { readonly message: Message }): VNode {
  const { state } = message
  const tone =
    state === 'delivered' ? 'badge-on' : state === 'waiting' || state === 'reported' ? '' : 'badge-warn'
  return html`<span class=${`badge ${tone}`}>${formatState(message)}</span>`
}

/** Without a version where one of its deliveries has none: a next hop can count as secure without TLS. */
function formatState({ state, steps, exposures }: Message): string {
  if (state === 'waived') return texts.messages.waivedHow[waivedHow(exposures)]
  const words = texts.messages.states[state]
  if (state !== 'delivered' && state !== 'rerouted') return words
  const handed = steps.filter(
    ({ kind, result }) => kind !== 'attempt' && /^(?:delivered|rerouted|via-gateway)/.test(result),
  )
  const versions = handed.map(({ protocol }) => protocol)
  const isOnward = handed.length > 0 && handed.every(({ requiretls }) => requiretls === 'yes')
  const over =
    versions.length === 0 || versions.includes(null)
      ? words
      : texts.messages.over(
          words,
          [...new Set(versions)].map((version) => texts.actions.version(version ?? '')),
        )
  return isOnward ? texts.messages.onward(over) : over
}

/** The worst of all attempts: what has left once in the clear has left. */
function waivedHow(exposures: Message['exposures']): keyof typeof texts.messages.waivedHow {
  const all = exposures.map(({ how }) => how)
  if (all.includes('clear')) return 'clear'
  return all.length === 0 || all.includes('unknown') ? 'unknown' : 'tls'
}

/** What deliveries saw of a partner last: its certificate, and what it had published. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { dayOf, formatMoment } from '../times.js'
import type { Partner } from '../types.js'

const words = texts.find.partner

export function PartnerSeen({ partner }: { readonly partner: Partner }): VNode {
  return html`<section class="card">
      <h2>${words.certificate}</h2>
      <${Certificate} certificate=${partner.certificate} />
    </section>
    <section class="card">
      <h2>${words.published}</h2>
      <${Published} published=${partner.published} />
    </section>`
}

function Certificate({ certificate }: Pick<Partner, 'certificate'>): VNode {
  if (certificate === null) return html`<p class="muted">${words.noCertificate}</p>`
  const { at, host, protocol, fingerprint, issuer, expires } = certificate
  const over = expires !== null && Date.parse(expires) <= Date.now()
  const facts = [
    [words.issuer, issuer],
    [words.expires, expires === null ? null : `${dayOf(expires)}${over ? ` (${words.expired})` : ''}`],
    [words.version, protocol === null ? null : texts.actions.version(protocol)],
    [words.fingerprint, fingerprint],
  ] as const
  return html`<p>${words.certificateAt(plain(host), formatMoment(at))}</p>
    <dl class="facts-list">
      ${facts.map(
        ([name, value]) =>
          value !== null &&
          html`<div key=${name}>
            <dt>${name}</dt>
            <dd class=${over && name === words.expires ? 'text-bad' : ''}>${plain(value)}</dd>
          </div>`,
      )}
    </dl>`
}

function Published({ published }: Pick<Partner, 'published'>): VNode {
  if (published === null) return html`<p class="muted">${words.publishedUnknown}</p>`
  const when = formatMoment(published.at)
  if (published.policies.length === 0) return html`<p>${words.publishedNone(when)}</p>`
  return html`<p>${words.publishedAt(when)}</p>
    <ul class="points">
      ${published.policies.map(
        ({ type, domain, testing = false, strings }) =>
          html`<li key=${`${type} ${domain}`}>
            ${words.policy(type, plain(domain), testing)}
            <ul class="differences">
              ${strings.map((line) => html`<li key=${line}><code>${plain(line)}</code></li>`)}
            </ul>
          </li>`,
      )}
    </ul>`
}

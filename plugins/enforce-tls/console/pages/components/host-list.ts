/** What each receiving server of a partner answered: connection, certificate, and the levels that it fulfils. */
import { html, type Child, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { dayOf } from '../times.js'
import type { CertificateFacts, HostCheck } from '../types.js'

interface HostsProps {
  readonly domain: string
  readonly hosts: readonly HostCheck[]
  /** Puts a server's key on the rule's list; only where that helps. */
  readonly onPin?: ((fingerprint: string) => void) | undefined
  /** What is on the list already. */
  readonly pinned?: readonly string[]
}

export function HostList({ domain, hosts, onPin, pinned = [] }: HostsProps): VNode {
  return html`<ul class="hosts" aria-label=${texts.tryOut.hosts(domain)}>
    ${hosts.map(
      (host) =>
        html`<li key=${`${host.host} ${host.to ?? ''}`} class=${`host host-${toneOf(host)}`}>
          <p class="host-name">
            <strong>${host.host}</strong>
            ${host.to !== null && html`<span class="hint">${host.to}</span>`}
          </p>
          <p class="host-result">${formatResult(host)}</p>
          <${HostFacts} host=${host} />
          <${Pin} host=${host} onPin=${onPin} pinned=${pinned} />
        </li>`,
    )}
  </ul>`
}

function HostFacts({ host }: { readonly host: HostCheck }): VNode | null {
  const { protocol, cipher, certificate, levels, dialogue, dane, listed, requiretls = null } = host
  const records = dane?.records ?? []
  if (protocol === null) return null
  const session = [texts.actions.version(protocol), cipher].filter((each) => each !== null).join(', ')
  return html`<dl class="host-facts">
    <${Fact} name=${texts.tryOut.session}>${session}<//>
    ${certificate && html`<${Fact} name=${texts.tryOut.certificate}>${formatCertificate(certificate)}<//>`}
    ${
      dialogue.length > 0 &&
      html`<${Fact} name=${texts.tryOut.dialogue}>
        ${dialogue.map(
          ({ asked, answered }) =>
            html`<div key=${asked}><code>${asked}</code>: ${answered ?? texts.tryOut.noAnswer}</div>`,
        )}
      <//>`
    }
    ${requiretls !== null && html`<${Fact} name="REQUIRETLS">${texts.tryOut.requiretls(requiretls)}<//>`}
    ${listed !== null && html`<${Fact} name=${texts.tryOut.policy}>${texts.tryOut.listed(listed)}<//>`}
    ${
      records.length > 0 &&
      html`<${Fact} name=${texts.tryOut.tlsa}>
        ${records.map(({ usage, selector, matchingType, data, matches, detail }) => {
          const record = texts.tryOut.tlsaRecord([usage, selector, matchingType], data)
          return html`<div key=${data}>
            <code>${record}</code>: ${texts.tryOut.tlsaResult(matches, detail)}
          </div>`
        })}
      <//>`
    }
    ${
      levels.length > 0 &&
      html`<${Fact} name=${texts.tryOut.levels}>
        <span class="row">
          ${levels.map(
            ({ level, passes, detail }) =>
              html`<span key=${level} class=${`badge ${passes ? 'badge-on' : ''}`} title=${detail ?? ''}>
                ${texts.tryOut.levelResult(texts.actions.levelNames[level], passes)}
              </span>`,
          )}
        </span>
      <//>`
    }
  </dl>`
}

function Fact({ name, children }: { readonly name: string; readonly children?: Child }): VNode {
  return html`<div>
    <dt>${name}</dt>
    <dd>${children}</dd>
  </div>`
}

/** A rule at level fingerprint needs what the server shows: nobody should have to copy it by hand. */
function Pin({
  host,
  onPin,
  pinned = [],
}: Pick<HostsProps, 'onPin' | 'pinned'> & { readonly host: HostCheck }): VNode | null {
  const { publicKey, certificate } = host.certificate?.fingerprints ?? {}
  if (onPin === undefined || publicKey === undefined) return null
  const isPinned = pinned.includes(publicKey) || pinned.includes(certificate ?? '')
  return html`<p class="host-pin">
    <code>${publicKey}</code>
    ${
      isPinned
        ? html`<span class="badge badge-on">${texts.tryOut.pinned}</span>`
        : html`<button type="button" class="button" onClick=${() => onPin(publicKey)}>
            ${texts.tryOut.pin(host.host)}
          </button>`
    }
  </p>`
}

function formatCertificate({ names, issuer, validTo, daysLeft, chain }: CertificateFacts): string {
  const until = validTo === null ? '' : texts.tryOut.until(dayOf(validTo), daysLeft ?? 0)
  return [
    texts.tryOut.names(names.slice(0, SHOWN), names.length - SHOWN),
    texts.tryOut.issuedBy(issuer),
    until,
    chain.trusted ? texts.tryOut.chainTrusted : texts.tryOut.chainNotTrusted(chain.problem ?? ''),
  ]
    .filter((each) => each !== '')
    .join('; ')
}

/** How many names of a certificate are shown. */
const SHOWN = 4

function toneOf({ failure, free }: HostCheck): 'good' | 'bad' | 'warn' {
  if (failure === null) return free === null ? 'good' : 'warn'
  return failure.temporary ? 'warn' : 'bad'
}

function formatResult({ failure, trustedNextHop, free }: HostCheck): string {
  if (failure !== null) return failure.detail
  if (free !== null) return texts.tryOut.free(free)
  return trustedNextHop ? texts.tryOut.trusted : texts.tryOut.good
}

/** One message: each attempt and outcome in order, and a statement on whether it was encrypted, for the printer. */
import { part, request } from '../api.js'
import { Notice, useLoaded, Waiting } from '../components/basics.js'
import { formatRecipients, formatAbout, PartnerOf, StateBadge } from '../components/message-words.js'
import { PageTitle } from '../components/page-title.js'
import { partnerHref } from '../components/partner-link.js'
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import { dayOf, formatMoment, formatMomentWithZone } from '../times.js'
import type { Message, MessageStep, Session, Statement } from '../types.js'

interface Shown {
  readonly message: Message
  readonly statement: Statement
}

export function MessageView(props: {
  readonly session: Session
  readonly uuid: string
  readonly query: string
}): VNode {
  const { session, uuid, query } = props
  const [loaded, reload] = useLoaded(
    async () => (await request<Shown>('GET', `messages/${part(uuid)}?${query}`)).body,
    [uuid, query],
  )
  const back = { href: query === '' ? '#/messages' : href('messages', query), label: texts.message.back }
  if (loaded.state !== 'there')
    return html`<${PageTitle} title=${texts.message.title} back=${back} />
      <${Waiting} of=${loaded} retry=${reload} />`
  const { message, statement } = loaded.value
  return html`<${PageTitle} title=${texts.messages.to(formatRecipients(message))} back=${back} />
    <p class="lead">
      <${StateBadge} message=${message} />${' '} ${formatAbout(message)}${' '}
      <${PartnerOf} message=${message} />
    </p>
    <${NextStep} message=${message} session=${session} owner=${new URLSearchParams(query).get('owner')} />
    <section class="card attempts">
      <h2>${texts.message.steps}</h2>
      <ol>
        ${message.steps.map((step, place) => html`<${Step} key=${place} step=${step} />`)}
      </ol>
    </section>
    <${StatementCard} statement=${statement} />`
}

/** What can be done now, and the pages where that is done. */
function NextStep(props: {
  readonly message: Message
  readonly session: Session
  readonly owner: string | null
}): VNode | null {
  const { message, session, owner } = props
  const { domain, nextStep, check, state } = message
  if (nextStep === null) return null
  return html`<${Notice} tone="info">
    <p><strong>${texts.message.next}:</strong> ${plain(nextStep)}</p>
    <p class="buttons">
      ${check?.gateway === null && session.role !== 'viewer' && html`<a class="button" href=${partnerHref(domain, owner)}>${texts.message.check(plain(domain))}</a>`}
      ${state === 'waiting' && html`<a class="button" href=${href('waiting', domain)}>${texts.message.waiting(plain(domain))}</a>`}
    </p>
  <//>`
}

function Step({ step }: { readonly step: MessageStep }): VNode {
  const { at, kind, result, says, reason, server, address, protocol, cipher, certificate, status } = step
  // What an attempt failed for is told of the server: "mx.bank.example does not offer STARTTLS".
  const subject = kind === 'attempt' && result === 'failed' && server !== null ? `${server} ` : ''
  const { message: words } = texts
  return html`<li>
    <p>
      <strong>${texts.sentence(plain(says))}</strong>${' '}
      <time class="hint" datetime=${at}>${formatMoment(at)}</time>
    </p>
    ${reason !== null && html`<p>${plain(`${subject}${reason}`)}${status !== null && ` (${status})`}</p>`}
    <ul class="differences">
      ${server !== null && html`<li>${plain(words.server(server, address ?? ''))}</li>`}
      ${protocol !== null && html`<li>${words.tls(texts.actions.version(protocol), plain(cipher ?? ''))}</li>`}
      ${
        certificate !== null &&
        html`<li>
          ${words.certificate(plain(certificate.issuer ?? ''), certificate.expires === null ? '' : dayOf(certificate.expires))}
        </li>`
      }
    </ul>
  </li>`
}

function StatementCard({ statement }: { readonly statement: Statement }): VNode {
  const { question, sentence, facts, verified, notVerified } = statement
  return html`<section class="card statement" aria-labelledby="statement">
    <h2 id="statement">${texts.message.statement}</h2>
    <p>${question}</p>
    <p class="answer">${plain(sentence)}</p>
    <dl class="facts-list">
      ${facts.map(
        ([name, value]) =>
          html`<div key=${name}>
            <dt>${name}</dt>
            <dd>${plain(value)}</dd>
          </div>`,
      )}
    </dl>
    <${Points} title=${texts.message.verified} points=${verified} />
    <${Points} title=${texts.message.notVerified} points=${notVerified} />
    <p class="hint">${texts.message.made(formatMomentWithZone(new Date().toISOString()))}</p>
    <p class="not-printed">
      <button type="button" class="button" onClick=${() => window.print()}>${texts.message.print}</button>
    </p>
  </section>`
}

function Points({
  title,
  points,
}: {
  readonly title: string
  readonly points: readonly string[]
}): VNode | false {
  return (
    points.length > 0 &&
    html`<div>
      <h3>${title}</h3>
      <ul class="points">
        ${points.map((point) => html`<li key=${point}>${point}</li>`)}
      </ul>
    </div>`
  )
}

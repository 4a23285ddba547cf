/** One person: role and domains, sign-in, sessions, what they did, and removing them. */
import { ApiError, formatError, part, request } from '../api.js'
import { announce, Dialog, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { PageTitle } from '../components/page-title.js'
import { rightsOf, RightsFields, typedOf } from '../components/rights-fields.js'
import { SessionList } from '../components/session-list.js'
import { ShownOnce } from '../components/shown-once.js'
import { html, useState, type VNode } from '../preact.js'
import { href, queryOf } from '../router.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { Invitation, Person, Session, TokenRow } from '../types.js'
import { formatPassword, invitationLink } from './people.js'

interface Message {
  readonly tone: 'good' | 'warn' | 'bad'
  readonly text: string
}

export function PersonView({ session, name }: { readonly session: Session; readonly name: string }): VNode {
  const path = `users/${part(name)}`
  const [loaded, reload] = useLoaded(async () => (await request<Person>('GET', path)).body, [path])
  const [message, setMessage] = useState<Message | null>(null)
  const back = { href: '#/people', label: texts.people.back }
  /** What was not done since somebody else was faster shows what there is now. */
  const failed = (error: unknown): void => {
    const isStale = error instanceof ApiError && error.status === 412
    setMessage(
      isStale
        ? { tone: 'warn', text: texts.people.changed(name) }
        : { tone: 'bad', text: formatError(error) },
    )
    if (isStale) reload()
  }
  const done = (text: string): void => {
    setMessage({ tone: 'good', text })
    announce(text)
    reload()
  }
  const isOwn = name === session.user
  return html`<${PageTitle} title=${name} back=${back} />
    ${message !== null && html`<${Notice} tone=${message.tone}>${message.text}<//>`}
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<div class="stack">
            <${Role} key=${loaded.value.etag} person=${loaded.value} onDone=${done} onFailed=${failed} />
            <${SignIn} person=${loaded.value} isOwn=${isOwn} onDone=${done} onFailed=${failed} />
            <${SessionList} path=${isOwn ? 'sessions' : `${path}/sessions`} key=${loaded.value.etag} />
            <p>
              <a class="button" href=${href('history', queryOf({ by: name }))}
                >${texts.people.history(name)}</a
              >
            </p>
            <${Remove} person=${loaded.value} onFailed=${failed} />
          </div>`
    }`
}

interface PartProps {
  readonly person: Person
  readonly onDone: (text: string) => void
  readonly onFailed: (error: unknown) => void
}

function Role({ person, onDone, onFailed }: PartProps): VNode {
  const { name, role, domains, etag } = person
  const [rights, setRights] = useState(typedOf({ role: role ?? 'viewer', domains }))
  const [problem, setProblem] = useState<string | null>(null)
  if (role === null) return html`<${Notice} tone="bad">${texts.people.invalid}<//>`
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setProblem(null)
    try {
      await request('PUT', `users/${part(name)}`, rightsOf(rights), etag)
      onDone(texts.people.saved)
    } catch (error) {
      if (error instanceof ApiError && error.field === 'domains') setProblem(error.message)
      else onFailed(error)
    }
  }
  return html`<section class="card">
    <h2>${texts.people.rightsTitle}</h2>
    <form class="stack" onSubmit=${submit} novalidate>
      <${RightsFields} id="person" value=${rights} problem=${problem} onChange=${setRights} />
      <p><button type="submit" class="button button-main">${texts.people.save}</button></p>
    </form>
  </section>`
}

function SignIn(props: PartProps & { readonly isOwn: boolean }): VNode {
  const { person, isOwn, onDone, onFailed } = props
  const { name, role, etag } = person
  const [made, setMade] = useState<Invitation | null>(null)
  const invite = async (): Promise<void> => {
    try {
      setMade((await request<Invitation>('POST', `users/${part(name)}/invitation`, undefined, etag)).body)
    } catch (error) {
      onFailed(error)
    }
  }
  const set = async (event: Event): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const password = new FormData(form).get('password')
    try {
      await request('PUT', `users/${part(name)}/password`, { password }, etag)
      form.reset()
      onDone(texts.people.passwordSet)
    } catch (error) {
      onFailed(error)
    }
  }
  if (isOwn)
    return html`<section class="card">
      <h2>${texts.people.signIn}</h2>
      <p>${texts.people.own} <a href="#/account">${texts.people.ownLink}</a></p>
    </section>`
  return html`<section class="card">
    <h2>${texts.people.signIn}</h2>
    <p class="muted">${texts.people.password(formatPassword(person))}</p>
    ${
      role !== null &&
      html`<p>
          <button type="button" class="button" onClick=${() => void invite()}>${texts.people.newLink}</button>
        </p>
        <p class="hint">${texts.people.newLinkHint}</p>
        ${
          made !== null &&
          html`<${ShownOnce}
            key=${made.secret}
            lead=${texts.people.newLinkMade}
            label=${texts.people.link}
            value=${invitationLink(name, made)}
            hint=${texts.people.linkHint(formatMoment(made.expiresAt))}
          />`
        }
        <form class="line-form" onSubmit=${set}>
          <${Field}
            label=${texts.people.setPassword}
            id="person-password"
            hint=${texts.people.setPasswordHint}
          >
            <input
              id="person-password"
              name="password"
              type="password"
              class="input"
              required
              minlength="12"
              autocomplete="new-password"
              aria-describedby="person-password-hint"
            />
          <//>
          <button type="submit" class="button">${texts.people.setPassword}</button>
        </form>`
    }
  </section>`
}

function Remove({ person, onFailed }: Omit<PartProps, 'onDone'>): VNode {
  const { name, etag } = person
  const [tokens, setTokens] = useState<readonly string[] | null>(null)
  const ask = async (): Promise<void> => {
    try {
      const { body } = await request<readonly TokenRow[]>('GET', 'tokens')
      setTokens(body.filter(({ createdBy }) => createdBy === name).map((each) => each.name))
    } catch (error) {
      onFailed(error)
    }
  }
  const remove = async (): Promise<void> => {
    try {
      await request('DELETE', `users/${part(name)}`, undefined, etag)
      location.hash = '#/people'
    } catch (error) {
      setTokens(null)
      onFailed(error)
    }
  }
  return html`<p class="danger">
      <button type="button" class="link link-bad" onClick=${() => void ask()}>${texts.people.remove}</button>
    </p>
    ${
      tokens !== null &&
      html`<${Dialog} title=${texts.people.removeSure(name)} onClose=${() => setTokens(null)}>
        <p>${texts.people.removeHint}</p>
        ${tokens.length > 0 && html`<p>${texts.people.removeTokens(tokens)}</p>`}
        <div class="row">
          <button type="button" class="button button-bad" onClick=${remove}>${texts.people.removeYes}</button>
          <button type="button" class="button" onClick=${() => setTokens(null)}>${texts.cancel}</button>
        </div>
      <//>`
    }`
}

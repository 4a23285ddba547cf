/** Tokens with which programs use the API, for administrators. */
import { ApiError, formatError, part, request } from '../api.js'
import { announce, Dialog, Empty, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { NO_RIGHTS, rightsOf, RightsFields } from '../components/rights-fields.js'
import { ShownOnce } from '../components/shown-once.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { TokenRow } from '../types.js'
import { formatRole, PeopleTitle } from './people.js'

export function Tokens(): VNode {
  const [loaded, reload] = useLoaded(
    async () => (await request<readonly TokenRow[]>('GET', 'tokens')).body,
    [],
  )
  return html`<${PeopleTitle} view="tokens" />
    <p class="lead">
      ${texts.people.token.lead} <a href="api/openapi.json">${texts.people.token.apiLink}</a>
    </p>
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<${List} tokens=${loaded.value} reload=${reload} />`
    }
    <${CreateToken} onCreated=${reload} />`
}

function List({
  tokens,
  reload,
}: {
  readonly tokens: readonly TokenRow[]
  readonly reload: () => void
}): VNode {
  const [asked, setAsked] = useState<TokenRow | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const revoke = async ({ id, name }: TokenRow): Promise<void> => {
    setAsked(null)
    try {
      await request('DELETE', `tokens/${part(id)}`)
      setFailure(null)
      announce(texts.people.token.revoked(plain(name)))
    } catch (error) {
      setFailure(formatError(error))
    }
    reload()
  }
  if (tokens.length === 0)
    return html`<${Empty} title=${texts.people.token.empty} next=${texts.people.token.emptyNext} />`
  return html`${failure !== null && html`<${Notice} tone="bad">${failure}<//>`}
    <ul class="list">
      ${tokens.map(
        (token) =>
          html`<li key=${token.id} class="card line">
            <div class="line-body">
              <p>
                <strong>${plain(token.name)}</strong>
                ${!token.valid && html` <span class="badge badge-warn">${texts.people.token.over}</span>`}
              </p>
              <p class="muted">${formatRole(token)}</p>
              <p class="hint">${formatFacts(token)}</p>
            </div>
            <button
              type="button"
              class="button"
              aria-label=${texts.people.token.revokeLabel(plain(token.name))}
              onClick=${() => setAsked(token)}
            >
              ${texts.people.token.revoke}
            </button>
          </li>`,
      )}
    </ul>
    ${
      asked !== null &&
      html`<${Dialog}
        title=${texts.people.token.revokeSure(plain(asked.name))}
        onClose=${() => setAsked(null)}
      >
        <p>${texts.people.token.revokeHint}</p>
        <div class="row">
          <button type="button" class="button button-bad" onClick=${() => void revoke(asked)}>
            ${texts.people.token.revoke}
          </button>
          <button type="button" class="button" onClick=${() => setAsked(null)}>${texts.cancel}</button>
        </div>
      <//>`
    }`
}

function formatFacts({ createdAt, createdBy, expiresAt, usedAt }: TokenRow): string {
  const { token } = texts.people
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= Date.now()
  return [
    token.used(usedAt === null ? null : formatMoment(usedAt)),
    isOver
      ? token.expired(formatMoment(expiresAt))
      : token.until(expiresAt === null ? null : formatMoment(expiresAt)),
    [token.by(createdBy), ...(createdAt === null ? [] : [token.on(formatMoment(createdAt))])].join(' '),
  ].join('; ')
}

interface Created {
  readonly name: string
  readonly text: string
}

function CreateToken({ onCreated }: { readonly onCreated: () => void }): VNode {
  const name = useRef<HTMLInputElement | null>(null)
  const expires = useRef<HTMLSelectElement | null>(null)
  const [rights, setRights] = useState(NO_RIGHTS)
  const [failure, setFailure] = useState<{ readonly field: string | null; readonly text: string } | null>(
    null,
  )
  const [created, setCreated] = useState<Created | null>(null)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const given = name.current?.value.trim() ?? ''
    if (given === '') return setFailure({ field: 'name', text: texts.people.token.nameMissing })
    const lasts = expires.current?.value ?? ''
    try {
      const body = { name: given, ...rightsOf(rights), ...(lasts === '' ? {} : { expires: lasts }) }
      setCreated({ name: given, text: (await request<{ text: string }>('POST', 'tokens', body)).body.text })
      setFailure(null)
      setRights(NO_RIGHTS)
      if (name.current) name.current.value = ''
      onCreated()
    } catch (error) {
      setFailure({ field: error instanceof ApiError ? error.field : null, text: formatError(error) })
    }
  }
  const problemOf = (field: string): string | null => (failure?.field === field ? failure.text : null)
  const isElsewhere = failure !== null && failure.field !== 'name' && failure.field !== 'domains'
  return html`<section class="card">
    <h2>${texts.people.token.create}</h2>
    <form class="stack" onSubmit=${submit} novalidate>
      <div class="columns">
        <${Field}
          label=${texts.people.token.name}
          id="token-name"
          hint=${texts.people.token.nameHint}
          problem=${problemOf('name')}
        >
          <input
            id="token-name"
            ref=${name}
            class="input"
            maxlength="100"
            autocomplete="off"
            aria-describedby="token-name-hint"
          />
        <//>
        <${Field} label=${texts.people.token.expires} id="token-expires">
          <select id="token-expires" ref=${expires} class="input">
            ${Object.entries(texts.people.token.expiresNames).map(
              ([value, label]) =>
                html`<option key=${value} value=${value} selected=${value === '90d'}>${label}</option>`,
            )}
          </select>
        <//>
      </div>
      <${RightsFields}
        id="token"
        forProgram=${true}
        value=${rights}
        problem=${problemOf('domains')}
        onChange=${setRights}
      />
      <p class="hint">${texts.people.token.ends}</p>
      ${isElsewhere && html`<${Notice} tone="bad">${failure.text}<//>`}
      <p><button type="submit" class="button button-main">${texts.people.token.submit}</button></p>
    </form>
    ${
      created !== null &&
      html`<${ShownOnce}
        key=${created.text}
        lead=${texts.people.token.made(plain(created.name))}
        label=${texts.people.token.text}
        value=${created.text}
        hint=${texts.people.token.nameHint}
      />`
    }
  </section>`
}

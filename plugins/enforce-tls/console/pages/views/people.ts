/** Who may sign in, for administrators; and somebody new, with a link to choose a password. */
import { ApiError, formatError, request } from '../api.js'
import { Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { PageTitle } from '../components/page-title.js'
import { NO_RIGHTS, rightsOf, RightsFields } from '../components/rights-fields.js'
import { ShownOnce } from '../components/shown-once.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import { dayOf, formatMoment } from '../times.js'
import type { Invitation, Person, Session } from '../types.js'

export function People({ session }: { readonly session: Session }): VNode {
  const [loaded, reload] = useLoaded(async () => (await request<readonly Person[]>('GET', 'users')).body, [])
  return html`<${PeopleTitle} view="people" />
    <p class="lead">${texts.people.lead}</p>
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : html`<ul class="list">
            ${loaded.value.map(
              (person) =>
                html`<li key=${person.name} class="card line">
                  <div class="line-body">
                    <a class="row-link" href=${href('person', person.name)}>${person.name}</a>
                    ${person.name === session.user && html` <span class="badge">${texts.people.you}</span>`}
                  </div>
                  <div class="line-body">
                    <p>${formatRole(person)}</p>
                    <p class=${person.role === null ? 'text-bad' : 'hint'}>${formatPassword(person)}</p>
                  </div>
                </li>`,
            )}
          </ul>`
    }
    <${AddPerson} onAdded=${reload} />`
}

/** The heading of the pages about people, and the way from one to the other. */
export function PeopleTitle({ view }: { readonly view: 'people' | 'tokens' }): VNode {
  const tabs = { people: texts.people.title, tokens: texts.people.tokens }
  return html`<${PageTitle} title=${tabs[view]} />
    <nav class="tabs" aria-label=${texts.people.sections}>
      ${(['people', 'tokens'] as const).map(
        (each) =>
          html`<a
            key=${each}
            class="tab"
            href=${`#/${each}`}
            aria-current=${each === view ? 'page' : undefined}
            >${tabs[each]}</a
          >`,
      )}
    </nav>`
}

export function formatRole({ role, domains }: Pick<Person, 'role' | 'domains'>): string {
  return role === null ? '' : texts.people.rights(texts.people.roleNames[role], domains)
}

export function formatPassword({ role, passwordSetAt, invitedUntil }: Person): string {
  if (role === null) return texts.people.invalid
  if (passwordSetAt !== null) return texts.people.passwordOf(dayOf(passwordSetAt))
  return invitedUntil === null ? texts.people.expired : texts.people.waits(formatMoment(invitedUntil))
}

/** The address of the page that takes an invitation. */
export function invitationLink(name: string, { secret }: Invitation): string {
  const { origin, pathname } = location
  return `${origin}${pathname}${href('invitation', name, secret)}`
}

interface Added {
  readonly user: Person
  readonly invitation: Invitation
}

function AddPerson({ onAdded }: { readonly onAdded: () => void }): VNode {
  const name = useRef<HTMLInputElement | null>(null)
  const [rights, setRights] = useState(NO_RIGHTS)
  const [failure, setFailure] = useState<{ readonly field: string | null; readonly text: string } | null>(
    null,
  )
  const [added, setAdded] = useState<Added | null>(null)
  const problemOf = (field: string): string | null => (failure?.field === field ? failure.text : null)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      const body = { name: name.current?.value.trim() ?? '', ...rightsOf(rights) }
      setAdded((await request<Added>('POST', 'users', body)).body)
      setFailure(null)
      setRights(NO_RIGHTS)
      if (name.current) name.current.value = ''
      onAdded()
    } catch (error) {
      const field = error instanceof ApiError ? error.field : null
      setFailure({ field, text: formatError(error) })
    }
  }
  const isElsewhere = failure !== null && failure.field !== 'name' && failure.field !== 'domains'
  return html`<section class="card">
    <h2>${texts.people.add}</h2>
    <form class="stack" onSubmit=${submit} novalidate>
      <${Field}
        label=${texts.people.name}
        id="person-name"
        hint=${texts.people.nameHint}
        problem=${problemOf('name')}
      >
        <input
          id="person-name"
          ref=${name}
          class="input limited"
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          aria-describedby="person-name-hint"
        />
      <//>
      <${RightsFields} id="add" value=${rights} problem=${problemOf('domains')} onChange=${setRights} />
      ${isElsewhere && html`<${Notice} tone="bad">${failure.text}<//>`}
      <p><button type="submit" class="button button-main">${texts.people.invite}</button></p>
    </form>
    ${
      added !== null &&
      html`<${ShownOnce}
        key=${added.invitation.secret}
        lead=${texts.people.invited(added.user.name)}
        label=${texts.people.link}
        value=${invitationLink(added.user.name, added.invitation)}
        hint=${texts.people.linkHint(formatMoment(added.invitation.expiresAt))}
      />`
    }
  </section>`
}

/** All groups, and a new one by name. */
import { request, requestAll } from '../api.js'
import { Empty, Field, Notice, Unread, useLoaded, Waiting } from '../components/basics.js'
import { PageTitle } from '../components/page-title.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { Group, GroupUse, GroupUseList, Session } from '../types.js'

/** So many owners are named. */
const OWNERS = 5

export function Groups({ session }: { readonly session: Session }): VNode {
  const [loaded, reload] = useLoaded(() => requestAll<Group>('groups'), [])
  const [uses] = useLoaded(async () => (await request<GroupUseList>('GET', 'group-uses')).body, [])
  const may = session.role === 'admin'
  return html`<${PageTitle} title=${texts.groups.title} />
    <p class="lead">${texts.groups.lead}</p>
    ${uses.state === 'there' && html`<${Unread} sentences=${uses.value.unread} />`}
    ${!may && html`<${Notice} tone="info">${texts.groups.adminOnly}<//>`} ${may && html`<${CreateGroup} />`}
    ${
      loaded.state !== 'there'
        ? html`<${Waiting} of=${loaded} retry=${reload} />`
        : loaded.value.length === 0
          ? html`<${Empty} title=${texts.groups.empty} next=${may ? texts.groups.emptyNext : ''} />`
          : html`<ul class="list">
              ${loaded.value.map(
                ({ name, patterns, problem }) =>
                  html`<li key=${name} class="card domain">
                    <a class="row-link domain-name" href=${href('groups', name)}>${name}</a>
                    <span class=${problem === null ? 'muted' : 'text-bad'}>
                      ${problem ?? texts.groups.entryCount(patterns.length)}
                    </span>
                    ${
                      uses.state === 'there' &&
                      html`<span class="muted"
                        >${formatUse(
                          uses.value.uses.find((use) => use.group === name),
                          uses.value.unread.length > 0,
                        )}</span
                      >`
                    }
                  </li>`,
              )}
            </ul>`
    }`
}

/** Whose rules refer to it. */
function formatUse(use: GroupUse | undefined, isIncomplete: boolean): string {
  if (use === undefined) return isIncomplete ? texts.find.groupUse.unknown : texts.find.groupUse.unused
  const shown = use.owners.slice(0, OWNERS).map(texts.ownerName)
  const rest = use.owners.length - shown.length
  return texts.find.groupUse.used(use.rules, [
    ...shown,
    ...(rest > 0 ? [texts.find.groupUse.moreOwners(rest)] : []),
  ])
}

function CreateGroup(): VNode {
  const input = useRef<HTMLInputElement | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const create = (event: Event): void => {
    event.preventDefault()
    const name = input.current?.value.trim() ?? ''
    if (name === '') return setProblem(texts.groups.nameMissing)
    location.hash = href('groups', name)
  }
  return html`<form class="card line-form" onSubmit=${create} novalidate>
    <${Field} label=${texts.groups.name} id="group-name" problem=${problem}>
      <input
        id="group-name"
        ref=${input}
        class="input"
        autocapitalize="none"
        autocomplete="off"
        spellcheck=${false}
      />
    <//>
    <button type="submit" class="button button-main">${texts.groups.create}</button>
  </form>`
}

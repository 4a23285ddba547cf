/** The groups that a rule names: each opens to its members, which are read then. */
import { part, request } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { ruleTexts } from '../texts-rules.js'
import type { Criteria, Group } from '../types.js'
import { useLoaded, Waiting } from './basics.js'

/** So many members are shown. */
const SHOWN = 30

export function RuleGroups({ criteria }: { readonly criteria: Criteria }): VNode {
  return html`${groupsIn(criteria).map((name) => html`<${OneGroup} key=${name} name=${name} />`)}`
}

function groupsIn({ to, from }: Criteria): string[] {
  const patterns = [to, from].flatMap((lists) => [
    ...(lists?.matchesAny ?? []),
    ...(lists?.matchesNone ?? []),
  ])
  return [...new Set(patterns.flatMap((pattern) => /^group:(.+)$/.exec(pattern)?.[1] ?? []))]
}

function OneGroup({ name }: { readonly name: string }): VNode {
  const [open, setOpen] = useState(false)
  return html`<details
    class="group-members"
    onToggle=${({ currentTarget }: { readonly currentTarget: HTMLDetailsElement }) => setOpen(currentTarget.open)}
  >
    <summary>${ruleTexts.group(plain(name))}</summary>
    ${open && html`<${Members} name=${name} />`}
  </details>`
}

function Members({ name }: { readonly name: string }): VNode {
  const [loaded, reload] = useLoaded(
    async () => (await request<Group>('GET', `groups/${part(name)}`)).body,
    [name],
  )
  if (loaded.state !== 'there') return html`<${Waiting} of=${loaded} retry=${reload} />`
  const { patterns, problem } = loaded.value
  const members = problem === null ? patterns : []
  const more = members.length - SHOWN
  return html`<p>
    ${members.length === 0 ? ruleTexts.groupEmpty : members.slice(0, SHOWN).map(plain).join(', ')}
    ${more > 0 && ` ${ruleTexts.groupMore(more)}`} <a href=${href('groups', name)}>${ruleTexts.groupOpen}</a>
  </p>`
}

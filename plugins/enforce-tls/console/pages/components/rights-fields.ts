/** Role and domains of a user or a token, to be chosen. */
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Rights, Role } from '../types.js'
import { Field } from './basics.js'

const ROLES: readonly Role[] = ['admin', 'domain-admin', 'viewer']

/** What is being chosen; domains as typed. */
export interface TypedRights {
  readonly role: Role
  readonly domains: string
}

/** Least first: who is in a hurry gives away little. */
export const NO_RIGHTS: TypedRights = { role: 'viewer', domains: '' }

export function typedOf({ role, domains }: Rights): TypedRights {
  return { role, domains: domains.join(', ') }
}

export function rightsOf({ role, domains }: TypedRights): Rights {
  const parts = domains.split(/[\s,;]+/).filter((each) => each !== '')
  return { role, domains: role === 'admin' ? [] : parts }
}

export function RightsFields(props: {
  /** Before the ids of its controls. */
  readonly id: string
  /** A program never manages people. */
  readonly forProgram?: boolean
  readonly value: TypedRights
  readonly problem: string | null
  readonly onChange: (value: TypedRights) => void
}): VNode {
  const { id, forProgram = false, value, problem, onChange } = props
  const hints = forProgram ? texts.people.token.roleHints : texts.people.roleHints
  return html`<fieldset class="levels">
      <legend>${texts.people.role}</legend>
      ${ROLES.map(
        (role) =>
          html`<label key=${role} class="level">
            <input
              type="radio"
              name=${`${id}-role`}
              value=${role}
              checked=${value.role === role}
              onChange=${() => onChange({ ...value, role })}
            />
            <span>${texts.people.roleNames[role]}<span class="hint">${hints[role]}</span></span>
          </label>`,
      )}
    </fieldset>
    ${
      value.role !== 'admin' &&
      html`<${Field}
        label=${texts.people.domains}
        id=${`${id}-domains`}
        hint=${texts.people.domainsHint}
        problem=${problem}
      >
        <input
          id=${`${id}-domains`}
          class="input"
          value=${value.domains}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          aria-describedby=${`${id}-domains-hint`}
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) =>
            onChange({ ...value, domains: event.currentTarget.value })}
        />
      <//>`
    }`
}

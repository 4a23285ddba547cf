/** The named trust of a rule: one of those of the settings, or the one that the rule has. Without any, nothing is shown. */
import { request } from '../api.js'
import { html, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { Field, useLoaded, useUid } from './basics.js'

interface Named {
  readonly name: string
}

export function TrustChoice({
  model,
  disabled,
}: {
  readonly model: RuleModel
  readonly disabled: boolean
}): VNode | null {
  const id = useUid('trust')
  const [loaded] = useLoaded(() => request<readonly Named[]>('GET', 'trusts'), [])
  const { trust } = model.action ?? {}
  // Where that is unknown, the rule keeps what it has.
  const known = loaded.state === 'there' ? loaded.value.body.map(({ name }) => name) : null
  const names = [...(known ?? []), ...(trust === undefined || known?.includes(trust) ? [] : [trust])]
  if (names.length === 0) return null
  const isMissing = (name: string): boolean => known !== null && !known.includes(name)
  return html`<${Field} label=${texts.actions.trust} id=${id}>
    <select
      id=${id}
      class="input"
      disabled=${disabled}
      aria-describedby=${`${id}-hint`}
      onChange=${({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
        model.changeAction({ trust: currentTarget.value === '' ? undefined : currentTarget.value })}
    >
      <option value="" selected=${trust === undefined}>${texts.actions.trustDefault}</option>
      ${names.map(
        (name) =>
          html`<option value=${name} selected=${trust === name}>
            ${isMissing(name) ? texts.actions.trustMissing(name) : name}
          </option>`,
      )}
    </select>
    <p class="hint" id=${`${id}-hint`}>${texts.actions.trustHint}</p>
  <//>`
}

/**
 * What a rule names of the settings: a trust or a gateway. One of those that this Haraka has, or the one that the rule
 * has, which is said where the settings do not have it. Where there is nothing to choose, nothing is shown.
 */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { Field, useUid } from './basics.js'

export function NamedChoice(props: {
  readonly model: RuleModel
  readonly disabled: boolean
  readonly name: 'trust' | 'via'
  /** Those of the settings; `null` where they are unknown: then the rule keeps what it has. */
  readonly known: readonly string[] | null
  /** What stands for none of them. */
  readonly none: string
  readonly hint: string
  /** Whether it is shown without any name, so that its hint says what is missing. @default false */
  readonly always?: boolean
}): VNode | null {
  const { model, disabled, name, known, none, hint, always = false } = props
  const id = useUid(name)
  const chosen = model.action?.[name]
  const names = [...(known ?? []), ...(chosen === undefined || known?.includes(chosen) ? [] : [chosen])]
  if (names.length === 0 && !always) return null
  const isMissing = (each: string): boolean => known !== null && !known.includes(each)
  return html`<${Field}
    label=${texts.actions[name]}
    id=${id}
    hint=${hint}
    problem=${chosen !== undefined && isMissing(chosen) ? texts.actions.namedMissingWhy(plain(chosen)) : null}
  >
    <select
      id=${id}
      class="input"
      disabled=${disabled}
      aria-describedby=${`${id}-hint`}
      onChange=${({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
        model.changeAction({ [name]: currentTarget.value === '' ? undefined : currentTarget.value })}
    >
      <option value="" selected=${chosen === undefined}>${none}</option>
      ${names.map(
        (each) =>
          html`<option key=${each} value=${each} selected=${chosen === each}>
            ${isMissing(each) ? texts.actions.namedMissing(each) : each}
          </option>`,
      )}
    </select>
  <//>`
}

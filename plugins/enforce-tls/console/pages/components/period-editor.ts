/** The time in which a rule acts, typed and shown in the viewer's zone. What is typed counts when one leaves it. */
import { html, useLayoutEffect, useState, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { instantOf, localValueOf, formatMomentWithZone, zoneName } from '../times.js'
import { Field, useUid } from './basics.js'

type TimeName = 'startsAt' | 'expiresAt'

interface PeriodProps {
  readonly model: RuleModel
  readonly disabled: boolean
}

export function PeriodEditor({ model, disabled }: PeriodProps): VNode {
  return html`<section class="card">
    <h2>${texts.period.title}</h2>
    <p class="muted">${texts.period.lead} ${texts.period.zone(zoneName())}</p>
    <div class="columns">
      ${(['startsAt', 'expiresAt'] as const).map(
        (name) => html`<${Time} key=${name} name=${name} model=${model} disabled=${disabled} />`,
      )}
    </div>
  </section>`
}

function Time({ name, model, disabled }: PeriodProps & { readonly name: TimeName }): VNode {
  const id = useUid('time')
  const stored = model.draft[name] ?? ''
  const shown = stored === '' ? '' : localValueOf(stored)
  const [typed, setTyped] = useState(shown)
  const [problem, setProblem] = useState<string | null>(null)
  // Such as after somebody else's change was taken; at once, before anything is typed.
  useLayoutEffect(() => setTyped(shown), [stored])
  useLayoutEffect(() => () => model.setPending(name, false), [])
  const set = (value: string): void => {
    setProblem(null)
    model.setPending(name, false)
    model.change({ [name]: value === '' ? undefined : value })
  }
  const take = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void => {
    const { value, validity } = currentTarget
    if (validity.badInput) return setProblem(texts.period.incomplete)
    if (value === shown) return setProblem(null)
    if (value === '') return set('')
    const { iso, exists, nearest } = instantOf(value)
    if (!exists) return setProblem(texts.period.gap(zoneName(), nearest))
    set(iso)
  }
  const field = model.why?.field?.endsWith(name) === true ? texts.period.order : null
  const twice = stored !== '' && instantOf(shown).twice
  return html`<${Field}
    label=${texts.period[name]}
    id=${id}
    hint=${stored === '' ? texts.period.empty[name] : `${formatMomentWithZone(stored)}${twice ? ` (${texts.period.twice})` : ''}`}
    problem=${problem ?? field}
  >
    <div class="input-line">
      <input
        id=${id}
        class="input"
        type="datetime-local"
        max="9999-12-31T23:59"
        value=${typed}
        disabled=${disabled}
        aria-describedby=${`${id}-hint${(problem ?? field) === null ? '' : ` ${id}-problem`}`}
        onInput=${({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => {
          setTyped(currentTarget.value)
          model.setPending(name, currentTarget.validity.badInput || currentTarget.value !== shown)
        }}
        onBlur=${take}
        onKeyDown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter') take({ currentTarget: event.currentTarget as HTMLInputElement })
        }}
      />
      ${
        !disabled &&
        stored !== '' &&
        html`<button
          type="button"
          class="link"
          aria-label=${texts.period.removeLabel[name]}
          onClick=${() => {
            setTyped('')
            set('')
          }}
        >
          ${texts.remove}
        </button>`
      }
    </div>
  <//>`
}

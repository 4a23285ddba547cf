/** The details of an action: version, what happens on failure, trust and gateway, each with what holds where a rule does not say. */
import { request } from '../api.js'
import { html, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Action, RuleSettings } from '../types.js'
import { Field, useLoaded, useUid } from './basics.js'
import { NamedChoice } from './named-choice.js'
import { OnwardChoice } from './onward-choice.js'

const VERSIONS = ['TLSv1.2', 'TLSv1.3']

interface Selected {
  readonly currentTarget: { readonly value: string }
}

export function ActionDetails(props: {
  readonly model: RuleModel
  readonly disabled: boolean
  readonly action: Action
}): VNode {
  const { model, disabled, action } = props
  const version = useUid('version')
  const failure = useUid('failure')
  const [settings] = useLoaded(() => request<RuleSettings>('GET', 'rule-settings'), [])
  const [trusts] = useLoaded(() => request<readonly { readonly name: string }[]>('GET', 'trusts'), [])
  const defaults = settings.state === 'there' ? settings.value.body : null
  const names = trusts.state === 'there' ? trusts.value.body.map(({ name }) => name) : null
  const gateways = defaults?.gateways ?? null
  const isRerouted = action.onFailure === 'reroute'
  const set = (name: 'minVersion' | 'onFailure', value: string): void =>
    model.changeAction({ [name]: value === '' ? undefined : value })
  return html`<section class="card columns columns-wide">
    <${Field} label=${texts.actions.minVersion} id=${version}>
      <select
        id=${version}
        class="input"
        disabled=${disabled}
        onChange=${({ currentTarget }: Selected) => set('minVersion', currentTarget.value)}
      >
        <option value="" selected=${action.minVersion === undefined}>
          ${texts.actions.serverDefault(defaults === null ? '' : texts.actions.version(defaults.minVersion))}
        </option>
        ${VERSIONS.map(
          (each) =>
            html`<option value=${each} selected=${action.minVersion === each}>
              ${texts.actions.version(each)}
            </option>`,
        )}
      </select>
    <//>
    <${Field} label=${texts.actions.onFailure} id=${failure}>
      <select
        id=${failure}
        class="input"
        disabled=${disabled}
        onChange=${({ currentTarget }: Selected) => set('onFailure', currentTarget.value)}
      >
        <option value="" selected=${action.onFailure === undefined}>
          ${texts.actions.serverDefault(defaults === null ? '' : texts.actions.onFailureShort[defaults.onFailure])}
        </option>
        ${(['bounce', 'defer', 'reroute'] as const).map(
          (each) =>
            html`<option value=${each} selected=${action.onFailure === each}>
              ${texts.actions.onFailureNames[each]}
            </option>`,
        )}
      </select>
    <//>
    <${OnwardChoice} model=${model} disabled=${disabled} />
    <${NamedChoice}
      model=${model}
      disabled=${disabled}
      name="trust"
      known=${names}
      none=${texts.actions.trustDefault}
      hint=${texts.actions.trustHint}
    />
    <${NamedChoice}
      model=${model}
      disabled=${disabled}
      name="via"
      known=${gateways}
      none=${isRerouted ? texts.actions.viaMissing : texts.actions.viaNone}
      hint=${gateways?.length === 0 ? texts.actions.viaNotSetUp : texts.actions.viaHint}
      always=${isRerouted}
    />
  </section>`
}

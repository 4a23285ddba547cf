/** Whether a rule enforces or only reports, beside the switch that puts it on. */
import { html, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import { Switch, useUid } from './basics.js'

export function ReportOnly(props: { readonly model: RuleModel; readonly disabled: boolean }): VNode {
  const { model, disabled } = props
  const id = useUid('report')
  return html`<div class="switch-line">
    <${Switch}
      label=${texts.actions.reportOnly}
      on=${model.draft.mode === 'report'}
      disabled=${disabled}
      describedBy=${id}
      onChange=${(on: boolean) => model.change({ mode: on ? 'report' : 'enforce' })}
    />
    <div>
      <strong>${texts.actions.reportOnly}</strong>
      <p class="hint" id=${id}>${texts.actions.reportOnlyHint}</p>
    </div>
  </div>`
}

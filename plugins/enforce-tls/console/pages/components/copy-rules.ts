/** Asks to whom rules are copied, and under which name where it is one. */
import { requestAll } from '../api.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { DomainRow, StoredRule } from '../types.js'
import { Dialog, Field, useLoaded, useUid } from './basics.js'
import { RuleNames } from './confirm-rules.js'
import { nameOf } from './found-rule.js'

/** Where to. */
export interface CopyOrder {
  readonly to: string
  /** `null`: each keeps its own. */
  readonly name: string | null
}

const words = texts.find.several

export function CopyRules(props: {
  readonly rules: readonly StoredRule[]
  readonly onCopy: (order: CopyOrder) => void
  readonly onClose: () => void
}): VNode {
  const { rules, onCopy, onClose } = props
  const id = useUid('copy')
  const to = useRef<HTMLInputElement | null>(null)
  const name = useRef<HTMLInputElement | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [domains] = useLoaded(() => requestAll<DomainRow>('domains', 1000), [])
  const [only] = rules.length === 1 ? rules : []
  const submit = (event: Event): void => {
    event.preventDefault()
    const given = to.current?.value.trim() ?? ''
    if (given === '') return setProblem(words.copyMissing)
    const named = name.current?.value.trim() ?? ''
    onCopy({ to: given.toLowerCase(), name: named === '' ? null : named })
  }
  return html`<${Dialog} title=${words.copyTitle(rules.length)} onClose=${onClose}>
    <form class="stack" onSubmit=${submit} novalidate>
      ${only === undefined && html`<${RuleNames} rules=${rules} />`}
      <p>${words.copyLead}</p>
      <${Field} label=${words.copyTo} id=${`${id}-to`} hint=${words.copyToHint} problem=${problem}>
        <input
          id=${`${id}-to`}
          ref=${to}
          class="input"
          list=${`${id}-domains`}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
        />
      <//>
      <datalist id=${`${id}-domains`}>
        ${(domains.state === 'there' ? domains.value : []).map(
          ({ domain }) => html`<option key=${domain} value=${domain}></option>`,
        )}
      </datalist>
      ${
        only !== undefined &&
        html`<${Field} label=${words.copyName} id=${`${id}-name`}>
          <input
            id=${`${id}-name`}
            ref=${name}
            class="input"
            maxlength="200"
            autocomplete="off"
            defaultValue=${nameOf(only)}
          />
        <//>`
      }
      <div class="row">
        <button type="submit" class="button button-main">${words.copyYes}</button>
        <button type="button" class="button" onClick=${onClose}>${texts.cancel}</button>
      </div>
    </form>
  <//>`
}

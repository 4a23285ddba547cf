/** Asks the receiving servers of a partner, and shows what each of them answered. */
import { html, useState, type VNode } from '../preact.js'
import { request, formatError } from '../api.js'
import { looksAtPublished } from '../published-levels.js'
import { texts } from '../texts.js'
import type { Action, PartnerCheck } from '../types.js'
import { Field, Notice, Switch, useUid } from './basics.js'
import { HostList } from './host-list.js'

export type Checked = PartnerCheck | { readonly failure: string } | 'asking' | null

/** What a rule requires, as a check takes it; fingerprints that are not listed yet can't be checked. */
function requiredBy({ level, minVersion, names, fingerprints, otherwise, trust }: Action): Partial<Action> {
  if (level === 'none') return {}
  const pinless = level === 'fingerprint' && (fingerprints ?? []).length === 0
  return {
    level: pinless ? 'encrypt' : level,
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(names === undefined ? {} : { names }),
    ...(pinless || fingerprints === undefined ? {} : { fingerprints }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(trust === undefined ? {} : { trust }),
  }
}

/** One check, or why there is none. */
export async function checkNow(
  target: string,
  action: Action,
  withRecipient = false,
): Promise<Exclude<Checked, 'asking' | null>> {
  const rcpt = withRecipient && target.includes('@') ? { rcpt: target } : {}
  try {
    return (await request<PartnerCheck>('POST', 'check', { target, ...rcpt, ...requiredBy(action) })).body
  } catch (error) {
    return { failure: formatError(error) }
  }
}

/** What a check requires, as a sentence. */
function formatRequirement(action: Action): string {
  const {
    level = 'encrypt',
    minVersion,
    names = [],
    fingerprints = [],
    otherwise = 'defer',
    trust,
  } = requiredBy(action)
  const version = minVersion === undefined ? '' : texts.tryOut.orLater(texts.actions.version(minVersion))
  const listed = level === 'secure' ? texts.tryOut.withNames(names.length) : ''
  const pins = level === 'fingerprint' ? texts.tryOut.withFingerprints(fingerprints.length) : ''
  const nothing = looksAtPublished(level) ? texts.tryOut.withOtherwise(otherwise) : ''
  const named = trust === undefined ? '' : texts.tryOut.withTrust(trust)
  return texts.tryOut.requirement(
    `${texts.actions.levelNames[level]}${version}${listed}${pins}${nothing}${named}`,
  )
}

/** A form for any partner. */
export function PartnerCheckForm(props: {
  readonly target: string
  readonly action: Action
  /** Puts a fingerprint on the rule's list. @default there is none */
  readonly onPin?: (fingerprint: string) => void
  /** What it checks for, as a sentence. @default the level of the action */
  readonly requirement?: string
}): VNode {
  const { action, onPin, requirement = formatRequirement(action) } = props
  const id = useUid('check')
  const [target, setTarget] = useState(props.target)
  const [withRecipient, setWithRecipient] = useState(false)
  const [checked, setChecked] = useState<Checked>(null)
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    setChecked('asking')
    setChecked(await checkNow(target.trim(), action, withRecipient))
  }
  return html`<section class="card">
    <h2>${texts.tryOut.checkTitle}</h2>
    <p class="muted">${texts.tryOut.checkLead} ${requirement}</p>
    <form class="line-form" onSubmit=${start}>
      <${Field} label=${texts.tryOut.checkTarget} id=${id}>
        <input
          id=${id}
          class="input"
          value=${target}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          required
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) => setTarget(event.currentTarget.value)}
        />
      <//>
      <button class="button" type="submit" disabled=${checked === 'asking'}>${texts.tryOut.checkAsk}</button>
    </form>
    ${
      target.includes('@') &&
      html`<div class="switch-line">
        <${Switch}
          label=${texts.tryOut.checkRecipient}
          on=${withRecipient}
          describedBy=${`${id}-recipient`}
          onChange=${setWithRecipient}
        />
        <div>
          <strong>${texts.tryOut.checkRecipient}</strong>
          <p class="hint" id=${`${id}-recipient`}>${texts.tryOut.checkRecipientHint}</p>
        </div>
      </div>`
    }
    <${CheckResult} checked=${checked} action=${action} onPin=${onPin} />
  </section>`
}

/** What the partner publishes, and what is wrong with it. */
function sentencesOf({ dane, mtaSts, tlsReports }: PartnerCheck): readonly string[] {
  const problems = mtaSts?.policy?.problems.map((problem) => texts.tryOut.policyProblem(problem)) ?? []
  return [
    ...[dane, mtaSts].flatMap((each) => (each ? [each.sentence] : [])),
    ...problems,
    ...(tlsReports ? [tlsReports.sentence] : []),
  ]
}

function CheckResult(props: {
  readonly checked: Checked
  readonly action: Action
  readonly onPin?: ((fingerprint: string) => void) | undefined
}): VNode | null {
  const { checked, action, onPin } = props
  if (checked === null) return null
  if (checked === 'asking') return html`<p class="loading" role="status">${texts.tryOut.checking}</p>`
  if ('failure' in checked) return html`<${Notice} tone="bad">${checked.failure}<//>`
  const tone = {
    delivered: 'good',
    free: 'warn',
    rerouted: 'warn',
    waits: 'bad',
    bounced: 'bad',
    'not-known': 'warn',
  }[checked.verdict]
  return html`<div class="stack-tight">
    <${Notice} tone=${tone}>
      <p><strong>${texts.tryOut.verdicts[checked.verdict]}</strong> ${texts.sentence(checked.reason)}</p>
      ${checked.remarks.map((remark) => html`<p key=${remark}>${remark}</p>`)}
    <//>
    ${sentencesOf(checked).map((sentence) => html`<p key=${sentence} class="hint">${sentence}</p>`)}
    <${HostList}
      domain=${checked.domain}
      hosts=${checked.hosts}
      onPin=${action.level === 'fingerprint' ? onPin : undefined}
      pinned=${action.fingerprints}
    />
  </div>`
}

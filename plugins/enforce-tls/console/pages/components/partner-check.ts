/** Asks the receiving servers of a partner, and shows what each of them answered. */
import { html, useState, type VNode } from '../preact.js'
import { request, formatError } from '../api.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { Action, PartnerCheck } from '../types.js'
import { Field, Notice, useUid } from './basics.js'
import { HostList } from './host-list.js'

export type Checked = PartnerCheck | { readonly failure: string } | 'asking' | null

/** What a rule requires, as a check takes it; fingerprints that are not listed yet can't be checked. */
function requiredBy(action: Action): Partial<Action> {
  const { level, minVersion, names, fingerprints, otherwise, trust, requireOnward, onFailure, via } = action
  if (level === 'none') return {}
  const pinless = level === 'fingerprint' && (fingerprints ?? []).length === 0
  return {
    level: pinless ? 'encrypt' : level,
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(names === undefined ? {} : { names }),
    ...(pinless || fingerprints === undefined ? {} : { fingerprints }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(trust === undefined ? {} : { trust }),
    ...(requireOnward === undefined ? {} : { requireOnward }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(via === undefined ? {} : { via }),
  }
}

/** One check, or why there is none. */
export async function checkNow(target: string, action: Action): Promise<Exclude<Checked, 'asking' | null>> {
  try {
    return (await request<PartnerCheck>('POST', 'check', { target, ...requiredBy(action) })).body
  } catch (error) {
    return { failure: formatError(error) }
  }
}

/** What was checked, as a sentence. */
function formatRequirement({ level, requirement }: PartnerCheck): string {
  const { minVersion, namesAnyOf, fingerprintsAnyOf, published, trusts = [], onward } = requirement
  const version = minVersion === undefined ? '' : texts.tryOut.orLater(texts.actions.version(minVersion))
  // The domain, and all below it, are there by themselves.
  const listed = namesAnyOf.map((names) => texts.tryOut.withNames(Math.max(0, names.length - 2))).join('')
  const pins = fingerprintsAnyOf.map((each) => texts.tryOut.withFingerprints(each.length)).join('')
  // What only REQUIRETLS asks for is said with it, and leaves nothing open.
  const least = published.some(({ isOnward }) => isOnward) ? 'must' : undefined
  const nothing = published
    .filter(({ isOnward, otherwise }) => !isOnward && (least === undefined || otherwise === 'defer'))
    .map(({ otherwise }) => texts.tryOut.withOtherwise(otherwise))
    .join('')
  const handedOn = onward === undefined ? '' : texts.tryOut.withOnward[onward]
  const named = trusts.map(({ name }) => texts.tryOut.withTrust(name)).join('')
  return texts.tryOut.requirement(
    `${texts.actions.levelNames[level]}${version}${listed}${pins}${nothing}${handedOn}${named}`,
  )
}

/** Finds the keys of a partner's servers, for a rule that lists none yet. */
export function PartnerCheckForm(props: {
  readonly target: string
  readonly action?: Action
  /** Puts a fingerprint on the rule's list. @default there is none */
  readonly onPin?: (fingerprint: string) => void
  /** What it checks for, as a sentence. @default nothing */
  readonly requirement?: string
}): VNode {
  const { action = { level: 'encrypt' }, onPin, requirement = '' } = props
  const id = useUid('check')
  const [target, setTarget] = useState(props.target)
  const [checked, setChecked] = useState<Checked>(null)
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    setChecked('asking')
    setChecked(await checkNow(target.trim(), action))
  }
  return html`<section class="card">
    <h2>${onPin ? texts.tryOut.keyTitle : texts.tryOut.checkTitle}</h2>
    <p class="muted">${onPin ? texts.tryOut.keyLead : texts.tryOut.checkLead} ${requirement}</p>
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
    ${checked === 'asking' && html`<p class="loading" role="status">${texts.tryOut.checking}</p>`}
    ${
      checked !== null &&
      checked !== 'asking' &&
      ('failure' in checked
        ? html`<${Notice} tone="bad">${checked.failure}<//>`
        : html`<${CheckFacts} checked=${checked} onPin=${onPin} />`)
    }
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

/** What a check found: server by server, and what the partner publishes. */
export function CheckFacts(props: {
  readonly checked: PartnerCheck
  readonly onPin?: ((fingerprint: string) => void) | undefined
  readonly pinned?: readonly string[] | undefined
}): VNode {
  const { checked, onPin, pinned } = props
  return html`<div class="stack-tight">
    <p class="hint">${formatRequirement(checked)}</p>
    ${checked.hosts.length === 0 && html`<p>${plain(texts.sentence(checked.reason))}</p>`}
    <${HostList} domain=${checked.domain} hosts=${checked.hosts} onPin=${onPin} pinned=${pinned} />
    ${checked.remarks.map((remark) => html`<p key=${remark}>${remark}</p>`)}
    ${sentencesOf(checked).map((sentence) => html`<p key=${sentence} class="hint">${sentence}</p>`)}
  </div>`
}

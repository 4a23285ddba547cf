/** What a rule does, before it does it: what would happen to a message, the partners' servers, the bounce. */
import { html, useState, type VNode } from '../preact.js'
import { request, formatError } from '../api.js'
import { cleaned } from '../rule-draft.js'
import type { RuleModel } from '../rule-model.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { BouncePreview, Explanation } from '../types.js'
import { Field, Notice, useUid } from './basics.js'
import { PartnerCheckForm } from './partner-check.js'

interface TryOutProps {
  readonly model: RuleModel
  readonly disabled: boolean
}

export function TryOut({ model, disabled }: TryOutProps): VNode {
  const { action } = model
  if (action === null) return html`<${Notice} tone="warn">${texts.actions.missingTryOut}<//>`
  return html`<div class="stack">
    <${ExplainForm} model=${model} />
    ${
      // To ask servers is for those who may change the rule.
      model.direction === 'outgoing' &&
      !disabled &&
      html`<${PartnerCheckForm}
        target=${firstTarget(model)}
        action=${action}
        onPin=${(fingerprint: string) => {
          const { fingerprints = [] } = model.action ?? {}
          model.changeAction({ fingerprints: [...fingerprints, fingerprint] })
        }}
      />`
    }
    ${model.direction === 'outgoing' && html`<${BounceForm} model=${model} />`}
  </div>`
}

/** A partner that the rule names, to begin with. */
function firstTarget(model: RuleModel): string {
  return partnersOf(model.draft.criteria.to?.matchesAny)[0] ?? ''
}

/** The partners that patterns name by domain or address. */
export function partnersOf(patterns: readonly string[] | undefined): string[] {
  return (patterns ?? []).filter((each) => /^[^.*:][^*:]*$/.test(each))
}

function addressAt(domainOrAddress: string, local: string): string {
  if (domainOrAddress === '' || domainOrAddress === '*') return ''
  return domainOrAddress.includes('@') ? domainOrAddress : `${local}@${domainOrAddress}`
}

function ExplainForm({ model }: Pick<TryOutProps, 'model'>): VNode {
  const id = useUid('explain')
  const incoming = model.direction === 'incoming'
  const own = addressAt(model.owner, 'ann')
  const partner = addressAt(
    incoming ? (model.draft.criteria.from?.matchesAny?.[0] ?? '') : firstTarget(model),
    'someone',
  )
  const [from, setFrom] = useState(incoming ? partner : own)
  const [to, setTo] = useState(incoming ? own : partner)
  const [header, setHeader] = useState<Readonly<Record<string, string>>>({})
  const fields = headerFields(model)
  const [answer, setAnswer] = useState<Explanation | string | null>(null)
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault()
    const rule = {
      owner: model.owner,
      ...(model.id === null ? {} : { id: model.id }),
      rule: cleaned(model.draft),
    }
    try {
      const { body } = await request<Explanation>('POST', 'explain', {
        from,
        to,
        direction: model.direction,
        rule,
        ...(fields.length === 0 ? {} : { header: headerOf(fields, header) }),
      })
      setAnswer(body)
    } catch (error) {
      setAnswer(formatError(error))
    }
  }
  return html`<section class="card">
    <h2>${texts.tryOut.explainTitle}</h2>
    <p class="muted">${texts.tryOut.explainLead}</p>
    <form class="line-form" onSubmit=${ask}>
      <${Text} id=${`${id}-from`} label=${texts.tryOut.from} value=${from} onInput=${setFrom} />
      <${Text} id=${`${id}-to`} label=${texts.tryOut.to} value=${to} onInput=${setTo} />
      ${fields.map(
        (name, place) =>
          html`<${Text}
            key=${name}
            id=${`${id}-header-${place}`}
            label=${name === 'Subject' ? texts.tryOut.subject : texts.tryOut.headerOf(name)}
            value=${header[name] ?? ''}
            optional
            onInput=${(value: string) => setHeader({ ...header, [name]: value })}
          />`,
      )}
      <button class="button" type="submit">${texts.tryOut.ask}</button>
    </form>
    ${typeof answer === 'string' && html`<${Notice} tone="bad">${answer}<//>`}
    ${answer !== null && typeof answer === 'object' && html`<${ExplanationResult} answer=${answer} />`}
  </section>`
}

/** The header fields that a rule looks at: their values are part of the request. */
function headerFields({ draft }: RuleModel): readonly string[] {
  const { subject, header = [] } = cleaned(draft).criteria
  return [...new Set([...(subject === undefined ? [] : ['Subject']), ...header.map(({ name }) => name)])]
}

function headerOf(fields: readonly string[], values: Readonly<Record<string, string>>): string {
  return fields.map((name) => `${name}: ${values[name] ?? ''}\r\n`).join('')
}

function ExplanationResult({ answer }: { readonly answer: Explanation }): VNode {
  const { requirement, decidedBy, reported, direction, owners, certain, dependsOn, reportOnly, waits } =
    answer
  const name = (rule: { readonly name: string }): string => `“${plain(rule.name)}”`
  const inactive = owners.filter(({ awake, rules }) => !awake && rules.length > 0)
  const version = requirement?.minVersion
  if (waits)
    return html`<${Notice} tone="bad">
      <p><strong>${texts.tryOut.waits}</strong></p>
      ${owners.flatMap(({ owner, problems }) =>
        problems.map(
          ({ key, field, problem }) =>
            html`<p key=${`${owner} ${field ?? ''}`}>
              ${plain(key === null ? problem : `${owner}, ${field ?? ''}: ${problem}`)}
            </p>`,
        ),
      )}
    <//>`
  const clear = requirement?.encrypted === false
  const result =
    requirement === null || requirement.level === 'none'
      ? !certain
        ? texts.tryOut.depends
        : decidedBy.length === 0 && reported.length === 0
          ? texts.tryOut.noRule
          : texts.tryOut.notRequired
      : (clear ? texts.tryOut.requiredIfPublished : texts.tryOut.required[direction])(
          texts.actions.levelNames[requirement.level],
          version === undefined ? '' : texts.tryOut.orLater(texts.actions.version(version)),
        )
  return html`<${Notice} tone=${requirement === null ? 'info' : clear ? 'warn' : 'good'}>
    <p><strong>${result}</strong></p>
    ${decidedBy.length > 0 && html`<p>${texts.tryOut.decidedBy(decidedBy.map(name).join(', '))}</p>`}
    ${reported.map(
      (each) =>
        html`<p key=${each.level}>
          ${texts.tryOut.reported(texts.actions.levelNames[each.level], each.decidedBy.map(name).join(', '))}
        </p>`,
    )}
    ${inactive.map(({ owner }) => html`<p key=${owner}>${texts.tryOut.inactive(owner)}</p>`)}
    ${dependsOn.map(
      (rule) =>
        html`<p key=${rule.name}>${texts.tryOut.dependsOn(plain(rule.name), rule.fields.map(plain))}</p>`,
    )}
    ${reportOnly && html`<p>${texts.tryOut.reportOnly}</p>`}
  <//>`
}

function BounceForm({ model }: Pick<TryOutProps, 'model'>): VNode {
  const id = useUid('bounce')
  const [to, setTo] = useState(addressAt(firstTarget(model), 'someone'))
  const [answer, setAnswer] = useState<BouncePreview | string | null>(null)
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault()
    const body = { owner: model.owner, rule: cleaned(model.draft), to }
    try {
      setAnswer((await request<BouncePreview>('POST', 'bounce-preview', body)).body)
    } catch (error) {
      setAnswer(formatError(error))
    }
  }
  return html`<section class="card">
    <h2>${texts.tryOut.bounceTitle}</h2>
    <form class="line-form" onSubmit=${ask}>
      <${Text} id=${id} label=${texts.tryOut.bounceTo} value=${to} onInput=${setTo} />
      <button class="button" type="submit">${texts.tryOut.bounceAsk}</button>
    </form>
    ${typeof answer === 'string' && html`<${Notice} tone="bad">${answer}<//>`}
    ${
      answer !== null &&
      typeof answer === 'object' &&
      html`<div class="letter" tabindex="0" role="region" aria-label=${texts.tryOut.bounceTitle}>
        <p><strong>${texts.tryOut.bounceSubject}: ${answer.subject}</strong></p>
        <pre>${answer.text}</pre>
      </div>`
    }
  </section>`
}

function Text(props: {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly optional?: boolean
  readonly onInput: (value: string) => void
}): VNode {
  const { id, label, value, optional = false, onInput } = props
  return html`<${Field} label=${label} id=${id}>
    <input
      id=${id}
      class="input"
      value=${value}
      autocapitalize="none"
      autocomplete="off"
      spellcheck=${false}
      required=${!optional}
      onInput=${(event: { readonly currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value)}
    />
  <//>`
}

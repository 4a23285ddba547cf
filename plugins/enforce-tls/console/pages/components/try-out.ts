/** One question about a message, and one answer: which rule decides, what the servers say now, what follows, the bounce. */
import { html, useEffect, useRef, useState, type VNode } from '../preact.js'
import { request, formatError } from '../api.js'
import { cleaned } from '../rule-draft.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Explanation, Language, TryResult } from '../types.js'
import { Field, Notice, Switch, useUid } from './basics.js'
import { LanguageChoice } from './language-choice.js'
import { MessageFileInput, type MessageFile } from './message-file.js'
import { PartnerCheckForm } from './partner-check.js'
import { TrialAnswer, type Trial } from './try-answer.js'

/** So many recipients are asked about at once. */
const RECIPIENTS_MAX = 5

interface TryOutProps {
  readonly model: RuleModel
  readonly disabled: boolean
}

export function TryOut({ model, disabled }: TryOutProps): VNode {
  const { action } = model
  if (action === null) return html`<${Notice} tone="warn">${texts.actions.missingTryOut}<//>`
  // Which key to list is what has to be found out first; to ask servers is for those who may change the rule.
  const keyless = action.level === 'fingerprint' && (action.fingerprints ?? []).length === 0
  const onPin = (fingerprint: string): void => {
    const { fingerprints = [] } = model.action ?? {}
    model.changeAction({ fingerprints: [...fingerprints, fingerprint] })
  }
  if (keyless && model.direction === 'outgoing' && !disabled)
    return html`<${PartnerCheckForm} target=${firstTarget(model)} onPin=${onPin} />`
  return html`<${TryForm} model=${model} disabled=${disabled} onPin=${onPin} />`
}

/** A partner that the rule names, to begin with. */
function firstTarget(model: RuleModel): string {
  return (model.draft.criteria.to?.matchesAny ?? []).find((each) => /^[^.*:][^*:]*$/.test(each)) ?? ''
}

function addressAt(domainOrAddress: string, local: string): string {
  if (domainOrAddress === '' || domainOrAddress === '*') return ''
  return domainOrAddress.includes('@') ? domainOrAddress : `${local}@${domainOrAddress}`
}

function TryForm(props: TryOutProps & { readonly onPin: (fingerprint: string) => void }): VNode {
  const { model, disabled, onPin } = props
  const id = useUid('try')
  const incoming = model.direction === 'incoming'
  const own = addressAt(model.owner, 'ann')
  const partner = incoming ? (model.draft.criteria.from?.matchesAny?.[0] ?? '') : firstTarget(model)
  const [from, setFrom] = useState(incoming ? addressAt(partner, 'someone') : own)
  const [to, setTo] = useState(incoming ? own : addressAt(partner, 'someone'))
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [file, setFile] = useState<MessageFile | null>(null)
  const [askRecipient, setAskRecipient] = useState(false)
  const [language, setLanguage] = useState<Language | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [trials, ask] = useTrials(disabled)
  const fields = headerFields(model)
  const submit = (event: Event): void => {
    event.preventDefault()
    const recipients = recipientsIn(to)
    setProblem(recipients.length > RECIPIENTS_MAX ? texts.tryOut.tooMany(RECIPIENTS_MAX) : null)
    if (recipients.length > RECIPIENTS_MAX) return
    const header = file?.header || headerOf(values)
    const saved = model.id === null ? {} : { id: model.id }
    ask(recipients, {
      from: from.trim(),
      direction: model.direction,
      rule: { owner: model.owner, ...saved, rule: cleaned(model.draft) },
      ...(header === '' ? {} : { header }),
      ...(askRecipient && !incoming && !disabled ? { askRecipient } : {}),
      ...(language !== null && !incoming && !disabled ? { language } : {}),
    })
  }
  const asking = trials.some(({ state }) => state !== 'answered')
  return html`<div class="stack">
    <section class="card">
      <h2>${texts.tryOut.title}</h2>
      <p class="muted">${texts.tryOut.lead}</p>
      <form class="stack" onSubmit=${submit}>
        <div class="columns">
          <${Text} id=${`${id}-from`} label=${texts.tryOut.from} value=${from} onInput=${setFrom} />
          <${Text}
            id=${`${id}-to`}
            label=${texts.tryOut.to}
            value=${to}
            problem=${problem}
            onInput=${setTo}
          />
        </div>
        <details class="more" open=${looksAtHeader(model)}>
          <summary>${texts.tryOut.header}</summary>
          <div class="columns">
            ${
              (file?.header ?? '') === '' &&
              fields.map(
                (name, place) =>
                  html`<${Text}
                    key=${name}
                    id=${`${id}-header-${place}`}
                    label=${name === 'Subject' ? texts.tryOut.subject : texts.tryOut.headerOf(name)}
                    value=${values[name] ?? ''}
                    optional
                    onInput=${(value: string) => setValues({ ...values, [name]: value })}
                  />`,
              )
            }
            <${MessageFileInput} file=${file} onFile=${setFile} />
          </div>
        </details>
        ${
          !incoming &&
          !disabled &&
          html`<div class="switch-line">
            <${Switch}
              label=${texts.tryOut.checkRecipient}
              on=${askRecipient}
              describedBy=${`${id}-recipient`}
              onChange=${setAskRecipient}
            />
            <div>
              <strong>${texts.tryOut.checkRecipient}</strong>
              <p class="hint" id=${`${id}-recipient`}>${texts.tryOut.checkRecipientHint}</p>
            </div>
          </div>`
        }
        ${
          !incoming &&
          !disabled &&
          html`<${LanguageChoice}
            id=${`${id}-language`}
            label=${texts.tryOut.language}
            hint=${texts.tryOut.languageHint}
            none=${texts.tryOut.languageNone}
            language=${language}
            onChange=${setLanguage}
          />`
        }
        <div>
          <button class="button button-main" type="submit" disabled=${asking}>${texts.tryOut.ask}</button>
        </div>
      </form>
    </section>
    ${trials.map(
      (trial) =>
        html`<${TrialAnswer}
          key=${trial.to}
          trial=${trial}
          incoming=${incoming}
          onPin=${model.action?.level === 'fingerprint' && !disabled ? onPin : undefined}
          pinned=${model.action?.fingerprints}
        />`,
    )}
  </div>`
}

/** The answers so far, and what asks: first what the rules say, then, for who may, what the servers do. */
function useTrials(
  rulesOnly: boolean,
): [readonly Trial[], (recipients: readonly string[], question: object) => void] {
  const [trials, setTrials] = useState<readonly Trial[]>([])
  const round = useRef(0)
  useEffect(
    () => () => {
      round.current++
    },
    [],
  )
  const ask = (recipients: readonly string[], question: object): void => {
    const mine = ++round.current
    const took = (trial: Trial): void => {
      if (round.current === mine)
        setTrials((before) => before.map((each) => (each.to === trial.to ? trial : each)))
    }
    setTrials(recipients.map((to) => ({ to, state: 'rules' })))
    for (const to of recipients) void answer(to, { ...question, to }, rulesOnly, took)
  }
  return [trials, ask]
}

async function answer(
  to: string,
  question: object,
  rulesOnly: boolean,
  took: (trial: Trial) => void,
): Promise<void> {
  try {
    const { body: explanation } = await request<Explanation>('POST', 'explain', {
      ...question,
      ...ONLY_RULES,
    })
    took({ to, state: rulesOnly ? 'answered' : 'servers', explanation })
    if (rulesOnly) return
    const { body: result } = await request<TryResult>('POST', 'try-out', question)
    took({ to, state: 'answered', explanation: result.explanation, result })
  } catch (error) {
    took({ to, state: 'answered', problem: formatError(error) })
  }
}

/** Rules are not asked what only servers are. */
const ONLY_RULES = { askRecipient: undefined, language: undefined }

/** Addresses separated by blanks, commas or semicolons, each once; of a domain, somebody there. */
function recipientsIn(typed: string): readonly string[] {
  const each = typed.split(/[\s,;]+/).filter((part) => part !== '')
  return [...new Set(each.map((part) => addressAt(part, 'someone') || part))]
}

function looksAtHeader({ draft }: RuleModel): boolean {
  const { subject, header = [] } = cleaned(draft).criteria
  return subject !== undefined || header.length > 0
}

/** The subject, and the header fields that the rule looks at. */
function headerFields({ draft }: RuleModel): readonly string[] {
  const { header = [] } = cleaned(draft).criteria
  return [...new Set(['Subject', ...header.map(({ name }) => name)])]
}

/** Of what was typed; nothing where nothing was: the header is unknown then. */
function headerOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

function Text(props: {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly optional?: boolean
  readonly problem?: string | null
  readonly onInput: (value: string) => void
}): VNode {
  const { id, label, value, optional = false, problem = null, onInput } = props
  return html`<${Field} label=${label} id=${id} problem=${problem}>
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

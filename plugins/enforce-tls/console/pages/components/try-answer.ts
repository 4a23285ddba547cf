/** The answer for one recipient, step by step, each as soon as it is there. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { Explanation, TryResult } from '../types.js'
import { Notice } from './basics.js'
import { CheckFacts } from './partner-check.js'

/** One recipient's question, as far as it is answered. */
export interface Trial {
  readonly to: string
  /** What it waits for: what the rules say, what the servers answer, or nothing. */
  readonly state: 'rules' | 'servers' | 'answered'
  readonly explanation?: Explanation
  readonly result?: TryResult
  readonly problem?: string
}

const TONES = {
  delivered: 'good',
  required: 'good',
  free: 'warn',
  rerouted: 'warn',
  depends: 'warn',
  unknown: 'warn',
  'as-usual': 'info',
  waits: 'bad',
  bounced: 'bad',
} as const

export function TrialAnswer(props: {
  readonly trial: Trial
  readonly incoming: boolean
  readonly onPin?: ((fingerprint: string) => void) | undefined
  readonly pinned?: readonly string[] | undefined
}): VNode {
  const { trial, incoming, onPin, pinned } = props
  const { to, state, explanation, result, problem } = trial
  const check = result?.check ?? null
  return html`<section class="card trial" aria-label=${texts.tryOut.answerFor(plain(to))}>
    <h2>${plain(to)}</h2>
    ${state === 'rules' && html`<p class="loading" role="status">${texts.loading}</p>`}
    ${problem !== undefined && html`<${Notice} tone="bad">${problem}<//>`}
    <ol class="steps">
      ${
        explanation &&
        html`<li>
          <h3>${texts.tryOut.steps.rule}</h3>
          <${RuleStep} answer=${explanation} />
        </li>`
      }
      ${
        state === 'servers' &&
        !incoming &&
        html`<li>
          <h3>${texts.tryOut.steps.servers}</h3>
          <progress class="progress" aria-label=${texts.tryOut.checking}></progress>
          <p class="loading" role="status">${texts.tryOut.checking}</p>
        </li>`
      }
      ${
        check &&
        html`<li>
          <h3>${texts.tryOut.steps.servers}</h3>
          <${CheckFacts} checked=${check} onPin=${onPin} pinned=${pinned} />
        </li>`
      }
      ${
        result &&
        html`<li>
          <h3>${texts.tryOut.steps.result}</h3>
          <${Notice} tone=${TONES[result.outcome]}>
            <p><strong>${result.sentence}</strong></p>
            ${check && result.outcome !== 'as-usual' && html`<p>${plain(texts.sentence(check.reason))}</p>`}
            ${(result.outcome === 'bounced' || result.outcome === 'waits') && check && result.bounce === null && html`<p>${texts.tryOut.noSender}</p>`}
          <//>
        </li>`
      }
      ${
        result?.bounce &&
        html`<li>
          <h3>${texts.tryOut.bounceTitle}</h3>
          <div class="letter" tabindex="0" role="region" aria-label=${texts.tryOut.bounceTitle}>
            <p><strong>${texts.tryOut.bounceSubject}: ${plain(result.bounce.subject)}</strong></p>
            <pre>${result.bounce.text}</pre>
          </div>
        </li>`
      }
    </ol>
    ${state === 'answered' && explanation && !result && html`<p class="hint">${texts.tryOut.rulesOnly}</p>`}
  </section>`
}

/** Which rule decides, and why. */
function RuleStep({ answer }: { readonly answer: Explanation }): VNode {
  const {
    requirement,
    decidedBy,
    reported,
    direction,
    owners,
    certain,
    dependsOn,
    dependsOnLeft,
    reportOnly,
    waits,
    notTaken,
    waiver,
  } = answer
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
          [
            version === undefined ? '' : texts.tryOut.orLater(texts.actions.version(version)),
            requirement.onward === undefined ? '' : texts.tryOut.withOnward[requirement.onward],
          ].join(''),
        )
  const untaken = notTaken !== undefined
  return html`<${Notice}
    tone=${untaken || waiver?.effect === 'frees' ? 'warn' : requirement === null ? 'info' : clear ? 'warn' : 'good'}
  >
    ${
      untaken &&
      html`<p>${notTaken}</p>
        <p><strong>${texts.tryOut.untaken}</strong></p>`
    }
    <p><strong>${result}</strong></p>
    ${decidedBy.length > 0 && html`<p>${texts.tryOut.decidedBy(decidedBy.map(name).join(', '))}</p>`}
    ${waiver && html`<p><strong>${waiver.sentence}</strong></p>`}
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
    ${dependsOnLeft > 0 && html`<p>${texts.tryOut.dependsOnLeft(dependsOnLeft)}</p>`}
    ${reportOnly && html`<p>${texts.tryOut.reportOnly}</p>`}
  <//>`
}

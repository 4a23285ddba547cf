/**
 * Several rules at once: chosen in a list, then switched, deleted or copied, after one question. One request for all of
 * them, with the version of each rule as it is shown, so that none is changed without the others; what could not be done
 * is told rule by rule.
 */
import { ApiError, asksAnew, formatError, NOTHING_ASKED, request } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { rulePath } from '../rule-model.js'
import { texts } from '../texts.js'
import type { NamedEffect, RulesChanged, StoredRule } from '../types.js'
import { Notice } from './basics.js'
import { ConfirmRules, type RulesAction } from './confirm-rules.js'
import { CopyRules, type CopyOrder } from './copy-rules.js'
import { EffectList } from './effect.js'
import { nameOf } from './found-rule.js'

const words = texts.find.several

/** What became of it. */
interface Outcome {
  readonly done: string
  readonly failed: readonly string[]
  readonly effects: readonly NamedEffect[]
  /** The owner whose rules there are new ones among. */
  readonly copiedTo: string | null
}

/** One key for a rule, wherever it is shown. */
export function ruleKey({ owner, id }: Pick<StoredRule, 'owner' | 'id'>): string {
  return `${owner} ${id}`
}

export function SeveralRules(props: {
  /** Those that are shown and may be changed. */
  readonly rules: readonly StoredRule[]
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  /** After something was changed. */
  readonly onDone: () => void
}): VNode {
  const { rules, chosen, onChoose, onDone } = props
  const [asked, setAsked] = useState<RulesAction | 'copy' | null>(null)
  // How often what was asked was something else by the time of the answer.
  const [again, setAgain] = useState(0)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const picked = rules.filter((rule) => chosen.has(ruleKey(rule)))
  const isAll = rules.length > 0 && picked.length === rules.length
  const run = async (work: () => Promise<Outcome>): Promise<void> => {
    setAsked(null)
    let became: Outcome
    try {
      became = await work()
    } catch (error) {
      if (asksAnew(error)) {
        setAgain(again + 1)
        return setAsked(asked)
      }
      became = { ...NOTHING, failed: [formatError(error)] }
    }
    setAgain(0)
    setOutcome(became)
    onChoose(new Set())
    onDone()
  }
  return html`<div class="several">
    <div class="row" role="group" aria-label=${words.all}>
      <button
        type="button"
        class="button"
        disabled=${rules.length === 0}
        onClick=${() => onChoose(new Set(isAll ? [] : rules.map(ruleKey)))}
      >
        ${isAll ? words.none : words.all}
      </button>
      ${(['enable', 'disable', 'copy', 'delete'] as const).map(
        (name) =>
          html`<button
            key=${name}
            type="button"
            class=${name === 'delete' ? 'button button-bad' : 'button'}
            disabled=${picked.length === 0}
            onClick=${() => setAsked(name)}
          >
            ${words.actions[name]}
          </button>`,
      )}
      <span class="muted" role="status">${words.chosen(picked.length)}</span>
    </div>
    ${outcome !== null && html`<${Became} outcome=${outcome} />`}
    ${
      asked === 'copy'
        ? html`<${CopyRules}
            rules=${picked}
            onCopy=${(order: CopyOrder) => void run(() => copyAll(picked, order))}
            onClose=${() => setAsked(null)}
          />`
        : asked !== null &&
          html`<${ConfirmRules}
            key=${again}
            action=${asked}
            rules=${picked}
            again=${again > 0}
            onConfirm=${(yes: string) => void run(() => changeAll(picked, asked, yes))}
            onClose=${() => {
              setAgain(0)
              setAsked(null)
            }}
          />`
    }
  </div>`
}

const NOTHING: Outcome = { done: '', failed: [], effects: [], copiedTo: null }

function Became({ outcome }: { readonly outcome: Outcome }): VNode {
  const { done, failed, effects, copiedTo } = outcome
  return html`${
      done !== '' &&
      html`<${Notice} tone="good">
        <p>${done}</p>
        ${
          copiedTo !== null &&
          html`<p>
            <a href=${href('domains', copiedTo, 'outgoing')}>${words.opened(texts.ownerName(copiedTo))}</a>
          </p>`
        }
      <//>`
    }
    ${
      failed.length > 0 &&
      html`<${Notice} tone="bad">
        <ul>
          ${failed.map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}
        </ul>
      <//>`
    } <${EffectList} effects=${effects} />`
}

async function changeAll(rules: readonly StoredRule[], action: RulesAction, asked: string): Promise<Outcome> {
  const order = { action, rules: rules.map(({ owner, id, etag }) => ({ owner, id, etag })) }
  const { body } = await request<RulesChanged>('POST', 'rules/changes', order, null, asked)
  const named = new Map(rules.map((rule) => [ruleKey(rule), nameOf(rule)]))
  const done = body.results.filter((each) => each.done).length
  const failed = body.results.flatMap((each) =>
    each.problem === null ? [] : [words.failed(named.get(ruleKey(each)) ?? each.id, plain(each.problem))],
  )
  const said = done === 0 ? '' : `${words.done[action](done)} ${words.undo}`
  return { ...NOTHING, done: said, failed, effects: body.effects }
}

async function copyAll(rules: readonly StoredRule[], { to, name }: CopyOrder): Promise<Outcome> {
  const failed: string[] = []
  let done = 0
  for (const [index, rule] of rules.entries())
    try {
      const order = { to, ...(name === null ? {} : { name }) }
      await request('POST', `${rulePath(rule.owner, rule.id)}/copy`, order, null, NOTHING_ASKED)
      done++
    } catch (error) {
      failed.push(words.failed(nameOf(rule), formatError(error)))
      if (error instanceof ApiError && error.code === 'name-taken') continue
      // Not allowed, or unreachable: so would be all others.
      const left = rules.length - index - 1
      if (left > 0) failed.push(words.notCopied(left))
      break
    }
  const copiedTo = done === 0 ? null : to
  return { ...NOTHING, done: done === 0 ? '' : words.done.copy(done, texts.ownerName(to)), failed, copiedTo }
}

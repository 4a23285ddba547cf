/**
 * What a change would do, shown once before it is made: what the rules would do, what the delivery log has seen, and what
 * the partners' servers say now, as the answers come. It never has to be waited for.
 */
import { asksAnew, NOTHING_ASKED, request } from '../api.js'
import { plain } from '../plain.js'
import { html, useEffect, useRef, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Change, Impact, ImpactPartner } from '../types.js'
import { Dialog, Notice } from './basics.js'
import { checkNow, type Checked } from './partner-check.js'

/** So many partners are checked at the same time. */
const AT_A_TIME = 3
/** So many that would not get mail are named. */
const SHOWN = 20

/** A change that may have to be asked about. */
export interface Asking {
  /** `null` for what is not saved. */
  readonly change: Change | null | (() => Change)
  readonly question: string
  readonly yes: string
  readonly removal?: Removal
}

/**
 * Makes a change after the question about it, if there is anything to ask; and asks anew where it would do something else
 * by the time of the answer.
 *
 * @param make sends the change with what was asked
 * @returns what `make` does; `null` where the answer is no
 * @throws {ApiError} where it cannot be made
 */
export type Confirm = <T>(asking: Asking, make: (asked: string) => Promise<T>) => Promise<T | null>

/** What is deleted is always asked about. */
export interface Removal {
  /** What goes with it, and the way back. */
  readonly hint: string
}

/** Of what is in the browser alone. */
const NOTHING: Impact = {
  asks: false,
  asked: NOTHING_ASKED,
  rules: [],
  more: 0,
  seen: [],
  partners: [],
  morePartners: 0,
  unnamed: [],
}

interface Question extends Pick<Asking, 'question' | 'yes' | 'removal'> {
  readonly impact: Impact
  /** Whether it was asked before, and would do something else by now. */
  readonly again: boolean
  readonly answer: (yes: boolean) => void
}

/** The dialog, to be drawn where it is used, and what opens it. */
export function useConfirm(): [VNode | null, Confirm] {
  const [open, setOpen] = useState<Question | null>(null)
  // Who leaves the page without an answer has said no.
  const leave = useRef<() => void>(() => undefined)
  useEffect(() => () => leave.current(), [])
  const ask = (question: Omit<Question, 'answer'>): Promise<boolean> =>
    new Promise((resolve) => {
      const answer = (is: boolean): void => {
        setOpen(null)
        resolve(is)
      }
      leave.current = () => resolve(false)
      setOpen({ ...question, answer })
    })
  const confirm: Confirm = async ({ change: given, ...asking }, make) => {
    for (let again = false; ; again = true) {
      const change = typeof given === 'function' ? given() : given
      const impact = change === null ? NOTHING : (await request<Impact>('POST', 'impact', change)).body
      const isAsked = impact.asks || asking.removal !== undefined
      if (isAsked && !(await ask({ ...asking, impact, again }))) return null
      try {
        return await make(impact.asked)
      } catch (error) {
        // Where nobody is asked, nobody could end this.
        if (!asksAnew(error) || (again && !isAsked)) throw error
      }
    }
  }
  return [open && html`<${ImpactDialog} key=${open.question} ...${open} />`, confirm]
}

function ImpactDialog({ impact, question, yes, removal, again, answer }: Question): VNode {
  const nothing = removal && impact.rules.length === 0
  return html`<${Dialog} title=${question} onClose=${() => answer(false)}>
    ${again && html`<${Notice} tone="warn">${texts.impact.again}<//>`}
    ${removal && html`<p>${removal.hint}</p>`} ${nothing && html`<p>${texts.impact.nothing}</p>`}
    <${ImpactWords} ...${impact} />
    <div class="row">
      <button
        type="button"
        class=${removal !== undefined || weakens(impact) ? 'button button-bad' : 'button button-main'}
        onClick=${() => answer(true)}
      >
        ${yes}
      </button>
      <button type="button" class="button" onClick=${() => answer(false)}>${texts.cancel}</button>
    </div>
  <//>`
}

/** Steps after which mail may leave in the clear that is covered now. */
const WEAKENING: ReadonlySet<string> = new Set(['exempts', 'service-wide-ends', 'lapses'])

/** Whether mail may leave in the clear by it that does not now. */
export function weakens({ rules }: Impact): boolean {
  return rules.some(({ step }) => WEAKENING.has(step))
}

/** What a change would do, and the check of its partners. */
export function ImpactWords(impact: Impact): VNode {
  const { rules, more, seen, partners } = impact
  return html`<div class="impact">
    ${rules.map(
      ({ owner, id, name, step, status, sentences }) =>
        html`<section key=${`${owner} ${id}`}>
          ${rules.length > 1 && html`<h3>${plain(name)} <span class="hint">${plain(owner)}</span></h3>`}
          <${Notice}
            tone=${WEAKENING.has(step) || step === 'ends' || status === 'no-effect' || status === 'inactive' ? 'warn' : 'info'}
          >
            ${sentences.map((sentence) => html`<p key=${sentence}>${plain(sentence)}</p>`)}
          <//>
        </section>`,
    )}
    ${more > 0 && html`<p>${texts.impact.moreRules(more)}</p>`}
    ${seen.map((sentence) => html`<p key=${sentence}>${plain(sentence)}</p>`)}
    ${partners.length > 0 && html`<${Partners} ...${impact} />`}
    ${impact.unnamed.length > 0 && html`<p class="hint">${texts.impact.unnamed(impact.unnamed.map(plain))}</p>`}
  </div>`
}

interface Result extends ImpactPartner {
  readonly checked: Exclude<Checked, 'asking' | null>
}

/** Checks one after the other, some at a time, until the dialog is closed. */
function Partners({ partners, morePartners }: Impact): VNode {
  const [results, setResults] = useState<readonly Result[]>([])
  useEffect(() => {
    let wanted = true
    const left = [...partners]
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const result = { ...next, checked: await checkNow(next.target, next.action) }
        if (!wanted) return
        setResults((before) => [...before, result])
      }
    }
    for (let worker = 0; worker < AT_A_TIME; worker++) void work()
    return () => {
      wanted = false
    }
  }, [])
  const total = partners.length
  const done = results.length
  const ended = done === total
  const failing = results.filter(({ checked }) => !isGood(checked))
  return html`<section class="stack-tight">
    <h3>${texts.impact.partners}</h3>
    <progress class="progress" max=${total} value=${done} aria-label=${texts.impact.partners}></progress>
    <p role="status">
      ${texts.impact.checked(done, total)} ${ended && texts.impact.found(countOf(results), total)}
    </p>
    ${!ended && html`<p class="hint">${texts.impact.needNotWait}</p>`}
    ${
      failing.length > 0 &&
      html`<ul aria-label=${texts.impact.failing}>
        ${failing
          .slice(0, SHOWN)
          .map(
            ({ target, checked }) =>
              html`<li key=${target}><strong>${plain(target)}</strong>: ${reasonOf(checked)}</li>`,
          )}
      </ul>`
    }
    ${failing.length > SHOWN && html`<p>${texts.rules.more(failing.length - SHOWN)}</p>`}
    ${morePartners > 0 && html`<p class="hint">${texts.impact.morePartners(morePartners)}</p>`}
  </section>`
}

function isGood(checked: Result['checked']): boolean {
  return !('failure' in checked) && (checked.verdict === 'delivered' || checked.verdict === 'rerouted')
}

function reasonOf(checked: Result['checked']): string {
  if ('failure' in checked) return plain(checked.failure)
  return plain(`${texts.tryOut.verdicts[checked.verdict]} ${texts.sentence(checked.reason)}`)
}

/** How many would bounce, wait, or are unknown. */
function countOf(results: readonly Result[]): Readonly<Record<'bounced' | 'waits' | 'unknown', number>> {
  const of = (verdict: string) =>
    results.filter(({ checked }) => !('failure' in checked) && checked.verdict === verdict).length
  const failed = results.filter(({ checked }) => 'failure' in checked).length
  return { bounced: of('bounced'), waits: of('waits'), unknown: of('not-known') + failed }
}

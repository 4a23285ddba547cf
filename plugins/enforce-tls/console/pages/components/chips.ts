/**
 * A list of addresses, domains, groups or texts as chips. Whole lists may be pasted; the server looks at every
 * entry, and those with a mistake stay, with the mistake said at the chip, until they are corrected or removed; so do
 * those that could not be looked at, until they are.
 */
import { html, useLayoutEffect, useRef, useState, type Child, type VNode } from '../preact.js'
import { request, formatError } from '../api.js'
import { endsEntry, entriesOf, type EntryField } from '../entries.js'
import { texts } from '../texts.js'
import type { Validated } from '../types.js'
import { announce, useUid } from './basics.js'

/** How many chips are shown before one asks for the rest. */
const SHOWN = 60
/** How many the API looks at in one request. */
const AT_ONCE = 500

/** An entry that is not taken. */
export interface Mistake {
  readonly value: string
  readonly problem: string
  /** What may be meant. */
  readonly suggestion?: readonly string[]
  /** Nobody looked at it yet: the problem is why. */
  readonly isUnchecked?: boolean
}

export interface ChipsProps {
  readonly label: string
  readonly hint: string
  readonly values: readonly string[]
  readonly mistakes: readonly Mistake[]
  readonly disabled: boolean
  /** What the server looks at the entries as; without it they are taken as they are. */
  readonly field: EntryField
  readonly suggestions?: readonly string[]
  /** The list was just added: the next key is for it. */
  readonly fresh?: boolean
  readonly onChange: (values: readonly string[], mistakes: readonly Mistake[]) => void
  /** Called with whether something is typed, or being looked at, that is no part of the list yet. */
  readonly onPending?: (isPending: boolean) => void
}

export function Chips(props: ChipsProps): VNode {
  const { label, hint, values, mistakes, disabled, field, suggestions = [], fresh = false, onChange } = props
  const { onPending } = props
  const id = useUid('chips')
  const input = useRef<HTMLInputElement | null>(null)
  const [checking, setChecking] = useState(0)
  const underWay = useRef(0)
  const [all, setAll] = useState(false)
  // Replies may come in another order than the requests: they add to what is there then.
  const latest = useRef({ values, mistakes })
  // While drawing, not in an effect: an effect may run after a later change, and take it back.
  latest.current = { values, mistakes }

  // Before the next key: an effect after drawing would let it go elsewhere.
  useLayoutEffect(() => {
    if (fresh) input.current?.focus()
  }, [fresh])

  useLayoutEffect(
    () => () => {
      // What is being looked at is told of when that is done.
      if (underWay.current === 0) onPending?.(false)
    },
    [],
  )

  const change = (nextValues: readonly string[], nextMistakes: readonly Mistake[]): void => {
    latest.current = { values: nextValues, mistakes: nextMistakes }
    onChange(nextValues, nextMistakes)
  }
  /** Not only as it is drawn: a page that is left is not. */
  const tellPending = (): void =>
    onPending?.(underWay.current > 0 || (input.current?.value ?? '').trim() !== '')
  const count = (step: 1 | -1): void => {
    underWay.current += step
    setChecking(underWay.current)
    tellPending()
  }
  const add = async (entries: readonly string[]): Promise<void> => {
    if (entries.length === 0) return
    count(1)
    try {
      const checked = await validated(entries, field)
      const now = latest.current
      const good = checked
        .filter(({ problem }) => problem === null)
        .map((each) => each.normalised ?? each.value)
      const bad = checked.flatMap(({ value, problem, suggestion }): Mistake[] =>
        problem === null ? [] : [{ value, problem, ...(suggestion && { suggestion }) }],
      )
      const known = now.mistakes.filter(({ value }) => !bad.some((each) => each.value === value))
      change([...new Set([...now.values, ...good])], [...known, ...bad])
      announce(
        [texts.chips.added(good.length), ...(bad.length > 0 ? [texts.save.mistakes(bad.length)] : [])].join(
          ' ',
        ),
      )
    } catch (error) {
      const { values: kept, mistakes: others } = latest.current
      const problem = formatError(error)
      const unchecked = entries.map((value): Mistake => ({ value, problem, isUnchecked: true }))
      change(kept, [...others.filter(({ value }) => !entries.includes(value)), ...unchecked])
    } finally {
      count(-1)
    }
  }
  const take = (): void => {
    const { current } = input
    if (!current || current.value.trim() === '') return
    const text = current.value
    current.value = ''
    void add(entriesOf(text, field))
    tellPending()
  }
  const remove = (value: string, isMistake: boolean): void => {
    const now = latest.current
    if (isMistake)
      change(
        now.values,
        now.mistakes.filter((each) => each.value !== value),
      )
    else
      change(
        now.values.filter((each) => each !== value),
        now.mistakes,
      )
    announce(texts.chips.removed(value))
    input.current?.focus()
  }
  const correct = (value: string): void => {
    remove(value, true)
    if (!input.current) return
    input.current.value = value
    input.current.select()
    tellPending()
  }
  const checkAgain = (): void => {
    const now = latest.current
    const unchecked = now.mistakes.filter(({ isUnchecked }) => isUnchecked)
    void add(unchecked.map(({ value }) => value))
    change(
      now.values,
      now.mistakes.filter(({ isUnchecked }) => !isUnchecked),
    )
  }
  const use = (value: string, suggestion: readonly string[]): void => {
    remove(value, true)
    void add(suggestion)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (endsEntry(event.key, input.current?.value ?? '', field)) {
      event.preventDefault()
      take()
    } else if (event.key === 'Backspace' && input.current?.value === '') {
      const last = latest.current.values.at(-1)
      if (last !== undefined) remove(last, false)
    }
  }
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData('text') ?? ''
    if (entriesOf(text, field).length < 2) return
    event.preventDefault()
    void add(entriesOf(`${input.current?.value ?? ''}${text}`, field))
    if (input.current) input.current.value = ''
  }
  const unchecked = mistakes.find(({ isUnchecked }) => isUnchecked)
  const shown = all ? values : values.slice(0, SHOWN)
  return html`<div class="chips" role="group" aria-labelledby=${`${id}-label`}>
    <div class="chips-head">
      <span class="chips-label" id=${`${id}-label`}>${label}</span>
      ${
        values.length + mistakes.length > 5 &&
        html`<span class="muted">
          ${texts.chips.total(values.length + mistakes.length)}${
            mistakes.length > 0 && `, ${texts.chips.mistakes(mistakes.length)}`
          }
        </span>`
      }
    </div>
    <ul class="chip-list">
      ${mistakes.map(
        ({ value, problem, suggestion, isUnchecked = false }) =>
          html`<li key=${`!${value}`} class="chip chip-bad">
            <button
              type="button"
              class="chip-text"
              disabled=${disabled}
              aria-label=${texts.chips.editOne(value)}
              onClick=${() => correct(value)}
            >
              ${value}
            </button>
            <${Remove} value=${value} disabled=${disabled} onClick=${() => remove(value, true)} />
            <span class="chip-problem">
              ${isUnchecked ? texts.chips.unchecked : problem}
              ${
                suggestion &&
                !disabled &&
                html` <button type="button" class="link" onClick=${() => use(value, suggestion)}>
                  ${texts.chips.use(suggestion)}
                </button>`
              }
            </span>
          </li>`,
      )}
      ${shown.map(
        (value) =>
          html`<li key=${value} class="chip">
            <span class="chip-text">${value}</span>
            <${Remove} value=${value} disabled=${disabled} onClick=${() => remove(value, false)} />
          </li>`,
      )}
      ${
        shown.length < values.length &&
        html`<li key="…">
          <button type="button" class="link" onClick=${() => setAll(true)}>
            ${texts.chips.showAll(values.length)}
          </button>
        </li>`
      }
    </ul>
    ${
      !disabled &&
      html`<input
          ref=${input}
          class="input"
          type="text"
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          aria-label=${label}
          aria-describedby=${`${id}-hint`}
          list=${suggestions.length > 0 ? `${id}-list` : undefined}
          onKeyDown=${onKeyDown}
          onInput=${tellPending}
          onPaste=${onPaste}
          onBlur=${take}
        />
        <p class="hint" id=${`${id}-hint`}>${hint}</p>
        ${
          suggestions.length > 0 &&
          html`<datalist id=${`${id}-list`}>
            ${suggestions.map((each) => html`<option value=${each} />`)}
          </datalist>`
        }`
    }
    ${checking > 0 && html`<p class="muted" role="status">${texts.chips.checking}</p>`}
    ${
      unchecked !== undefined &&
      html`<p class="problem" role="alert">
        ${unchecked.problem}${' '}
        ${!disabled && html`<button type="button" class="link" onClick=${checkAgain}>${texts.chips.checkAgain}</button>`}
      </p>`
    }
  </div>`
}

function Remove(props: {
  readonly value: string
  readonly disabled: boolean
  readonly onClick: () => void
}): Child {
  if (props.disabled) return null
  return html`<button
    type="button"
    class="chip-remove"
    aria-label=${texts.chips.removeOne(props.value)}
    onClick=${props.onClick}
  >
    <span aria-hidden="true">×</span>
  </button>`
}

async function validated(
  entries: readonly string[],
  field: ChipsProps['field'],
): Promise<readonly Validated[]> {
  if (field === null) return entries.map((value) => ({ value, problem: null }))
  const checked: Validated[] = []
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const values = entries.slice(start, start + AT_ONCE)
    const { body } = await request<readonly Validated[]>('POST', 'validate', { field, values })
    checked.push(...body)
  }
  return checked
}

/**
 * A period to search in: one of the usual ones, two days of the viewer's zone, or the exact one that a number on another
 * page has led to. A part of a form; `periodIn` reads what is chosen in it. What is typed is the form's own: drawn anew, a
 * `value` would take it away.
 */
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { formatMoment, localValueOf, zoneName } from '../times.js'
import { Field } from './basics.js'

const DAYS = 'days'
/** In the form, beside fields of other names. */
const NAMES = { from: 'firstDay', to: 'lastDay' } as const

export function PeriodChoice(props: {
  readonly id: string
  /** What is asked for now. */
  readonly asked: URLSearchParams
  /** What counts where no period is asked for. */
  readonly initial: string
  /** Further choices, before the usual ones. */
  readonly more?: readonly (readonly [value: string, label: string])[]
  /** What is wrong with the days. */
  readonly problem: string | null
}): VNode {
  const { id, asked, initial, more = [], problem } = props
  const days = daysOf(asked)
  const since = asked.get('since') ?? initial
  const [chosen, setChosen] = useState(days === null ? since : DAYS)
  const [week, today] = [dayAt(Date.now() - 6 * 86_400_000), dayAt(Date.now())]
  const options = [
    ...exactly(asked, days !== null),
    ...more,
    ...Object.entries(texts.overview.periods),
    [DAYS, overviewTexts.days] as const,
  ]
  const day = (name: keyof typeof NAMES, value: string): VNode =>
    html`<${Field}
      label=${overviewTexts[name]}
      id=${`${id}-${name}`}
      hint=${overviewTexts.daysZone(zoneName())}
      problem=${name === 'to' ? problem : null}
    >
      <input
        id=${`${id}-${name}`}
        name=${NAMES[name]}
        type="date"
        class="input"
        defaultValue=${value}
        aria-describedby=${`${id}-${name}-hint`}
      />
    <//>`
  return html`<${Field} label=${texts.messages.fields.since} id=${id}>
      <select
        id=${id}
        name="since"
        class="input"
        onChange=${({ currentTarget }: { readonly currentTarget: HTMLSelectElement }) => setChosen(currentTarget.value)}
      >
        ${(options.some(([each]) => each === chosen) ? options : [...options, [chosen, chosen] as const]).map(
          ([each, shown]) =>
            html`<option key=${each} value=${each} selected=${each === chosen}>${shown}</option>`,
        )}
      </select>
    <//>
    ${chosen === DAYS && html`${day('from', days?.from ?? week)} ${day('to', days?.to ?? today)}`}`
}

export interface Period {
  readonly since: string
  readonly until: string | null
}

/** What is chosen, or what is wrong with it. @param asked what was asked for before */
export function periodIn(form: FormData, asked: URLSearchParams): Period | { readonly problem: string } {
  const given = (name: string): string => {
    const value = form.get(name)
    return typeof value === 'string' ? value : ''
  }
  const since = given('since')
  // The end of an exact period goes with its beginning.
  if (since !== DAYS) return { since, until: since === asked.get('since') ? asked.get('until') : null }
  const [from, to] = [given(NAMES.from), given(NAMES.to)]
  if (from === '' || to === '') return { problem: texts.overview.download.daysMissing }
  if (from > to) return { problem: texts.overview.download.daysOrder }
  return { since: midnight(from, 0), until: midnight(to, 1) }
}

/** Where a day begins in the viewer's zone, so many days later. */
function midnight(day: string, later: number): string {
  const time = new Date(`${day}T00:00`)
  time.setDate(time.getDate() + later)
  return time.toISOString()
}

/** The days that are asked for, if it is whole ones. */
function daysOf(asked: URLSearchParams): { readonly from: string; readonly to: string } | null {
  const [since, until] = [asked.get('since') ?? '', asked.get('until') ?? '']
  const from = localValueOf(since).slice(0, 10)
  const to = dayAt(Date.parse(until) - 1)
  if (from === '' || to === '') return null
  return midnight(from, 0) === since && midnight(to, 1) === until ? { from, to } : null
}

/** The day of a time in the viewer's zone; empty for no time. */
function dayAt(time: number): string {
  return Number.isNaN(time) ? '' : localValueOf(new Date(time).toISOString()).slice(0, 10)
}

/** The period that a number on another page has led to. */
function exactly(asked: URLSearchParams, areDays: boolean): readonly (readonly [string, string])[] {
  const [since, until] = [asked.get('since'), asked.get('until')]
  if (since === null || until === null || areDays) return []
  return [[since, overviewTexts.chosenPeriod(formatMoment(since), formatMoment(until))]]
}

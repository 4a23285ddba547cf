/** Changes by day, latest first: each with when, who, what became of it, and undo where that is possible. */
import { html, useState, type VNode } from '../preact.js'
import { request, formatError, type Answer } from '../api.js'
import { formatDifferences, formatPlace } from '../history-words.js'
import { plain } from '../plain.js'
import { href, queryOf } from '../router.js'
import { texts } from '../texts.js'
import { dayOf, formatMoment, formatTime } from '../times.js'
import type { HistoryEntry, NamedEffect } from '../types.js'
import { EffectList } from './effect.js'
import { useConfirm } from './impact.js'
import { undoChange } from './undo-change.js'
import { announce, Empty, Notice, useLoaded, Waiting } from './basics.js'

/** So many changes are shown at first, and with each `Show more`. */
const PAGE = 100

type Page = Answer<readonly HistoryEntry[]>

interface HistoryListProps {
  /** @default all that one may see */
  readonly owner?: string
  /** Only changes of this rule. */
  readonly field?: string
  /** What else is asked for, such as `by=ann`. */
  readonly query?: string
  /** Whether the name of who did it leads to all that they did. @default false */
  readonly leadsToPeople?: boolean
  readonly mayUndo: boolean
  readonly onUndone?: () => void
}

export function HistoryList(props: HistoryListProps): VNode {
  const { owner, field, query = '', leadsToPeople = false, mayUndo, onUndone } = props
  const fixed = queryOf({ limit: String(PAGE), owner: owner ?? null, rule: field ?? null })
  const path = `history?${fixed}${query === '' ? '' : `&${query}`}`
  const [loaded, reload, set] = useLoaded<Page>(() => request('GET', path), [path])
  const [message, setMessage] = useState<{ readonly tone: 'good' | 'bad'; readonly text: string } | null>(
    null,
  )
  const [effects, setEffects] = useState<readonly NamedEffect[]>([])
  const [dialog, confirm] = useConfirm()
  if (loaded.state !== 'there') return html`<${Waiting} of=${loaded} retry=${reload} />`
  const { body: entries, next } = loaded.value
  const fail = (error: unknown): void => setMessage({ tone: 'bad', text: formatError(error) })
  const undo = async (entry: HistoryEntry): Promise<void> => {
    try {
      const body = await undoChange(confirm, entry.id)
      if (body === null) return
      setEffects(body.effects)
      setMessage({ tone: 'good', text: [texts.history.undone, ...body.places.map(plain)].join(' ') })
      announce(texts.history.undone)
      reload()
      onUndone?.()
    } catch (error) {
      fail(error)
    }
  }
  const more = async (from: string): Promise<void> => {
    try {
      const page: Page = await request('GET', from)
      set({ ...page, body: [...entries, ...page.body] })
    } catch (error) {
      fail(error)
    }
  }
  const isFiltered = query !== ''
  return html`<div class="stack">
    ${message !== null && html`<${Notice} tone=${message.tone}>${message.text}<//>`}
    <${EffectList} effects=${effects} /> ${dialog}
    ${
      entries.length === 0 &&
      html`<${Empty}
        title=${isFiltered ? texts.history.none : texts.history.empty}
        next=${isFiltered ? texts.history.noneNext : `${texts.history.emptyNext} ${texts.history.lead}`}
      />`
    }
    ${byDay(entries).map(
      ([day, those]) =>
        html`<section key=${day} class="card changes-day">
          <h2>${day}</h2>
          <ol class="lines">
            ${those.map((entry) => html`<${Entry} key=${entry.id} ...${{ entry, leadsToPeople, mayUndo, undo }} />`)}
          </ol>
        </section>`,
    )}
    ${
      next !== null &&
      html`<p>
        <button type="button" class="button" onClick=${() => void more(next)}>${texts.history.more}</button>
      </p>`
    }
  </div>`
}

/** In the viewer's zone, as all times here. */
function byDay(entries: readonly HistoryEntry[]): [day: string, entries: HistoryEntry[]][] {
  const days = new Map<string, HistoryEntry[]>()
  for (const entry of entries) {
    const day = dayOf(entry.at)
    days.set(day, [...(days.get(day) ?? []), entry])
  }
  return [...days]
}

function Entry(props: {
  readonly entry: HistoryEntry
  readonly leadsToPeople: boolean
  readonly mayUndo: boolean
  readonly undo: (entry: HistoryEntry) => Promise<void>
}): VNode {
  const { entry, leadsToPeople, mayUndo, undo } = props
  const { at, by, standing, next, leftOut } = entry
  const what = formatPlace(entry)
  const differences = formatDifferences(entry)
  const [first = '', ...others] = differences
  return html`<li class="line change">
    <p class="hint change-when">
      <time datetime=${at}>${formatTime(at)}</time>
      ${leadsToPeople ? html`<a href=${href('history', queryOf({ by }))} aria-label=${texts.history.onlyBy(by)}>${plain(by)}</a>` : html`<span>${plain(by)}</span>`}
    </p>
    <div class="line-body">
      <p><strong>${what}</strong>: ${first}</p>
      ${
        others.length > 0 &&
        html`<ul class="differences">
          ${others.map((line) => html`<li key=${line}>${line}</li>`)}
        </ul>`
      }
      ${standing === 'undone' && next !== null && html`<p><span class="badge">${texts.history.undoneBy(plain(next.by), formatMoment(next.at))}</span></p>`}
      ${standing === 'changed' && next !== null && html`<p class="hint">${texts.history.changedBy(plain(next.by), formatMoment(next.at))}</p>`}
    </div>
    ${
      mayUndo &&
      !leftOut &&
      standing === 'latest' &&
      html`<button
        type="button"
        class="button"
        onClick=${() => void undo(entry)}
        aria-label=${texts.history.undoLabel(what, formatMoment(at))}
      >
        ${texts.history.undo}
      </button>`
    }
  </li>`
}

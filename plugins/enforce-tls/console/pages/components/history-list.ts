/** Changes, latest first, each with who, when, what, and undo. */
import { html, useState, type VNode } from '../preact.js'
import { part, request, requestAll, formatError } from '../api.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { HistoryEntry, NamedEffect } from '../types.js'
import { EffectList } from './effect.js'
import { useConfirm } from './impact.js'
import { announce, Empty, Notice, useLoaded, Waiting } from './basics.js'

/** So many changes are shown. */
const MOST = 200

export function HistoryList(props: {
  /** @default all that one may see */
  readonly owner?: string
  /** Only changes of this rule. */
  readonly field?: string
  readonly mayUndo: boolean
  readonly onUndone?: () => void
}): VNode {
  const { owner, field, mayUndo, onUndone } = props
  const query = owner === undefined ? '' : `&owner=${part(owner)}`
  const [loaded, reload] = useLoaded(
    () => requestAll<HistoryEntry>(`history?limit=${MOST}${query}`, MOST),
    [query],
  )
  const [message, setMessage] = useState<{ readonly tone: 'good' | 'bad'; readonly text: string } | null>(
    null,
  )
  const [effects, setEffects] = useState<readonly NamedEffect[]>([])
  const [dialog, confirm] = useConfirm()
  if (loaded.state !== 'there') return html`<${Waiting} of=${loaded} retry=${reload} />`
  const entries = loaded.value.filter((entry) => field === undefined || entry.field === field)
  const undo = async (entry: HistoryEntry): Promise<void> => {
    try {
      if (!(await confirm({ undo: entry.id }, texts.impact.undo, texts.impact.yes.undo))) return
      const { body } = await request<{ readonly effects: readonly NamedEffect[] }>(
        'POST',
        `history/${part(entry.id)}/undo`,
      )
      setEffects(body.effects)
      setMessage({ tone: 'good', text: texts.history.undone })
      announce(texts.history.undone)
      reload()
      onUndone?.()
    } catch (error) {
      setMessage({ tone: 'bad', text: formatError(error) })
    }
  }
  return html`<div class="stack">
    ${message !== null && html`<${Notice} tone=${message.tone}>${message.text}<//>`}
    <${EffectList} effects=${effects} /> ${dialog}
    ${entries.length === 0 && html`<${Empty} title=${texts.history.empty} next=${texts.history.lead} />`}
    <ol class="history">
      ${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} mayUndo=${mayUndo} undo=${undo} />`)}
    </ol>
  </div>`
}

function Entry(props: {
  readonly entry: HistoryEntry
  readonly mayUndo: boolean
  readonly undo: (entry: HistoryEntry) => Promise<void>
}): VNode {
  const { entry, mayUndo, undo } = props
  const what = formatPlace(entry)
  return html`<li class="card history-entry">
    <div>
      <p><strong>${what}</strong></p>
      <ul class="differences">
        ${entry.differences.map((line) => html`<li key=${line}>${texts.history.difference(plain(line))}</li>`)}
      </ul>
      <p class="hint"><time datetime=${entry.at}>${formatMoment(entry.at)}</time>, ${entry.by}</p>
    </div>
    ${
      mayUndo &&
      !entry.leftOut &&
      entry.key !== 'releases' &&
      html`<button
        type="button"
        class="button"
        onClick=${() => void undo(entry)}
        aria-label=${texts.history.undoLabel(what, formatMoment(entry.at))}
      >
        ${texts.history.undo}
      </button>`
    }
  </li>`
}

function formatPlace({ key, owner, field, from, to }: HistoryEntry): string {
  if (key !== 'rules') return texts.history.place[key](field)
  const name = [to, from]
    .map((each) => (each as { readonly name?: unknown } | null)?.name)
    .find((each) => typeof each === 'string')
  return typeof name === 'string'
    ? texts.history.named(plain(name), owner)
    : texts.history.place.rules(field, owner)
}

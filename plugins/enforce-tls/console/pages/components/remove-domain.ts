/** A domain's end: what would go with it is said first, and the list of domains offers the way back. */
import { part, request, formatError } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { DomainDetails, HistoryEntry } from '../types.js'
import { announce, Notice } from './basics.js'
import { useConfirm } from './impact.js'
import { undoChange } from './undo-change.js'

interface Removed {
  readonly domain: string
  readonly rules: number
  /** Of the history; `null` where it does not say. */
  readonly change: string | null
}

/** What was removed last, until the list of domains has shown it. */
const last: { removed: Removed | null } = { removed: null }

export function RemoveDomain({ row }: { readonly row: DomainDetails }): VNode | null {
  const { domain, etag, rules, senders } = row
  const [problem, setProblem] = useState<string | null>(null)
  const [dialog, confirm] = useConfirm()
  const total = rules.outgoing + rules.incoming
  if (etag === null && total === 0 && senders.length === 0) return null
  const remove = async (): Promise<void> => {
    setProblem(null)
    try {
      const removal = { hint: texts.domains.removeHint(total) }
      const question = texts.domains.removeSure(domain)
      const asking = {
        change: { domain, remove: true },
        question,
        yes: texts.domains.removeYes,
        removal,
      } as const
      const path = `domains/${part(domain)}`
      const answer = await confirm(asking, (asked) =>
        request<{ readonly rules: number }>('DELETE', path, undefined, etag, asked),
      )
      if (answer === null) return
      const { rules: gone } = answer.body
      last.removed = { domain, rules: gone, change: await latestChange(domain) }
      announce(texts.domains.removed(domain, gone))
      location.hash = '#/domains'
    } catch (error) {
      setProblem(formatError(error))
    }
  }
  return html`<div class="danger">
      <button type="button" class="link link-bad" onClick=${remove}>${texts.domains.remove}</button>
      ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
    </div>
    ${dialog}`
}

async function latestChange(domain: string): Promise<string | null> {
  try {
    const { body } = await request<readonly HistoryEntry[]>('GET', `history?limit=1&owner=${part(domain)}`)
    return body[0]?.id ?? null
  } catch {
    // The history has it all the same.
    return null
  }
}

/** What was just removed, and the way back. */
export function RemovedDomain({ onUndone }: { readonly onUndone: () => void }): VNode | null {
  const [removed] = useState(() => {
    const { removed: taken } = last
    last.removed = null
    return taken
  })
  const [said, setSaid] = useState<{ readonly tone: 'good' | 'bad'; readonly text: string } | null>(null)
  const [dialog, confirm] = useConfirm()
  if (removed === null) return null
  const { domain, rules, change } = removed
  const undo = async (): Promise<void> => {
    try {
      if ((await undoChange(confirm, change ?? '')) === null) return
      setSaid({ tone: 'good', text: texts.domains.restored(domain) })
      announce(texts.domains.restored(domain))
      onUndone()
    } catch (error) {
      setSaid({ tone: 'bad', text: formatError(error) })
    }
  }
  if (said !== null) return html`<${Notice} tone=${said.tone}>${said.text}<//>`
  return html`<${Notice} tone="info">
      <p class="row">
        <span>${texts.domains.removed(domain, rules)}</span>
        ${change !== null && html`<button type="button" class="button" onClick=${undo}>${texts.domains.undo}</button>`}
      </p>
    <//>
    ${dialog}`
}

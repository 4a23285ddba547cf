/** Rules of several owners, page by page; a search that takes long goes on with the next request. */
import { formatError, request } from '../api.js'
import { html, useEffect, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { FoundRule } from '../types.js'
import { announce, Notice, useLoaded, Waiting } from './basics.js'

/** Rules as far as they were read. */
export interface RulePages {
  readonly rules: readonly FoundRule[]
  /** The path of the next page; `null` where there is none. */
  readonly next: string | null
}

/** So many requests without a rule are made before somebody is asked whether to go on. */
const EMPTY_MAX = 10

/** The next page with a rule on it. */
export async function readPage(path: string): Promise<RulePages> {
  let page = await request<readonly FoundRule[]>('GET', path)
  for (let tries = 1; page.body.length === 0 && page.next !== null && tries < EMPTY_MAX; tries++)
    page = await request<readonly FoundRule[]>('GET', page.next)
  return { rules: page.body, next: page.next }
}

export function RuleList(props: {
  /** What is asked for, such as `rules?partner=bank.example`. */
  readonly path: string
  readonly empty: VNode
  readonly row: (found: FoundRule) => VNode
  /** Told of all that are shown. */
  readonly onShown?: (rules: readonly FoundRule[]) => void
  /** Another number has them read anew. */
  readonly round?: number
}): VNode {
  const { path, empty, row, onShown, round = 0 } = props
  const [loaded, reload, set] = useLoaded(() => readPage(path), [path, round])
  const [failure, setFailure] = useState<string | null>(null)
  const shown = loaded.state === 'there' ? loaded.value : null
  useEffect(() => {
    if (shown === null) return
    onShown?.(shown.rules)
    announce(texts.find.allRules.found(shown.rules.length, shown.next === null))
  }, [shown])
  if (shown === null) return html`<${Waiting} of=${loaded} retry=${reload} />`
  const { rules, next } = shown
  const more = async (from: string): Promise<void> => {
    try {
      const page = await readPage(from)
      setFailure(null)
      set({ rules: [...rules, ...page.rules], next: page.next })
    } catch (error) {
      setFailure(formatError(error))
    }
  }
  return html`<div class="stack">
    ${rules.length === 0 && next === null && empty}
    ${rules.length > 0 && html`<p class="hint">${texts.find.allRules.found(rules.length, next === null)}</p>`}
    ${
      rules.length > 0 &&
      html`<ul class="list">
        ${rules.map(row)}
      </ul>`
    }
    ${failure !== null && html`<${Notice} tone="bad">${failure}<//>`}
    ${
      next !== null &&
      html`<p class="row">
        <button type="button" class="button" onClick=${() => void more(next)}>
          ${rules.length === 0 ? texts.find.allRules.goOn : texts.find.allRules.more}
        </button>
        ${rules.length === 0 && html`<span class="muted">${texts.find.allRules.notAll}</span>`}
      </p>`
    }
  </div>`
}

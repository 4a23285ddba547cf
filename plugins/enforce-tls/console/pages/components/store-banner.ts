/**
 * What stands above every page while Haraka takes no rules from the store, or cannot say: what the page shows is not what is
 * in force then. It looks whenever a page is opened, or seen again; a clock of its own would keep a session alive.
 */
import { ApiError, formatError, request } from '../api.js'
import { html, useEffect, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { StoreState } from '../types.js'
import { Notice, useLoaded } from './basics.js'

/** @param page another one is another page */
export function StoreBanner({ page }: { readonly page: string }): VNode | null {
  const [seen, setSeen] = useState(0)
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) setSeen((n) => n + 1)
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  const [loaded] = useLoaded(async () => (await request<StoreState>('GET', 'store')).body, [page, seen])
  if (loaded.state === 'loading') return null
  if (loaded.state === 'failed') {
    // Whoever is no longer signed in gets another page; that the server is away is said by the page itself.
    if (loaded.error instanceof ApiError && [0, 401].includes(loaded.error.status)) return null
    return html`<${Notice} tone="bad"><p>${formatError(loaded.error)}</p><//>`
  }
  const { problem, warnings } = loaded.value
  if (problem !== null) return html`<${Notice} tone="bad"><p>${problem}</p><//>`
  if (warnings.length === 0) return null
  return html`<${Notice} tone="warn">
    ${warnings.map((warning) => html`<p key=${warning}>${texts.rulesAtRisk(warning)}</p>`)}
  <//>`
}

/** All changes that one may see. */
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'

export function HistoryView({ session }: { readonly session: Session }): VNode {
  return html`<${PageTitle} title=${texts.history.title} />
    <p class="lead">${texts.history.lead}</p>
    <${HistoryList} mayUndo=${session.role !== 'viewer'} />`
}

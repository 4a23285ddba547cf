/** All changes that one may see, filtered by person, rule and period. */
import { Field } from '../components/basics.js'
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { html, type VNode } from '../preact.js'
import { href, queryOf } from '../router.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'

/** @param query as in the address: `by`, `rule`, `since` */
export function HistoryView({
  session,
  query,
}: {
  readonly session: Session
  readonly query: string
}): VNode {
  const asked = new URLSearchParams(query)
  const search = (event: Event): void => {
    event.preventDefault()
    const data = new FormData(event.currentTarget as HTMLFormElement)
    const valueOf = (name: string): string => {
      const value = data.get(name)
      return typeof value === 'string' ? value.trim() : ''
    }
    const next = queryOf({ by: valueOf('by'), rule: valueOf('rule'), since: valueOf('since') })
    location.hash = next === '' ? '#/history' : href('history', next)
  }
  const since = asked.get('since') ?? ''
  return html`<${PageTitle} title=${texts.history.title} />
    <p class="lead">${texts.history.lead}</p>
    <form class="card search" onSubmit=${search}>
      ${(['by', 'rule'] as const).map(
        (name) =>
          html`<${Field} key=${name} label=${texts.history.fields[name]} id=${`history-${name}`}>
            <input
              id=${`history-${name}`}
              name=${name}
              class="input"
              value=${asked.get(name) ?? ''}
              placeholder=${texts.history.hints[name]}
              autocapitalize="none"
              autocomplete="off"
              spellcheck=${false}
            />
          <//>`,
      )}
      <${Field} label=${texts.history.fields.since} id="history-since">
        <select id="history-since" name="since" class="input">
          ${[['', texts.history.always] as const, ...Object.entries(texts.overview.periods)].map(
            ([value, label]) =>
              html`<option key=${value} value=${value} selected=${value === since}>${label}</option>`,
          )}
        </select>
      <//>
      <p class="search-go">
        <button type="submit" class="button button-main">${texts.history.search}</button>
      </p>
    </form>
    <${HistoryList} mayUndo=${session.role !== 'viewer'} query=${query} />`
}

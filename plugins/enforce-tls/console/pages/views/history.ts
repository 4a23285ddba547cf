/** All changes that one may see, filtered by person, rule and period. */
import { requestAll } from '../api.js'
import { Field, useLoaded } from '../components/basics.js'
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { PeriodChoice, periodIn } from '../components/period-choice.js'
import { html, useState, type VNode } from '../preact.js'
import { href, queryOf } from '../router.js'
import { texts } from '../texts.js'
import type { Person, Session } from '../types.js'

/** @param query as in the address: `by`, `rule`, `since`, `until` */
export function HistoryView({
  session,
  query,
}: {
  readonly session: Session
  readonly query: string
}): VNode {
  const asked = new URLSearchParams(query)
  const [problem, setProblem] = useState<string | null>(null)
  // Only administrators may see who there is.
  const [people] = useLoaded(
    () => (session.role === 'admin' ? requestAll<Person>('users') : Promise.resolve([])),
    [],
  )
  const search = (event: Event): void => {
    event.preventDefault()
    const data = new FormData(event.currentTarget as HTMLFormElement)
    const valueOf = (name: string): string => {
      const value = data.get(name)
      return typeof value === 'string' ? value.trim() : ''
    }
    const period = periodIn(data, asked)
    if ('problem' in period) return setProblem(period.problem)
    const next = queryOf({ by: valueOf('by'), rule: valueOf('rule'), ...period })
    location.hash = next === '' ? '#/history' : href('history', next)
  }
  return html`<${PageTitle} title=${texts.history.title} />
    <p class="lead">${texts.history.lead}</p>
    <form class="card search" onSubmit=${search}>
      ${(['by', 'rule'] as const).map(
        (name) =>
          html`<${Field}
            key=${name}
            label=${texts.history.fields[name]}
            id=${`history-${name}`}
            hint=${name === 'by' ? texts.history.byHint : undefined}
          >
            <input
              id=${`history-${name}`}
              name=${name}
              class="input"
              defaultValue=${asked.get(name) ?? ''}
              placeholder=${texts.history.hints[name]}
              autocapitalize="none"
              autocomplete="off"
              spellcheck=${false}
              list=${name === 'by' ? 'history-people' : undefined}
              aria-describedby=${name === 'by' ? 'history-by-hint' : undefined}
            />
          <//>`,
      )}
      <datalist id="history-people">
        ${people.state === 'there' && people.value.map(({ name }) => html`<option key=${name} value=${name} />`)}
      </datalist>
      <${PeriodChoice}
        id="history-since"
        asked=${asked}
        initial=""
        more=${[['', texts.history.always]]}
        problem=${problem}
      />
      <p class="search-go">
        <button type="submit" class="button button-main">${texts.history.search}</button>
      </p>
    </form>
    <${HistoryList} mayUndo=${session.role !== 'viewer'} query=${query} leadsToPeople=${true} />`
}

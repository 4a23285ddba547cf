/** Rules of all owners that one may see, in one list: filtered, and several of them changed at once. */
import { mayChange } from '../access.js'
import { Empty } from '../components/basics.js'
import { FoundRuleRow } from '../components/found-rule.js'
import { PageTitle } from '../components/page-title.js'
import { RuleFilter } from '../components/rule-filter.js'
import { RuleList } from '../components/rule-pages.js'
import { RuleBox } from '../components/rule-tools.js'
import { ruleKey, SeveralRules } from '../components/several-rules.js'
import { html, useEffect, useState, type VNode } from '../preact.js'
import { href, parsePlace } from '../router.js'
import { filterIn, filterQuery, type RuleFilterValue } from '../rule-filter.js'
import { texts } from '../texts.js'
import type { FoundRule, Session } from '../types.js'

/** After the last key it waits so long, in milliseconds. */
const PAUSE = 300

const words = texts.find.allRules

export function AllRules({ session, query }: { readonly session: Session; readonly query: string }): VNode {
  const [filter, setFilter] = useState<RuleFilterValue>(() => filterIn(query))
  const [asked, setAsked] = useState(filterQuery(filter))
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [shown, setShown] = useState<readonly FoundRule[]>([])
  const [round, setRound] = useState(0)
  const wanted = filterQuery(filter)
  useEffect(() => {
    if (wanted === asked) return undefined
    const timer = setTimeout(() => {
      setAsked(wanted)
      setChosen(new Set())
      // For a reload and for the way back; the page itself stays.
      history.replaceState(null, '', wanted === '' ? '#/rules' : href('rules', wanted))
    }, PAUSE)
    return () => clearTimeout(timer)
  }, [wanted, asked])
  useEffect(() => {
    // Also where the address is the one that the page began with.
    const follow = (): void => {
      const place = parsePlace(location.hash)
      if (place.view === 'all-rules') setFilter(filterIn(place.query))
    }
    window.addEventListener('hashchange', follow)
    return () => window.removeEventListener('hashchange', follow)
  }, [])
  const may = session.role !== 'viewer'
  return html`<${PageTitle} title=${words.title} />
    <p class="lead">${words.lead}</p>
    <${RuleFilter} value=${filter} onChange=${setFilter} />
    ${
      may &&
      html`<${SeveralRules}
        rules=${shown.filter(({ owner, id }) => id !== '' && mayChange(session, owner))}
        chosen=${chosen}
        onChoose=${setChosen}
        onDone=${() => setRound(round + 1)}
      />`
    }
    <${RuleList}
      key=${asked}
      path=${`rules?${asked}`}
      round=${round}
      empty=${html`<${Empty} title=${words.none} next=${words.noneNext} />`}
      onShown=${setShown}
      row=${(found: FoundRule) => {
        const key = ruleKey(found)
        return html`<${FoundRuleRow} key=${key} found=${found}>
          ${
            mayChange(session, found.owner) &&
            html`<${RuleBox} stored=${found} chosen=${chosen} onChoose=${setChosen} />`
          }
        <//>`
      }}
    />`
}

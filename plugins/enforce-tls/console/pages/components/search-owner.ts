/** A filter over rules of one owner of which only some are shown: the server looks through all of them. */
import { html, useEffect, useState, type VNode } from '../preact.js'
import { queryOf } from '../router.js'
import { filterQuery, NO_FILTER, type RuleFilterValue } from '../rule-filter.js'
import { texts } from '../texts.js'
import type { Direction, FoundRule } from '../types.js'
import { Empty } from './basics.js'
import { FoundRuleRow } from './found-rule.js'
import { RuleList } from './rule-pages.js'
import { RuleBox } from './rule-tools.js'

/** After the last key it waits so long, in milliseconds. */
const PAUSE = 300

interface SearchOwnerProps {
  readonly owner: string
  readonly direction: Direction
  readonly filter: RuleFilterValue
  readonly may: boolean
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  readonly onShown: (rules: readonly FoundRule[]) => void
  /** Another one has them read anew. */
  readonly etag: string
}

/** Whether a filter asks for anything. */
export function isAsked(filter: RuleFilterValue): boolean {
  return filterQuery(filter) !== filterQuery(NO_FILTER)
}

export function SearchOwner(props: SearchOwnerProps): VNode {
  const { owner, direction, filter, may, chosen, onChoose, onShown, etag } = props
  const wanted = `rules?${queryOf({ owner, direction })}&${filterQuery(filter)}`
  const [path, setPath] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setPath(wanted), PAUSE)
    return () => clearTimeout(timer)
  }, [wanted])
  return html`<${RuleList}
    key=${`${path} ${etag}`}
    path=${path}
    empty=${html`<${Empty} title=${texts.find.allRules.none} next=${texts.find.allRules.noneNext} />`}
    onShown=${onShown}
    row=${(found: FoundRule) =>
      html`<${FoundRuleRow} key=${found.id} found=${found}>
        ${may && html`<${RuleBox} stored=${found} chosen=${chosen} onChoose=${onChoose} />`}
      <//>`}
  />`
}

/** The rows of a list of rules: order by dragging or by keys, and a switch a rule. */
import Sortable from 'sortablejs'
import { ApiError, request, formatError } from '../api.js'
import { html, useEffect, useLayoutEffect, useRef, useState, type VNode } from '../preact.js'
import { hasUnsaved } from '../unsaved-rules.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { rulePath } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Direction, StoredRule, Target } from '../types.js'
import { announce, Notice, Switch, useUid } from './basics.js'
import { nameOf, RuleBadges } from './found-rule.js'
import { useConfirm } from './impact.js'
import { stateOf } from './rule-state.js'
import { RuleBox } from './rule-tools.js'
import { RuleSummary } from './rule-summary.js'
import { RuleTrafficLine, useRuleTraffic } from './rule-traffic.js'

interface RowsProps {
  readonly owner: string
  readonly direction: Direction
  readonly rules: readonly StoredRule[]
  readonly may: boolean
  /** Whether there are more than are shown here: then their order stays as it is. */
  readonly isPart: boolean
  /** Those that are chosen; `null` where none can be. */
  readonly chosen: ReadonlySet<string> | null
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  readonly onMove: (rule: StoredRule, target: Target) => void
  readonly reload: () => void
  readonly onProblem: (text: string | null) => void
}

export function RuleRows(props: RowsProps): VNode {
  const { owner, direction, rules, may, isPart, chosen, onChoose, onMove, reload, onProblem } = props
  const list = useRef<HTMLOListElement | null>(null)
  const hint = useUid('order')
  const traffic = useRuleTraffic(owner)
  // The rule that cannot be switched on, since it is not chosen what it does.
  const [missing, setMissing] = useState<string | null>(null)
  const [dialog, confirm] = useConfirm()
  // Shown at once; the list that is read anew has another version of the rule.
  const [switched, setSwitched] = useState<{
    readonly etag: string
    readonly on: boolean
    readonly now: string
  } | null>(null)
  const moveTo = (from: number, to: number): void => {
    const rule = rules[from]
    const other = rules[to]
    if (rule && other && from !== to) onMove(rule, to > from ? { after: other.id } : { before: other.id })
  }
  const latest = useRef(moveTo)
  useEffect(() => {
    latest.current = moveTo
  })
  // A row that moves in the page loses the focus: the next key is for the same handle.
  const byKey = useRef<string | null>(null)
  const order = rules.map(({ id }) => id).join(' ')
  useLayoutEffect(() => {
    if (byKey.current !== null) document.getElementById(`handle-${byKey.current}`)?.focus()
    byKey.current = null
  }, [order])
  const sortable = may && rules.length > 1 && !isPart && chosen === null
  useEffect(() => {
    if (list.current === null || !sortable) return undefined
    const made = new Sortable(list.current, {
      handle: '.handle',
      draggable: '.rule-row',
      forceFallback: true,
      fallbackTolerance: 3,
      ghostClass: 'dragged',
      onEnd: ({ item, oldIndex = 0, newIndex = 0 }) => {
        // The page draws the new order itself: what was dragged goes back first.
        const siblings = [...(item.parentElement?.children ?? [])].filter((each) => each !== item)
        item.parentElement?.insertBefore(item, siblings[oldIndex] ?? null)
        latest.current(oldIndex, newIndex)
      },
    })
    return () => made.destroy()
  }, [sortable])
  const onSwitch = async (stored: StoredRule, enabled: boolean): Promise<void> => {
    const { id } = stored
    const isMissing = enabled && stored.rule.actions.relayWithTls === undefined
    setMissing(isMissing ? id : null)
    if (isMissing) return
    try {
      const question = texts.impact[enabled ? 'switchOn' : 'switchOff'](nameOf(stored))
      const yes = texts.impact.yes[enabled ? 'on' : 'off']
      const path = `${rulePath(owner, stored.id)}/enabled`
      const seen = switched?.etag === stored.etag ? switched.now : stored.etag
      const answer = await confirm({ change: { owner, id, enabled }, question, yes }, (asked) =>
        request<StoredRule>('POST', path, { enabled }, seen, asked),
      )
      if (answer === null) return
      const { body } = answer
      setSwitched({ etag: stored.etag, on: enabled, now: body.etag })
      // Only a valid rule can be switched, so what is wrong then is wrong with others.
      onProblem(body.problem)
      announce(texts.rules.switched(nameOf(stored), (body.effect?.sentences ?? []).map(plain)))
    } catch (error) {
      const status = error instanceof ApiError ? error.status : null
      const name = nameOf(stored)
      if (status === 412) onProblem(texts.rules.switchConflict(name, enabled))
      else onProblem(status === 404 ? texts.rules.switchGone(name) : formatError(error))
    }
    reload()
  }
  return html`${dialog} ${sortable && html`<p class="hint" id=${hint}>${texts.rules.reorderHint}</p>`}
    <ol class="list" ref=${list}>
      ${rules.map(
        (stored, index) =>
          html`<li key=${stored.id} class=${`card rule-row row-${stateOf(stored)}`}>
            ${
              sortable &&
              html`<button
                type="button"
                class="handle"
                id=${`handle-${stored.id}`}
                aria-label=${texts.rules.move(nameOf(stored))}
                onKeyDown=${(event: KeyboardEvent) => {
                  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
                  if (step === undefined) return
                  event.preventDefault()
                  byKey.current = stored.id
                  moveTo(index, index + step)
                }}
              >
                <span aria-hidden="true">⠿</span>
              </button>`
            }
            ${may && chosen !== null && html`<${RuleBox} stored=${stored} chosen=${chosen} onChoose=${onChoose} />`}
            <div class="rule-body">
              <p class="row">
                <a class="row-link" href=${href('domains', owner, direction, stored.id)}>
                  ${nameOf(stored)}
                </a>
                <${RuleBadges} stored=${stored} />
              </p>
              ${
                stored.problem === null
                  ? html`<${RuleSummary} rule=${stored.rule} effect=${stored.effect} />`
                  : html`<p class="problem">${texts.rules.invalid}: ${stored.problem}</p>`
              }
              <${RuleTrafficLine} of=${traffic} stored=${stored} />
              ${hasUnsaved(owner, stored.id) && html`<p class="problem">${texts.rules.unsaved}</p>`}
            </div>
            <${Switch}
              label=${texts.rules.switchLabel(nameOf(stored))}
              on=${switched?.etag === stored.etag ? switched.on : isOn(stored)}
              disabled=${stored.problem !== null}
              readOnly=${!may}
              onChange=${(on: boolean) => onSwitch(stored, on)}
            />
            ${
              missing === stored.id &&
              html`<${Notice} tone="warn">
                <p>${texts.actions.missingFirst(nameOf(stored))}</p>
                <a class="button" href=${href('domains', owner, direction, stored.id)}>
                  ${texts.actions.missingOpen}
                </a>
              <//>`
            }
          </li>`,
      )}
    </ol>`
}

function isOn({ rule }: StoredRule): boolean {
  return (rule as { enabled?: unknown } | null)?.enabled === true
}

/** An owner's message rules of one direction: in order, each with its switch; a new one by name. */
import { mayChange } from '../access.js'
import { ApiError, part, request, requestRules, formatError, type Answer } from '../api.js'
import { announce, Empty, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { useConfirm } from '../components/impact.js'
import { RuleRows } from '../components/rule-rows.js'
import { CLOSED, RuleTools, ToolsButton, type RuleToolsState } from '../components/rule-tools.js'
import { isAsked, SearchOwner } from '../components/search-owner.js'
import { ServiceOff } from '../components/service-off.js'
import { html, useEffect, useRef, useState, type VNode } from '../preact.js'
import { href, NEW } from '../router.js'
import { beginRule, begunRule, savedListeners } from '../unsaved-rules.js'
import { plain } from '../plain.js'
import { fits } from '../rule-filter.js'
import { rulePath } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Direction, RuleList, Session, StoredRule, Target } from '../types.js'

/** So many rules are shown at first, and more each time that somebody asks. */
const PAGE = 200

interface RulesProps {
  readonly session: Session
  readonly owner: string
  readonly direction: Direction
}
export function Rules({ session, owner, direction }: RulesProps): VNode {
  const path = `owners/${part(owner)}/rules`
  // What is shown stays shown when it is read anew.
  const least = useRef(PAGE)
  const read = (): Promise<Answer<RuleList>> =>
    requestRules(`${path}?direction=${direction}&limit=${PAGE}`, least.current)
  const [loaded, reload, set] = useLoaded(read, [path])
  const [problem, setProblem] = useState<{ text: string; again: (() => void) | null } | null>(null)
  const [tools, setTools] = useState<RuleToolsState>(CLOSED)
  const [found, setFound] = useState<readonly StoredRule[]>([])
  useEffect(() => {
    savedListeners.add(reload)
    return () => {
      savedListeners.delete(reload)
    }
  }, [])
  const may = mayChange(session, owner)
  const [dialog, confirm] = useConfirm()
  const fail = async (error: unknown, again: (etag: string) => Promise<void>): Promise<void> => {
    if (!(error instanceof ApiError) || error.status !== 412)
      return setProblem({ text: formatError(error), again: null })
    const now = await read()
    set(now)
    const once = (): void => {
      setProblem(null)
      void again(now.etag)
    }
    setProblem({ text: texts.rules.conflict, again: once })
  }
  const move = async (rule: StoredRule, target: Target, etag: string): Promise<void> => {
    try {
      const change = { owner, id: rule.id, move: target }
      const question = texts.impact.move(plain(rule.rule.name))
      const path = `${rulePath(owner, rule.id)}/move?limit=1`
      const made = await confirm({ change, question, yes: texts.impact.yes.move }, (asked) =>
        request<RuleList>('POST', path, target, etag, asked),
      )
      if (made === null) return
      const moved = await read()
      set(moved)
      setProblem(null)
      const list = moved.body.rules
      const place = list.findIndex(({ id }) => id === rule.id) + 1
      announce(texts.rules.moved(plain(rule.rule.name), place, moved.total ?? list.length))
    } catch (error) {
      await fail(error, (now) => move(rule, target, now)).catch((other: unknown) =>
        setProblem({ text: formatError(other), again: null }),
      )
    }
  }
  if (loaded.state !== 'there') return html`<${Waiting} of=${loaded} retry=${reload} />`
  const { body, etag, next, total } = loaded.value
  const { rules } = body
  const more = async (from: string): Promise<void> => {
    least.current = rules.length + PAGE
    try {
      const page = await request<RuleList>('GET', from)
      // Of another version are perhaps others than those that follow here.
      if (page.etag === etag) set({ ...page, body: { ...body, rules: [...rules, ...page.body.rules] } })
      else reload()
    } catch (error) {
      setProblem({ text: formatError(error), again: null })
    }
  }
  const isSearched = tools.isOpen && next !== null && isAsked(tools.filter)
  const shown = tools.isOpen ? rules.filter((rule) => fits(tools.filter, rule)) : rules
  return html`<div class="stack">
    <div class="row between">
      <nav class="segments" aria-label=${texts.rules.directions}>
        ${(['incoming', 'outgoing'] as const).map(
          (each) =>
            html`<a
              key=${each}
              href=${href('domains', owner, each)}
              aria-current=${each === direction ? 'page' : undefined}
            >
              ${texts.rules.direction[each]}
            </a>`,
        )}
      </nav>
      ${(rules.length > 1 || tools.isOpen) && html`<${ToolsButton} may=${may} isOpen=${tools.isOpen} onChange=${setTools} />`}
    </div>
    <p class="muted">${texts.rules.lead[direction]}</p>
    ${!body.active && html`<${ServiceOff} owner=${owner} may=${may} reload=${reload} />`}
    ${!may && html`<${Notice} tone="info">${texts.readOnly}<//>`}
    ${
      problem !== null &&
      html`<${Notice} tone="warn">
        <p>${problem.text}</p>
        ${
          problem.again !== null &&
          html`<button type="button" class="button" onClick=${problem.again}>
            ${texts.conflict.applyMine}
          </button>`
        }
      <//>`
    }
    ${dialog} ${may && html`<${CreateForm} owner=${owner} direction=${direction} />`}
    ${
      tools.isOpen &&
      html`<${RuleTools}
        rules=${isSearched ? found : shown}
        may=${may}
        tools=${tools}
        onChange=${setTools}
        onDone=${reload}
      />`
    }
    ${
      isSearched
        ? html`<${SearchOwner}
            owner=${owner}
            direction=${direction}
            filter=${tools.filter}
            may=${may}
            chosen=${tools.chosen}
            onChoose=${(chosen: ReadonlySet<string>) => setTools({ ...tools, chosen })}
            onShown=${setFound}
            etag=${etag}
          />`
        : shown.length === 0
          ? html`<${Empty}
              title=${rules.length === 0 ? texts.rules.empty : texts.find.allRules.none}
              next=${rules.length > 0 ? texts.find.allRules.noneNext : may ? texts.rules.emptyNext : ''}
            />`
          : html`<${RuleRows}
              owner=${owner}
              direction=${direction}
              rules=${shown}
              may=${may}
              isPart=${shown.length < rules.length}
              chosen=${tools.isOpen ? tools.chosen : null}
              onChoose=${(chosen: ReadonlySet<string>) => setTools({ ...tools, chosen })}
              onMove=${(rule: StoredRule, target: Target) => void move(rule, target, etag)}
              reload=${reload}
              onProblem=${(text: string | null) => setProblem(text === null ? null : { text, again: null })}
            />`
    }
    ${
      next !== null &&
      !isSearched &&
      html`<div class="row">
        <button type="button" class="button" onClick=${() => void more(next)}>
          ${texts.find.allRules.more}
        </button>
        <span class="muted"
          >${texts.find.allRules.shownOf(rules.length, total ?? rules.length)}
          ${may && texts.rules.partHint}</span
        >
      </div>`
    }
  </div>`
}

function CreateForm({ owner, direction }: Omit<RulesProps, 'session'>): VNode {
  const input = useRef<HTMLInputElement | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const begun = begunRule(owner, direction)
  const go = (): void => {
    location.hash = href('domains', owner, direction, NEW)
  }
  const create = (event: Event): void => {
    event.preventDefault()
    const name = input.current?.value.trim() ?? ''
    if (name === '') return setProblem(texts.rules.nameMissing)
    beginRule(owner, direction, name)
    go()
  }
  if (begun !== null)
    return html`<${Notice} tone="info">
      <p>${texts.rules.draft(plain(begun))}</p>
      <button type="button" class="button" onClick=${go}>${texts.rules.draftOpen}</button>
    <//>`
  return html`<form class="card line-form" onSubmit=${create} novalidate>
    <${Field} label=${texts.rules.name} id="rule-name" problem=${problem}>
      <input id="rule-name" ref=${input} class="input" maxlength="200" autocomplete="off" />
    <//>
    <button type="submit" class="button button-main">${texts.rules.create}</button>
  </form>`
}

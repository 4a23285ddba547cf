/** The criteria of a rule: a card a field, with its lists as chips. */
import { html, useLayoutEffect, useRef, useState, type VNode } from '../preact.js'
import type { RuleModel } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Criteria, Header, ListName, Lists } from '../types.js'
import { Chips, type Mistake } from './chips.js'
import { Empty, Field, useUid } from './basics.js'

const FIELDS = ['to', 'from', 'subject'] as const
type FieldName = (typeof FIELDS)[number]

interface EditorProps {
  readonly model: RuleModel
  readonly disabled: boolean
  /** Names of groups, with `group:`. */
  readonly groups: readonly string[]
}

export function CriteriaEditor({ model, disabled, groups }: EditorProps): VNode {
  const { criteria, direction } = model.draft
  const fields = direction === 'incoming' ? (['from', 'to'] as const) : FIELDS
  const headers = criteria.header ?? []
  // What was just added has the focus, and so has the way to add it again when it was removed.
  const [added, setAdded] = useState<string | null>(null)
  const adding = useRef<HTMLDivElement | null>(null)
  const setField = (
    name: FieldName,
    list: ListName,
    values: readonly string[],
    mistakes: readonly Mistake[],
  ) => {
    const now = model.draft.criteria
    // An answer for a criterion that was removed meanwhile does not bring it back.
    if (now[name] === undefined) return
    model.changeList(`${name}.${list}`, { ...now, [name]: { ...now[name], [list]: values } }, mistakes)
  }
  const without = (name: keyof Criteria, header?: readonly Header[]): void => {
    const others = Object.entries(model.draft.criteria).filter(([each]) => each !== name)
    const rest = header !== undefined && header.length > 0 ? { header } : {}
    model.mistakes = Object.fromEntries(
      Object.entries(model.mistakes).filter(([key]) => !key.startsWith(name)),
    )
    setAdded(null)
    model.change({ criteria: { ...Object.fromEntries(others), ...rest } })
    adding.current?.querySelector('button')?.focus()
  }
  const withHeader = (index: number, next: Partial<Header>): Criteria => {
    const now = model.draft.criteria
    const header = (now.header ?? []).map((each, place) => (place === index ? { ...each, ...next } : each))
    return { ...now, header }
  }
  const empty = Object.keys(criteria).length === 0
  const next = direction === 'incoming' ? texts.criteria.emptyNextIncoming : texts.criteria.emptyNext
  return html`<div class="stack">
    <p class="muted">${texts.criteria.lead}</p>
    ${empty && html`<${Empty} title=${texts.criteria.empty} next=${next} />`}
    ${fields.map((name) => {
      const lists = criteria[name]
      if (lists === undefined) return null
      return html`<${Card}
        key=${name}
        title=${texts.criteria.field[name]}
        name=${name}
        lists=${lists}
        model=${model}
        mistakesKey=${name}
        disabled=${disabled}
        suggestions=${name === 'subject' ? [] : groups}
        fresh=${added === name}
        onChange=${(list: ListName, values: readonly string[], mistakes: readonly Mistake[]) =>
          setField(name, list, values, mistakes)}
        onRemove=${() => without(name)}
      />`
    })}
    ${headers.map(
      (header, index) =>
        html`<${Card}
          key=${`header${index}`}
          title=${texts.criteria.field.header}
          name="header"
          lists=${header}
          model=${model}
          mistakesKey=${`header${index}`}
          disabled=${disabled}
          suggestions=${[]}
          onChange=${(list: ListName, values: readonly string[], mistakes: readonly Mistake[]) => {
            if (model.draft.criteria.header?.[index]?.name !== header.name) return
            model.changeList(`header${index}.${list}`, withHeader(index, { [list]: values }), mistakes)
          }}
          onRemove=${() =>
            without(
              'header',
              headers.filter((_, place) => place !== index),
            )}
        >
          <${HeaderName}
            value=${header.name}
            fresh=${added === `header${index}`}
            disabled=${disabled}
            onChange=${(name: string) => model.change({ criteria: withHeader(index, { name }) })}
            onPending=${(isPending: boolean) => model.setPending(`header${index}.name`, isPending)}
          />
        <//>`,
    )}
    ${
      !disabled &&
      html`<div class="row" role="group" ref=${adding} aria-label=${texts.criteria.add}>
        <span class="muted">${texts.criteria.add}:</span>
        ${fields
          .filter((name) => criteria[name] === undefined)
          .map(
            (name) =>
              html`<button
                key=${name}
                type="button"
                class="button"
                onClick=${() => {
                  setAdded(name)
                  model.change({ criteria: { ...criteria, [name]: {} } })
                }}
              >
                + ${texts.criteria.field[name]}
              </button>`,
          )}
        ${
          direction === 'outgoing' &&
          html`<button
            type="button"
            class="button"
            onClick=${() => {
              setAdded(`header${headers.length}`)
              model.change({ criteria: { ...criteria, header: [...headers, { name: '' }] } })
            }}
          >
            + ${texts.criteria.field.header}
          </button>`
        }
      </div>`
    }
  </div>`
}

interface CardProps {
  readonly title: string
  readonly name: 'to' | 'from' | 'subject' | 'header'
  readonly lists: Lists
  readonly model: RuleModel
  readonly mistakesKey: string
  readonly disabled: boolean
  readonly suggestions: readonly string[]
  readonly fresh?: boolean
  readonly onChange: (list: ListName, values: readonly string[], mistakes: readonly Mistake[]) => void
  readonly onRemove: () => void
  readonly children?: unknown
}

function Card(props: CardProps): VNode {
  const {
    title,
    name,
    lists,
    model,
    mistakesKey,
    disabled,
    suggestions,
    fresh = false,
    onChange,
    onRemove,
    children,
  } = props
  const hasNone =
    lists.matchesNone !== undefined || model.mistakes[`${mistakesKey}.matchesNone`] !== undefined
  const [none, setNone] = useState(hasNone)
  const isText = name === 'subject' || name === 'header'
  const list = (which: ListName): VNode =>
    html`<${Chips}
      key=${which}
      label=${texts.criteria.listLabel(title, texts.criteria.field[which])}
      hint=${isText ? texts.criteria.textHint : texts.criteria.addressHint}
      values=${lists[which] ?? []}
      mistakes=${model.mistakes[`${mistakesKey}.${which}`] ?? []}
      disabled=${disabled}
      field=${name}
      suggestions=${suggestions}
      fresh=${which === 'matchesAny' ? fresh : none && !hasNone}
      onChange=${(values: readonly string[], mistakes: readonly Mistake[]) => onChange(which, values, mistakes)}
      onPending=${(isPending: boolean) => model.setPending(`${mistakesKey}.${which}`, isPending)}
    />`
  return html`<section class="card" aria-label=${title}>
    ${children} ${list('matchesAny')} ${(none || hasNone) && list('matchesNone')}
    ${
      !disabled &&
      html`<div class="row">
        ${
          !none &&
          !hasNone &&
          html`<button type="button" class="link" onClick=${() => setNone(true)}>
            ${texts.criteria.addNone(title)}
          </button>`
        }
        <button type="button" class="link link-bad" onClick=${onRemove}>
          ${texts.criteria.removeField(title)}
        </button>
      </div>`
    }
  </section>`
}

function HeaderName(props: {
  readonly value: string
  readonly fresh: boolean
  readonly disabled: boolean
  readonly onChange: (name: string) => void
  readonly onPending: (isPending: boolean) => void
}): VNode {
  const id = useUid('header')
  const input = useRef<HTMLInputElement | null>(null)
  useLayoutEffect(() => {
    if (props.fresh) input.current?.focus()
  }, [props.fresh])
  // What is being typed; nothing that is drawn meanwhile takes it back.
  const [typed, setTyped] = useState(props.value)
  return html`<${Field} label=${texts.criteria.headerName} id=${id}>
    <input
      id=${id}
      ref=${input}
      class="input"
      value=${typed}
      disabled=${props.disabled}
      placeholder="X-Classification"
      onInput=${(event: { readonly currentTarget: HTMLInputElement }) => {
        setTyped(event.currentTarget.value)
        props.onPending(event.currentTarget.value.trim() !== props.value)
      }}
      onChange=${(event: { readonly currentTarget: HTMLInputElement }) => {
        props.onChange(event.currentTarget.value.trim())
        props.onPending(false)
      }}
    />
  <//>`
}

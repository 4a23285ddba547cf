/**
 * The search of the header, from anywhere: `/` leads to it, results come as one types, arrows, Enter and Escape do the
 * rest (WAI-ARIA, combobox with a list). The last choice are all rules with the text.
 */
import { request } from '../api.js'
import { html, useEffect, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href, queryOf } from '../router.js'
import { texts } from '../texts.js'
import type { Hits } from '../types.js'
import { announce } from './basics.js'
import { partnerHref } from './partner-link.js'

/** After the last key it waits so long, in milliseconds. */
const PAUSE = 150

/** One line of the list. */
interface Choice {
  readonly label: string
  readonly kind: string
  readonly href: string
}

/** What was found for a text; `null` hits: the search failed. */
interface Found {
  readonly text: string
  readonly hits: Hits | null
}

const words = texts.find.search
const LIST = 'search-results'

export function SearchBox(): VNode {
  const input = useRef<HTMLInputElement | null>(null)
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found | null>(null)
  const [isOpen, setIsOpen] = useState(false)
  const [at, setAt] = useState(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target))
        return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  const asked = text.trim()
  // One at a time: what was typed meanwhile is searched for then.
  const isBusy = useRef(false)
  const latest = useRef(asked)
  // Enter came before the results: then it means the first one.
  const isHasty = useRef(false)
  latest.current = asked
  const go = (choice: Choice): void => {
    isHasty.current = false
    setIsOpen(false)
    setText('')
    setFound(null)
    location.hash = choice.href
  }
  const run = async (): Promise<void> => {
    if (isBusy.current || latest.current === '') return
    isBusy.current = true
    const next = await search(latest.current)
    isBusy.current = false
    if (next.text !== latest.current) return run()
    const [first] = choicesOf(next, next.text)
    if (isHasty.current && first !== undefined) return go(first)
    setFound(next)
    setAt(0)
    announce(next.hits === null ? words.failed : words.found(next.hits.hits.length, next.hits.complete))
  }
  useEffect(() => {
    const timer = setTimeout(() => void run(), PAUSE)
    return () => clearTimeout(timer)
  }, [asked])
  const shown = isOpen && asked !== '' ? found : null
  const choices = shown === null ? [] : choicesOf(shown, asked)
  const onKeyDown = (event: KeyboardEvent): void => {
    const { key } = event
    if (key === 'Escape') {
      event.preventDefault()
      if (isOpen && choices.length > 0) setIsOpen(false)
      else if (text !== '') setText('')
      else input.current?.blur()
    } else if (key === 'Enter') {
      event.preventDefault()
      const choice = choices[at]
      if (asked === '') return
      if (found?.text !== asked && at === 0) isHasty.current = true
      else if (choice !== undefined) go(choice)
      else if (!isOpen) go(allRules(asked))
    } else if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      setIsOpen(true)
      const step = key === 'ArrowDown' ? 1 : -1
      if (choices.length > 0) setAt((at + step + choices.length) % choices.length)
    }
  }
  return html`<div class="find" role="search">
    <input
      ref=${input}
      class="input"
      type="text"
      role="combobox"
      aria-label=${words.label}
      aria-expanded=${choices.length > 0 ? 'true' : 'false'}
      aria-controls=${LIST}
      aria-autocomplete="list"
      aria-activedescendant=${choices.length > 0 ? optionId(at) : undefined}
      aria-keyshortcuts="/"
      title=${words.hint}
      placeholder=${words.placeholder}
      maxlength="200"
      autocapitalize="none"
      autocomplete="off"
      spellcheck=${false}
      value=${text}
      onInput=${(event: { readonly currentTarget: HTMLInputElement }) => {
        setText(event.currentTarget.value)
        setIsOpen(true)
        setAt(0)
        isHasty.current = false
      }}
      onFocus=${() => setIsOpen(true)}
      onBlur=${() => setIsOpen(false)}
      onKeyDown=${onKeyDown}
    />
    <kbd aria-hidden="true">/</kbd>
    <div class="find-list" hidden=${choices.length === 0}>
      <ul id=${LIST} role="listbox" aria-label=${words.results}>
        ${choices.map(
          (choice, place) =>
            html`<li
              key=${choice.href}
              id=${optionId(place)}
              role="option"
              aria-selected=${place === at ? 'true' : 'false'}
              onMouseDown=${(event: Event) => event.preventDefault()}
              onClick=${() => go(choice)}
            >
              <span dir="auto">${choice.label}</span>
              <span class="hint">${choice.kind}</span>
            </li>`,
        )}
      </ul>
      ${shown?.hits === null && html`<p class="problem">${words.failed}</p>`}
      ${shown?.hits?.unread.map((sentence) => html`<p key=${sentence} class="problem">${sentence}</p>`)}
      ${shown?.hits?.complete === false && html`<p class="hint">${words.more}</p>`}
    </div>
  </div>`
}

/** Never fails: that the search did is what it says then. */
async function search(text: string): Promise<Found> {
  try {
    return { text, hits: (await request<Hits>('GET', `search?${queryOf({ q: text })}`)).body }
  } catch {
    return { text, hits: null }
  }
}

function choicesOf({ hits }: Found, asked: string): readonly Choice[] {
  const found = (hits?.hits ?? []).map(({ kind, name, rule }): Choice => {
    const label = plain(name)
    if (rule !== null)
      return {
        label,
        kind: words.ruleOf(texts.ownerName(rule.owner)),
        href: href('domains', rule.owner, rule.direction, rule.id),
      }
    const address =
      kind === 'partner' ? partnerHref(name) : href(kind === 'domain' ? 'domains' : 'groups', name)
    return { label, kind: words.kinds[kind], href: address }
  })
  return [...found, allRules(asked)]
}

function allRules(asked: string): Choice {
  return { label: words.allRules(asked), kind: '', href: href('rules', queryOf({ text: asked })) }
}

function optionId(place: number): string {
  return `search-result-${place}`
}

/** Whether a key is meant for a field, or for a question that is open. */
function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

/** Small parts of every page: switch, states of loading, notices, the place where changes are read out. */
import { html, useEffect, useLayoutEffect, useRef, useState, type Child, type VNode } from '../preact.js'
import { ApiError, formatError } from '../api.js'
import { texts } from '../texts.js'

/** A switch; `label` is what a screen reader says. */
export function Switch(props: {
  readonly label: string
  readonly on: boolean
  readonly disabled?: boolean
  /** For those who may only look it is a word. */
  readonly readOnly?: boolean
  readonly describedBy?: string
  readonly onChange: (on: boolean) => void
}): VNode {
  const { label, on, disabled = false, readOnly = false, describedBy, onChange } = props
  if (readOnly)
    return html`<span class=${`badge ${on ? 'badge-on' : ''}`}
      ><span class="unseen">${label}: </span>${on ? texts.on : texts.off}</span
    >`
  return html`<button
    type="button"
    role="switch"
    class="switch"
    aria-checked=${on ? 'true' : 'false'}
    aria-label=${label}
    aria-describedby=${describedBy}
    disabled=${disabled}
    onClick=${() => onChange(!on)}
  >
    <span class="switch-knob" aria-hidden="true"></span>
  </button>`
}

/** A box that says something: `tone` is information, success, warning or error. */
export function Notice(props: {
  readonly tone: 'info' | 'good' | 'warn' | 'bad'
  readonly children?: Child
}): VNode {
  const role = props.tone === 'bad' ? 'alert' : 'status'
  return html`<div class=${`notice notice-${props.tone}`} role=${role}>${props.children}</div>`
}

/** What a list shows that has nothing in it: the fact, and the next step. */
export function Empty(props: { readonly title: string; readonly next: string }): VNode {
  return html`<div class="empty">
    <p class="empty-title">${props.title}</p>
    <p>${props.next}</p>
  </div>`
}

/** Rules that cannot be read, so that what is shown may not be all. */
export function Unread({ sentences }: { readonly sentences: readonly string[] }): VNode | null {
  if (sentences.length === 0) return null
  return html`<${Notice} tone="warn">
    ${sentences.map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
  <//>`
}

/** What a request became. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'there'; readonly value: T }

/** Loads when shown, when `inputs` change, and on request; the last value stays until the next one is there. */
export function useLoaded<T>(
  load: () => Promise<T>,
  inputs: readonly unknown[],
): [Loaded<T>, () => void, (value: T) => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' })
  const [round, setRound] = useState(0)
  useEffect(() => {
    let wanted = true
    load().then(
      (value) => wanted && setLoaded({ state: 'there', value }),
      (error: unknown) => wanted && setLoaded({ state: 'failed', error }),
    )
    return () => {
      wanted = false
    }
  }, [...inputs, round])
  return [loaded, () => setRound((n) => n + 1), (value) => setLoaded({ state: 'there', value })]
}

/** Loading, or what went wrong with a way out. */
export function Waiting(props: { readonly of: Loaded<unknown>; readonly retry: () => void }): VNode {
  // One element that stays: what takes the place of another one may come to stand elsewhere in the page.
  return html`<div class="stack">
    ${
      isHidden(props.of)
        ? html`<${Notice} tone="warn">
            <p>${formatError((props.of as { readonly error: unknown }).error)}</p>
            <p><a class="button" href="#/domains">${texts.errors.notThereNext}</a></p>
          <//>`
        : props.of.state === 'failed'
          ? html`<${Notice} tone="bad">
              <p>${formatError(props.of.error)}</p>
              <button type="button" class="button" onClick=${props.retry}>${texts.retry}</button>
            <//>`
          : html`<${Skeleton} />`
    }
  </div>`
}

/** The shape of what is on its way, so that nothing jumps when it is there; shown only where that takes a moment. */
export function Skeleton(): VNode {
  return html`<div class="skeleton" role="status">
    <span class="unseen">${texts.loading}</span>
    <span class="bone"></span><span class="bone"></span><span class="bone"></span>
  </div>`
}

/** What is not there, or not for this user: to try again would not help. */
function isHidden(of: Loaded<unknown>): boolean {
  if (of.state !== 'failed' || !(of.error instanceof ApiError)) return false
  return of.error.status === 404 || of.error.status === 403
}

/** Says something to a screen reader. */
export function announce(sentence: string): void {
  const place = document.querySelector('#announcements')
  if (place) place.textContent = sentence
}

let ids = 0

/** An id for this part of the page. */
export function useUid(prefix: string): string {
  const id = useRef('')
  if (id.current === '') id.current = `${prefix}-${++ids}`
  return id.current
}

/** A modal dialog. */
export function Dialog(props: {
  readonly title: string
  readonly onClose: () => void
  readonly children?: Child
}): VNode {
  const { title, onClose, children } = props
  const element = useRef<HTMLDialogElement | null>(null)
  const heading = useRef<HTMLHeadingElement | null>(null)
  const id = useUid('dialog')
  useLayoutEffect(() => {
    const before = document.activeElement
    const dialog = element.current
    dialog?.showModal()
    // What is longer than the window is read from its beginning: its first control may be below all of it.
    if (dialog !== null && dialog.scrollHeight > dialog.clientHeight) heading.current?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      // Where that is gone, or off by now, the next key is for the page and not for nothing.
      if (document.activeElement === document.body) document.querySelector('main')?.focus()
    }
  }, [])
  return html`<dialog ref=${element} class="dialog" aria-labelledby=${id} onCancel=${onClose}>
    <h2 id=${id} ref=${heading} tabindex="-1">${title}</h2>
    ${children}
  </dialog>`
}

/** A label, its control, a hint and what is wrong. */
export function Field(props: {
  readonly label: string
  readonly id: string
  readonly hint?: string
  readonly problem?: string | null
  readonly children?: Child
}): VNode {
  const { label, id, hint, problem = null, children } = props
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children} ${hint !== undefined && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${problem !== null && html`<p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>`}
  </div>`
}

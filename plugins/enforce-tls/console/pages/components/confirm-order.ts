/** Asks once before something happens to mail that waits, and says what will. */
import { html, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { WaitingAction, WaitingMessage } from '../types.js'
import { Dialog, Field, Notice } from './basics.js'

export function ConfirmOrder(props: {
  readonly action: WaitingAction
  readonly messages: readonly WaitingMessage[]
  /** Called with the messages as they were when it opened: a list that is loaded again is not what was asked about. */
  readonly onConfirm: (reason: string, messages: readonly WaitingMessage[]) => void
  readonly onClose: () => void
}): VNode {
  const { action, onConfirm, onClose } = props
  const [messages] = useState(props.messages)
  const reason = useRef<HTMLInputElement | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const confirm = (event: Event): void => {
    event.preventDefault()
    const given = reason.current?.value.trim() ?? ''
    if (action === 'release' && given === '') return setProblem(texts.waiting.reasonMissing)
    onConfirm(given, messages)
  }
  const partners = [...new Set(messages.map(({ domain }) => plain(domain)))]
  return html`<${Dialog} title=${texts.waiting.sure[action](messages.length)} onClose=${onClose}>
    <form class="stack" onSubmit=${confirm} novalidate>
      ${
        action === 'release'
          ? html`<${Notice} tone="warn">${texts.waiting.releaseWarning(partners[0] ?? '')}<//>
              <${Field}
                label=${texts.waiting.reason}
                id="waiting-reason"
                hint=${texts.waiting.reasonHint}
                problem=${problem}
              >
                <input id="waiting-reason" ref=${reason} class="input" maxlength="500" autocomplete="off" />
              <//>`
          : html`<p>${texts.waiting.willHappen[action](partners)}</p>`
      }
      <div class="row">
        <button type="submit" class=${action === 'retry' ? 'button button-main' : 'button button-bad'}>
          ${texts.waiting.yes[action]}
        </button>
        <button type="button" class="button" onClick=${onClose}>${texts.cancel}</button>
      </div>
    </form>
  <//>`
}

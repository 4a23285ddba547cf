/** A report as a file: of which days, of whose mail, and in which form. */
import { download, formatError, part } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { announce, Field, Notice } from './basics.js'

const FORMATS = ['html', 'csv', 'json'] as const
const DAY = 86_400_000

interface Typing {
  readonly currentTarget: HTMLInputElement
}

export function ReportDownload(props: {
  /** What the page is about; `null` for all mail. */
  readonly owner: string | null
  /** The last ones, which are the first choice. */
  readonly days: number
  /** Whether whoever looks may see some domains only. */
  readonly isLimited: boolean
}): VNode {
  const words = texts.overview.download
  const [from, setFrom] = useState(utcDay(Date.now() - Math.max(props.days - 1, 0) * DAY))
  const [to, setTo] = useState(utcDay(Date.now()))
  const [owner, setOwner] = useState(props.owner ?? '')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const save = async (format: string): Promise<void> => {
    const wrong = from === '' || to === '' ? words.daysMissing : from > to ? words.daysOrder : null
    setProblem(wrong)
    if (wrong !== null) return
    setBusy(true)
    try {
      const of = owner.trim() === '' ? '' : `&owner=${part(owner.trim())}`
      await download(`report-file?format=${format}&since=${from}&until=${to}${of}`)
      announce(words.done)
    } catch (error) {
      setProblem(formatError(error))
    } finally {
      setBusy(false)
    }
  }
  const day = (name: 'from' | 'to', value: string, set: (value: string) => void): VNode =>
    html`<${Field} label=${words[name]} id=${`report-${name}`}>
      <input
        id=${`report-${name}`}
        type="date"
        class="input"
        value=${value}
        onInput=${({ currentTarget }: Typing) => set(currentTarget.value)}
      />
    <//>`
  return html`<section class="card">
    <h2>${words.title}</h2>
    <p class="hint">${words.hint}</p>
    <div class="search">
      ${day('from', from, setFrom)} ${day('to', to, setTo)}
      <${Field}
        label=${words.owner}
        id="report-owner"
        hint=${props.isLimited ? words.ownerHintLimited : words.ownerHint}
      >
        <input
          id="report-owner"
          class="input"
          value=${owner}
          aria-describedby="report-owner-hint"
          autocomplete="off"
          spellcheck=${false}
          onInput=${({ currentTarget }: Typing) => setOwner(currentTarget.value)}
        />
      <//>
    </div>
    ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
    <p class="buttons">
      ${FORMATS.map(
        (format) =>
          html`<button
            key=${format}
            type="button"
            class="button"
            disabled=${busy}
            onClick=${() => void save(format)}
          >
            ${words.formats[format]}
          </button>`,
      )}
    </p>
  </section>`
}

/** As reports count them. */
function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

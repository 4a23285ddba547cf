/** A new domain: what is wrong with the name stands at the field, with what was most likely meant. */
import { ApiError, request, formatError } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import type { DomainRow } from '../types.js'
import { announce, Field } from './basics.js'
import { useConfirm } from './impact.js'
import { switchService } from './service-switch.js'

interface Checked {
  readonly problem: string | null
  readonly normalised?: string
  readonly suggestion?: readonly string[]
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export function AddDomain({ rows }: { readonly rows: readonly DomainRow[] }): VNode {
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState<Pick<Checked, 'problem' | 'suggestion'> | null>(null)
  const [dialog, confirm] = useConfirm()
  const add = async (typed: string): Promise<void> => {
    setWrong(null)
    try {
      const asked = { field: 'domain', values: [typed.trim()] }
      const [found] = (await request<readonly Checked[]>('POST', 'validate', asked)).body
      const domain = found?.normalised
      if (domain === undefined) {
        const { problem = null, suggestion = [] } = found ?? {}
        return setWrong({ problem: problem && capital(texts.sentence(problem)), suggestion })
      }
      if (!rows.some((row) => row.domain === domain)) {
        const question = texts.impact.service(domain, true)
        const asking = { change: { domain, enabled: true }, question, yes: texts.impact.yes.on }
        const made = await confirm(asking, (now) => switchService(domain, true, null, now))
        if (made === null) return
        announce(texts.domains.switched(domain, true))
      }
      location.hash = href('domains', domain)
    } catch (error) {
      const there = error instanceof ApiError && error.status === 428
      setWrong({ problem: there ? texts.domains.conflict(typed.trim()) : formatError(error) })
    }
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    void add(name)
  }
  const use = (domain: string): void => {
    setName(domain)
    void add(domain)
  }
  return html`<section class="card">
    <h2>${texts.domains.add}</h2>
    <form class="line-form" onSubmit=${submit}>
      <${Field}
        label=${texts.domains.addLabel}
        id="add-domain"
        hint=${texts.domains.addHint}
        problem=${wrong?.problem ?? null}
      >
        <input
          id="add-domain"
          class="input"
          required
          value=${name}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          aria-invalid=${wrong === null ? undefined : 'true'}
          aria-describedby=${wrong === null ? 'add-domain-hint' : 'add-domain-problem add-domain-hint'}
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) => setName(event.currentTarget.value)}
        />
      <//>
      <button type="submit" class="button">${texts.domains.addSubmit}</button>
    </form>
    ${
      (wrong?.suggestion ?? []).length > 0 &&
      html`<p class="row">
        ${wrong?.suggestion?.map(
          (each) =>
            html`<button key=${each} type="button" class="button" onClick=${() => use(each)}>
              ${texts.domains.use(each)}
            </button>`,
        )}
      </p>`
    }
    ${dialog}
  </section>`
}

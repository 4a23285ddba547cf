/** Whom the senders of a domain can ask about a bounce, and its language: a form for who may change it, text for all others. */
import { mayChange } from '../access.js'
import { ApiError, formatError, part, request } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { DomainRow, Language, Session } from '../types.js'
import { announce, Field } from './basics.js'
import { LanguageChoice } from './language-choice.js'

interface HelpProps {
  readonly session: Session
  readonly row: DomainRow
  readonly onDone: () => void
}

type HelpField = 'contact' | 'link'
/** As the form has them. */
type HelpValues = Readonly<Record<HelpField, string>> & { readonly language: Language | null }
type Typed = { readonly currentTarget: HTMLInputElement }

export function DomainHelp({ session, row, onDone }: HelpProps): VNode {
  return html`<section class="card">
    <h2>${texts.help.title}</h2>
    <p class="muted">${texts.help.lead}</p>
    ${
      mayChange(session, row.domain)
        ? html`<${HelpForm} key=${row.etag} row=${row} onDone=${onDone} />`
        : html`<dl class="facts">
            ${(['contact', 'link'] as const).map(
              (name) =>
                html`<div key=${name}>
                  <dt>${texts.help[name]}</dt>
                  <dd>${row[name] ?? texts.help.none}</dd>
                </div>`,
            )}
            <div>
              <dt>${texts.help.language}</dt>
              <dd>${row.language === null ? texts.help.serverLanguage : texts.languages[row.language]}</dd>
            </div>
          </dl>`
    }
  </section>`
}

function HelpForm({ row, onDone }: Omit<HelpProps, 'session'>): VNode {
  const [values, setValues] = useState({
    contact: row.contact ?? '',
    link: row.link ?? '',
    language: row.language,
  })
  const [problem, setProblem] = useState<{ readonly field: string | null; readonly text: string } | null>(
    null,
  )
  const save = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await request('PUT', `domains/${part(row.domain)}/help`, given(values), row.etag)
      setProblem(null)
      announce(texts.help.saved)
      onDone()
    } catch (error) {
      const stale = error instanceof ApiError && (error.status === 412 || error.status === 428)
      const field = error instanceof ApiError ? error.field : null
      setProblem({ field, text: stale ? texts.domains.conflict(row.domain) : formatError(error) })
      if (stale) onDone()
    }
  }
  const input = (name: HelpField, type: string) => {
    const wrong = problem?.field === name ? problem.text : null
    return html`<${Field}
      label=${texts.help[name]}
      id=${`help-${name}`}
      hint=${texts.help.hints[name]}
      problem=${wrong}
    >
      <input
        id=${`help-${name}`}
        class="input"
        type=${type}
        value=${values[name]}
        autocomplete="off"
        spellcheck=${false}
        aria-invalid=${wrong !== null}
        aria-describedby=${`help-${name}-hint`}
        onInput=${(event: Typed) => setValues({ ...values, [name]: event.currentTarget.value })}
      />
    <//>`
  }
  const isSame =
    values.contact === (row.contact ?? '') &&
    values.link === (row.link ?? '') &&
    values.language === row.language
  return html`<form class="stack" novalidate onSubmit=${save}>
    ${input('contact', 'text')} ${input('link', 'url')}
    <${LanguageChoice}
      id="help-language"
      label=${texts.help.language}
      hint=${texts.help.hints.language}
      none=${texts.help.serverLanguage}
      language=${values.language}
      onChange=${(language: Language | null) => setValues({ ...values, language })}
    />
    ${problem && problem.field === null && html`<p class="problem" role="alert">${problem.text}</p>`}
    <p><button type="submit" class="button" disabled=${isSame}>${texts.help.save}</button></p>
  </form>`
}

/** An empty field is none. */
function given({ contact, link, language }: HelpValues): Readonly<Record<keyof HelpValues, string | null>> {
  return { contact: contact.trim() === '' ? null : contact, link: link.trim() === '' ? null : link, language }
}

/** The language of bounces: one of those that there are, or none in particular. */
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import { isLanguage, type Language } from '../types.js'
import { Field } from './basics.js'

interface LanguageChoiceProps {
  readonly id: string
  readonly label: string
  readonly hint: string
  /** What it is without a choice. */
  readonly none: string
  readonly language: Language | null
  readonly onChange: (language: Language | null) => void
}

export function LanguageChoice({ id, label, hint, none, language, onChange }: LanguageChoiceProps): VNode {
  return html`<${Field} label=${label} id=${id} hint=${hint}>
    <select
      id=${id}
      class="input"
      aria-describedby=${`${id}-hint`}
      onChange=${({ currentTarget: { value } }: { readonly currentTarget: HTMLSelectElement }) =>
        onChange(isLanguage(value) ? value : null)}
    >
      <option value="" selected=${language === null}>${none}</option>
      ${Object.entries(texts.languages).map(
        ([tag, name]) => html`<option key=${tag} value=${tag} selected=${language === tag}>${name}</option>`,
      )}
    </select>
  <//>`
}

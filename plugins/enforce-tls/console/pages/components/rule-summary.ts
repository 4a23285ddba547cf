/** A rule in a line or two: what it looks at, and what it requires. */
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Lists, Rule } from '../types.js'

const SHOWN = 3

export function RuleSummary({ rule }: { readonly rule: Rule }): VNode {
  const { criteria, actions, mode } = rule
  const { level, minVersion } = actions.relayWithTls
  const lines = [
    ...(['from', 'to', 'subject'] as const).flatMap((name) => words(texts.rules[name], criteria[name])),
    ...(criteria.header ?? []).flatMap((header) => words(`${texts.rules.header} ${header.name}`, header)),
  ]
  return html`<div class="rule-summary">
    ${lines.map((line) => html`<p key=${line}>${line}</p>`)}
    <p class="row">
      <span class="badge" title=${texts.actions.levels[level]}>${texts.actions.levelNames[level]}</span>
      ${minVersion !== undefined && html`<span class="badge">≥ ${texts.actions.versionWords(minVersion)}</span>`}
      ${mode === 'report' && html`<span class="badge badge-warn">${texts.rules.report}</span>`}
    </p>
  </div>`
}

function words(name: string, lists: Lists | undefined): string[] {
  const any = few(lists?.matchesAny ?? [])
  const none = few(lists?.matchesNone ?? [])
  if (any === '' && none === '') return []
  const except = none === '' ? '' : `${any === '' ? '' : ', '}${texts.rules.except} ${none}`
  return [`${name}: ${any}${except}`]
}

function few(values: readonly string[]): string {
  const shown = values.slice(0, SHOWN).join(', ')
  return values.length > SHOWN ? `${shown} ${texts.rules.more(values.length - SHOWN)}` : shown
}

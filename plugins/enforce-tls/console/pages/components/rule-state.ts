/** How a rule stands, at a glance: by a sign, a word and the edge of its row, so that colour says nothing alone. */
import { html, type VNode } from '../preact.js'
import { ruleTexts } from '../texts-rules.js'
import type { Rule, StoredRule } from '../types.js'

export type RuleState = keyof typeof ruleTexts.states

const SIGNS: Readonly<Record<RuleState, string>> = {
  invalid: '!',
  off: '○',
  over: '✕',
  scheduled: '◷',
  inactive: '◌',
  exempt: '⊘',
  unreachable: '⇥',
  report: '◐',
  limited: '◑',
  active: '●',
}

/** The one thing that matters most: what keeps a rule from doing anything comes before what it would do. */
export function stateOf({ rule, effect, problem }: StoredRule): RuleState {
  if (problem !== null) return 'invalid'
  if (!rule.enabled) return 'off'
  const now = Date.now()
  const { startsAt, expiresAt } = rule
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return 'over'
  if (startsAt !== undefined && Date.parse(startsAt) > now) return 'scheduled'
  if (effect?.status === 'inactive') return 'inactive'
  if (effect?.status === 'no-effect') return 'unreachable'
  if (isExempt(rule)) return 'exempt'
  if (rule.mode === 'report' || effect?.status === 'reports') return 'report'
  return effect?.status === 'partly' || effect?.status === 'waits' ? 'limited' : 'active'
}

function isExempt({ actions }: Rule): boolean {
  // A rule that is still being written may have no action.
  return (actions as Partial<Rule['actions']>).relayWithTls?.level === 'none'
}

export function RuleStateMark({ stored }: { readonly stored: StoredRule }): VNode {
  const state = stateOf(stored)
  return html`<span class=${`state state-${state}`}
    ><span aria-hidden="true">${SIGNS[state]}</span> ${ruleTexts.states[state]}</span
  >`
}

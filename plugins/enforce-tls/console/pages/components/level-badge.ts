/** A security level with what it means: on hover, on focus, and by a tap, which gives it the focus. Escape hides it. */
import { html, type VNode } from '../preact.js'
import { levelHint } from '../level-hint.js'
import { texts } from '../texts.js'
import { ruleTexts } from '../texts-rules.js'
import type { Action, Level } from '../types.js'
import { useUid } from './basics.js'

export function LevelBadge({
  level,
  requireOnward,
}: {
  readonly level: Level
  readonly requireOnward?: Action['requireOnward']
}): VNode {
  const id = useUid('level-tip')
  const name = level === 'none' ? texts.actions.exemptBadge : texts.actions.levelNames[level]
  return html`<span class="tip">
    <button
      type="button"
      class=${`badge tip-button ${level === 'none' ? 'badge-warn' : ''}`}
      aria-label=${ruleTexts.levelLabel(name)}
      aria-describedby=${id}
      onKeyDown=${({ key, currentTarget }: { key: string; currentTarget: HTMLElement }) => {
        if (key === 'Escape') currentTarget.blur()
      }}
    >
      ${name}
    </button>
    <span class="tip-text" role="tooltip" id=${id}>${levelHint(level, requireOnward)}</span>
  </span>`
}

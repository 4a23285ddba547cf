/** The switch of a domain's service: its rules are active while it is on. */
import { mayChange } from '../access.js'
import { ApiError, part, request, formatError } from '../api.js'
import { html, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { DomainRow, NamedEffect, Session } from '../types.js'
import { announce, Switch } from './basics.js'
import { useConfirm } from './impact.js'

export function ServiceSwitch(props: {
  readonly session: Session
  readonly row: DomainRow
  /** With a sentence for the page where it did not work. */
  readonly onDone: (problem: string | null, effects: readonly NamedEffect[]) => void
}): VNode {
  const { session, row, onDone } = props
  const { domain, enabled, etag } = row
  const [dialog, confirm] = useConfirm()
  if (domain === '*') return html`<span class="badge badge-on">${texts.domains.alwaysOn}</span>`
  const change = async (on: boolean): Promise<void> => {
    try {
      const question = texts.impact.service(domain, on)
      const asking = { change: { domain, enabled: on }, question, yes: texts.impact.yes[on ? 'on' : 'off'] }
      const effects = await confirm(asking, (asked) => switchService(domain, on, etag, asked))
      if (effects === null) return
      announce(texts.domains.switched(domain, on))
      onDone(null, effects)
    } catch (error) {
      const stale = error instanceof ApiError && (error.status === 412 || error.status === 428)
      onDone(stale ? texts.domains.conflict(domain) : formatError(error), [])
    }
  }
  return html`<${Switch}
      label=${texts.domains.switchLabel(domain)}
      on=${enabled}
      readOnly=${!mayChange(session, domain)}
      onChange=${change}
    />
    ${dialog}`
}

/** Gives what the rules of the domain do then. @throws {ApiError} */
export async function switchService(
  domain: string,
  enabled: boolean,
  etag: string | null,
  asked: string,
): Promise<readonly NamedEffect[]> {
  const { body } = await request<{ readonly effects: readonly NamedEffect[] }>(
    'PUT',
    `domains/${part(domain)}`,
    { enabled },
    etag,
    asked,
  )
  return body.effects
}

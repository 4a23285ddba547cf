/** Says that an owner's rules are inactive because its domain's service is off, and switches it on. */
import { formatError, requestAll } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { DomainRow } from '../types.js'
import { announce, Notice } from './basics.js'
import { useConfirm } from './impact.js'
import { switchService } from './service-switch.js'

export function ServiceOff(props: {
  readonly owner: string
  readonly may: boolean
  readonly reload: () => void
}): VNode {
  const { owner, may, reload } = props
  const domain = owner.slice(owner.lastIndexOf('@') + 1)
  const [problem, setProblem] = useState<string | null>(null)
  const [dialog, confirm] = useConfirm()
  const wake = async (): Promise<void> => {
    try {
      const question = texts.impact.service(domain, true)
      const asking = { change: { domain, enabled: true }, question, yes: texts.impact.yes.on }
      const made = await confirm(asking, async (asked) => {
        const body = await requestAll<DomainRow>('domains')
        return switchService(domain, true, body.find((row) => row.domain === domain)?.etag ?? null, asked)
      })
      if (made === null) return
      announce(texts.domains.switched(domain, true))
      reload()
    } catch (error) {
      setProblem(formatError(error))
    }
  }
  return html`<${Notice} tone="warn">
    <p>${problem ?? texts.rules.inactive}</p>
    ${may && html`<button type="button" class="button" onClick=${wake}>${texts.rules.switchOn}</button>`}
    ${dialog}
  <//>`
}

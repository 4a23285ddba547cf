/** What rules were about in the last seven days: asked once for the whole list, after the list is there. */
import { part, request } from '../api.js'
import { html, type VNode } from '../preact.js'
import { messagesHref } from '../router.js'
import { ruleTexts } from '../texts-rules.js'
import type { StoredRule } from '../types.js'
import { useLoaded, type Loaded } from './basics.js'

interface Traffic {
  readonly since: string
  readonly until: string
  /** `null` where that is unknown. */
  readonly rules:
    readonly { readonly id: string; readonly messages: number; readonly failed: number }[] | null
}

export function useRuleTraffic(owner: string): Loaded<Traffic> {
  const path = `owners/${part(owner)}/rule-traffic`
  return useLoaded(async () => (await request<Traffic>('GET', path)).body, [path])[0]
}

/** The numbers of one rule; each leads to the messages that it counts. */
export function RuleTrafficLine(props: { readonly of: Loaded<Traffic>; readonly stored: StoredRule }): VNode {
  const { of, stored } = props
  // It has its place from the beginning, so that nothing moves when it comes.
  if (of.state === 'loading') return html`<p class="hint">${ruleTexts.trafficTitle} …</p>`
  const { since, until, rules } = of.state === 'there' ? of.value : { since: '', until: '', rules: null }
  const { messages = 0, failed = 0 } = rules?.find(({ id }) => id === stored.id) ?? {}
  const asked = { owner: stored.owner, rule: stored.id, since, until }
  return html`<p class="hint rule-traffic">
    ${ruleTexts.trafficTitle}${' '} ${rules === null && ruleTexts.trafficUnknown}
    ${rules !== null && messages === 0 && ruleTexts.trafficNone}
    ${messages > 0 && html`<a href=${messagesHref(asked)}>${ruleTexts.traffic(messages)}</a>`}
    ${
      failed > 0 &&
      html`${', '}
        <a class="text-bad" href=${messagesHref({ ...asked, result: 'failed' })}
          >${ruleTexts.trafficFailed(failed)}</a
        >`
    }
  </p>`
}

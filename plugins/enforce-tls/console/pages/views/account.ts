/** Who one is, and one's password. */
import { request, formatError } from '../api.js'
import { Field, Notice } from '../components/basics.js'
import { SessionList } from '../components/session-list.js'
import { PageTitle } from '../components/page-title.js'
import { html, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'

export function Account({ session }: { readonly session: Session }): VNode {
  const { user, role, domains } = session
  const [message, setMessage] = useState<{ readonly tone: 'good' | 'bad'; readonly text: string } | null>(
    null,
  )
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const data = new FormData(form)
    try {
      await request('PUT', 'session/password', { old: data.get('old'), new: data.get('new') })
      form.reset()
      setMessage({ tone: 'good', text: texts.account.done })
    } catch (error) {
      setMessage({ tone: 'bad', text: formatError(error) })
    }
  }
  return html`<${PageTitle} title=${texts.account.title} />
    <section class="card">
      <dl class="facts">
        <div>
          <dt>${texts.signIn.user}</dt>
          <dd>${user}</dd>
        </div>
        <div>
          <dt>${texts.account.role}</dt>
          <dd>${texts.roles[role]}</dd>
        </div>
        <div>
          <dt>${texts.account.domains}</dt>
          <dd>${domains.length === 0 ? texts.account.allDomains : domains.join(', ')}</dd>
        </div>
      </dl>
    </section>
    <section class="card">
      <h2>${texts.account.password}</h2>
      <form class="stack limited" onSubmit=${submit}>
        <input
          class="unseen"
          type="text"
          name="user"
          autocomplete="username"
          value=${user}
          readonly
          tabindex="-1"
          aria-hidden="true"
        />
        <${Field} label=${texts.account.old} id="old">
          <input id="old" name="old" type="password" class="input" required autocomplete="current-password" />
        <//>
        <${Field} label=${texts.account.new} id="new" hint=${texts.account.newHint}>
          <input
            id="new"
            name="new"
            type="password"
            class="input"
            required
            autocomplete="new-password"
            aria-describedby="new-hint"
          />
        <//>
        ${message !== null && html`<${Notice} tone=${message.tone}>${message.text}<//>`}
        <p><button type="submit" class="button button-main">${texts.account.submit}</button></p>
      </form>
    </section>
    <${SessionList} path="sessions" />`
}

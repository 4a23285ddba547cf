/** Signing in; one is back where one was. */
import { request, formatError } from '../api.js'
import { Field, Notice } from '../components/basics.js'
import { html, useLayoutEffect, useRef, useState, type VNode } from '../preact.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'

export function SignIn(props: {
  readonly ended: boolean
  readonly onSignedIn: (session: Session) => void
}): VNode {
  const { ended, onSignedIn } = props
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const user = useRef<HTMLInputElement | null>(null)
  const password = useRef<HTMLInputElement | null>(null)
  // Before the first key.
  useLayoutEffect(() => {
    document.title = texts.titleOf(texts.signIn.title)
    user.current?.focus()
  }, [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFailure(null)
    try {
      const body = { user: user.current?.value ?? '', password: password.current?.value ?? '' }
      onSignedIn((await request<Session>('POST', 'session', body)).body)
    } catch (error) {
      setFailure(formatError(error))
      setBusy(false)
      password.current?.select()
    }
  }
  return html`<main class="narrow">
    <div class="card sign-in">
      <p class="brand"><span class="brand-mark" aria-hidden="true"></span>${texts.product}</p>
      <h1>${texts.signIn.title}</h1>
      <p class="lead">${texts.signIn.lead}</p>
      ${ended && html`<${Notice} tone="info">${texts.signIn.ended}<//>`}
      <form class="stack" onSubmit=${submit}>
        <${Field} label=${texts.signIn.user} id="user">
          <input
            id="user"
            ref=${user}
            class="input"
            name="user"
            autocomplete="username"
            autocapitalize="none"
            required
          />
        <//>
        <${Field} label=${texts.signIn.password} id="password">
          <input
            id="password"
            ref=${password}
            class="input"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        <//>
        ${failure !== null && html`<${Notice} tone="bad">${failure}<//>`}
        <button type="submit" class="button button-main" disabled=${busy}>
          ${busy ? texts.signIn.busy : texts.signIn.submit}
        </button>
      </form>
      <p class="hint">${texts.signIn.noAccount}</p>
    </div>
  </main>`
}

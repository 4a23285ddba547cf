/** Choosing a password with a one-time link, which signs in. */
import { formatError, request } from '../api.js'
import { Field, Notice } from '../components/basics.js'
import { html, useLayoutEffect, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { Session } from '../types.js'

export function InvitationView(props: {
  readonly name: string
  readonly secret: string
  readonly onSignedIn: (session: Session) => void
}): VNode {
  const { name, secret, onSignedIn } = props
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const password = useRef<HTMLInputElement | null>(null)
  const { invitation } = texts.people
  useLayoutEffect(() => {
    document.title = texts.titleOf(invitation.title)
    password.current?.focus()
  }, [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFailure(null)
    try {
      const body = { name, secret, password: password.current?.value ?? '' }
      const session = (await request<Session>('POST', 'invitation', body)).body
      // The secret has no place among the addresses that the browser remembers.
      history.replaceState(null, '', '#/domains')
      dispatchEvent(new HashChangeEvent('hashchange'))
      onSignedIn(session)
    } catch (error) {
      setFailure(formatError(error))
      setBusy(false)
      password.current?.focus()
    }
  }
  return html`<main class="narrow">
    <div class="card sign-in">
      <p class="brand"><span class="brand-mark" aria-hidden="true"></span>${texts.product}</p>
      <h1>${invitation.title}</h1>
      <p class="lead">${invitation.lead(plain(name))}</p>
      <form class="stack" onSubmit=${submit}>
        <input
          class="unseen"
          type="text"
          autocomplete="username"
          value=${name}
          readonly
          tabindex="-1"
          aria-hidden="true"
        />
        <${Field} label=${invitation.password} id="password" hint=${invitation.hint}>
          <input
            id="password"
            ref=${password}
            class="input"
            type="password"
            autocomplete="new-password"
            minlength="12"
            required
            aria-describedby="password-hint"
          />
        <//>
        ${
          failure !== null &&
          html`<${Notice} tone="bad">
            <p>${failure}</p>
            <p><a href="#/">${invitation.toSignIn}</a></p>
          <//>`
        }
        <button type="submit" class="button button-main" disabled=${busy}>
          ${busy ? invitation.busy : invitation.submit}
        </button>
      </form>
    </div>
  </main>`
}

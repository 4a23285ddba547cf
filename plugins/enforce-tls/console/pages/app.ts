/** The frame of all pages: who is signed in, where one is, navigation. */
import { mayChange } from './access.js'
import { request, useSessionToken, whenSignedOut, formatError } from './api.js'
import { Notice, Skeleton } from './components/basics.js'
import { Header } from './components/header.js'
import { PageTitle } from './components/page-title.js'
import { StoreBanner } from './components/store-banner.js'
import { html, useEffect, useLayoutEffect, useRef, useState, type VNode } from './preact.js'
import { parsePlace, type Place } from './router.js'
import { texts } from './texts.js'
import type { Session } from './types.js'
import { forgetAll, keep, recall } from './unsaved.js'
import { Account } from './views/account.js'
import { AllRules } from './views/all-rules.js'
import { Domain } from './views/domain.js'
import { Domains } from './views/domains.js'
import { GroupView } from './views/group.js'
import { Groups } from './views/groups.js'
import { HistoryView } from './views/history.js'
import { InvitationView } from './views/invitation.js'
import { MessageView } from './views/message.js'
import { Messages } from './views/messages.js'
import { Overview } from './views/overview.js'
import { PartnerView } from './views/partner.js'
import { People } from './views/people.js'
import { PersonView } from './views/person.js'
import { RuleText } from './views/rule-text.js'
import { RuleView } from './views/rule.js'
import { SignIn } from './views/sign-in.js'
import { SuggestionsView } from './views/suggestions.js'
import { Tokens } from './views/tokens.js'
import { WaitingView } from './views/waiting.js'

type Signed = 'unknown' | 'out' | 'ended' | Session

export function App(): VNode {
  const [signed, setSigned] = useState<Signed>('unknown')
  const [failure, setFailure] = useState<string | null>(null)
  const place = usePlace()
  useEffect(() => {
    // A session that is already over when the page is opened needs no message.
    whenSignedOut(() => setSigned((before) => (typeof before === 'object' ? 'ended' : before)))
    request<Session>('GET', 'session').then(
      ({ body }) => begin(body),
      (error: unknown) => {
        if ((error as { status?: number }).status === 401) setSigned('out')
        else setFailure(formatError(error))
      },
    )
  }, [])
  const begin = (session: Session): void => {
    useSessionToken(session)
    const before = recall('user')
    if (before !== null && before !== session.user) forgetAll()
    keep('user', session.user)
    setSigned(session)
  }
  const signOut = async (): Promise<void> => {
    try {
      await request('DELETE', 'session')
    } catch (error) {
      if ((error as { status?: number }).status !== 401) return setFailure(formatError(error))
    }
    forgetAll()
    useSessionToken(null)
    setSigned('out')
  }
  if (place.view === 'invitation')
    return html`<${InvitationView} name=${place.name} secret=${place.secret} onSignedIn=${begin} />`
  if (failure !== null)
    return html`<main class="narrow">
      <${Notice} tone="bad">
        <p>${failure}</p>
        <button type="button" class="button" onClick=${() => location.reload()}>${texts.retry}</button>
      <//>
    </main>`
  if (signed === 'unknown') return html`<main><${Skeleton} /></main>`
  if (signed === 'out' || signed === 'ended')
    return html`<${SignIn} ended=${signed === 'ended'} onSignedIn=${begin} />`
  return html`<${Frame} session=${signed} place=${place} signOut=${signOut} />`
}

function Frame(props: {
  readonly session: Session
  readonly place: Place
  readonly signOut: () => Promise<void>
}): VNode {
  const { session, place, signOut } = props
  const main = useRef<HTMLElement | null>(null)
  const first = useRef(true)
  const key = JSON.stringify(place)
  // At once: a key that is pressed later is for the new page.
  useLayoutEffect(() => {
    if (!first.current) main.current?.focus()
    first.current = false
    window.scrollTo(0, 0)
  }, [key])
  const sections = [
    ...(['domains', 'overview', 'messages', 'waiting', 'suggestions', 'rules', 'groups', 'history'] as const),
    ...(session.role === 'admin' ? (['people'] as const) : []),
  ]
  const current = {
    group: 'groups',
    message: 'messages',
    person: 'people',
    tokens: 'people',
    domain: 'domains',
    'domain-history': 'domains',
    rules: 'domains',
    rule: 'domains',
    'all-rules': 'rules',
  }
  const here = (current as Readonly<Record<string, string>>)[place.view] ?? place.view
  return html`<button type="button" class="skip" onClick=${() => main.current?.focus()}>${texts.skip}</button>
    <${Header} session=${session} sections=${sections} here=${here} page=${key} signOut=${signOut} />
    <main ref=${main} tabindex="-1">
      <${StoreBanner} page=${key} /><${View} session=${session} place=${place} />
    </main>`
}

function View({ session, place }: { readonly session: Session; readonly place: Place }): VNode {
  switch (place.view) {
    case 'domains':
      return html`<${Domains} session=${session} />`
    case 'overview':
      return html`<${Overview} session=${session} owner=${place.owner} />`
    case 'messages':
      return html`<${Messages} session=${session} query=${place.query} />`
    case 'message':
      return html`<${MessageView}
        key=${place.uuid}
        session=${session}
        uuid=${place.uuid}
        query=${place.query}
      />`
    case 'waiting':
      return html`<${WaitingView} key=${place.partner} session=${session} partner=${place.partner} />`
    case 'suggestions':
      return html`<${SuggestionsView} session=${session} />`
    case 'all-rules':
      return html`<${AllRules} session=${session} query=${place.query} />`
    case 'partner': {
      const { domain, owner } = place
      return html`<${PartnerView} key=${domain} session=${session} domain=${domain} owner=${owner} />`
    }
    case 'groups':
      return html`<${Groups} session=${session} />`
    case 'group':
      return html`<${GroupView} key=${place.name} session=${session} name=${place.name} />`
    case 'history':
      return html`<${HistoryView} key=${place.query} session=${session} query=${place.query} />`
    case 'people':
    case 'person':
    case 'tokens':
      if (session.role !== 'admin') return html`<${Nowhere} />`
      if (place.view === 'tokens') return html`<${Tokens} />`
      return place.view === 'person'
        ? html`<${PersonView} key=${place.name} session=${session} name=${place.name} />`
        : html`<${People} session=${session} />`
    case 'account':
      return html`<${Account} session=${session} />`
    case 'domain':
    case 'domain-history':
    case 'rules':
      return html`<${Domain} key=${place.owner} session=${session} place=${place} />`
    case 'rule': {
      const { owner, direction, id } = place
      if (!mayChange(session, owner))
        return html`<${RuleText} key=${`${owner} ${id}`} owner=${owner} direction=${direction} id=${id} />`
      return html`<${RuleView}
        key=${`${owner} ${direction} ${id}`}
        session=${session}
        owner=${owner}
        direction=${direction}
        id=${id}
      />`
    }
    case 'invitation':
    case 'nowhere':
      return html`<${Nowhere} />`
  }
}

/** For what is not there and for what one may not see alike. */
function Nowhere(): VNode {
  return html`<${PageTitle} title=${texts.errors.notThere} />
    <p><a class="button" href="#/domains">${texts.errors.notThereNext}</a></p>`
}

function usePlace(): Place {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const follow = (): void => setHash(location.hash)
    window.addEventListener('hashchange', follow)
    return () => window.removeEventListener('hashchange', follow)
  }, [])
  return parsePlace(hash)
}

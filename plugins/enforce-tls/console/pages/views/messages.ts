/** Single messages: a search, and what it found, the latest first. */
import { formatError, request, requestAll, type Answer } from '../api.js'
import { announce, Empty, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import {
  formatRecipients,
  formatAbout,
  PartnerOf,
  reasonOf,
  StateBadge,
} from '../components/message-words.js'
import { PageTitle } from '../components/page-title.js'
import { PeriodChoice, periodIn } from '../components/period-choice.js'
import { plain } from '../plain.js'
import { html, useState, type VNode } from '../preact.js'
import { href, messagesHref } from '../router.js'
import { texts } from '../texts.js'
import { overviewTexts } from '../texts-overview.js'
import { formatMoment } from '../times.js'
import type { DomainRow, Message, MessageList, Session } from '../types.js'

/** What is typed. */
const TYPED = ['to', 'from', 'messageId', 'partner', 'rule'] as const

export function Messages({ session, query }: { readonly session: Session; readonly query: string }): VNode {
  const asked = new URLSearchParams(query)
  // Who sees some domains looks at one of them.
  if (!asked.has('owner') && session.domains.length > 0) asked.set('owner', session.domains[0] ?? '')
  if (!asked.has('since')) asked.set('since', '7d')
  const path = `messages?${asked.toString()}`
  const [loaded, reload] = useLoaded(() => request<MessageList>('GET', path), [path])
  return html`<${PageTitle} title=${texts.messages.title} />
    <p class="lead">${texts.messages.lead}</p>
    <${Search} key=${query} session=${session} asked=${asked} />
    ${
      loaded.state === 'there'
        ? html`<${Found} key=${path} first=${loaded.value} query=${namesIn(asked)} />`
        : html`<${Waiting} of=${loaded} retry=${reload} />`
    }`
}

/** What of the search a message is shown with: the log may know names only by asking for them. */
function namesIn(asked: URLSearchParams): string {
  const names = new URLSearchParams()
  for (const name of ['owner', 'to', 'from']) {
    const value = asked.get(name)
    if (value !== null) names.set(name, value)
  }
  return names.toString()
}

function Search(props: { readonly session: Session; readonly asked: URLSearchParams }): VNode {
  const { session, asked } = props
  const [domains] = useLoaded(() => domainsFor(session), [])
  const choices = domains.state === 'there' ? domains.value : []
  const [problem, setProblem] = useState<string | null>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const typed = new FormData(event.currentTarget as HTMLFormElement)
    const values = [...typed].map(([name, value]) => [name, typeof value === 'string' ? value.trim() : ''])
    const query = Object.fromEntries(values) as Record<string, string>
    const period = periodIn(typed, asked)
    if ('problem' in period) return setProblem(period.problem)
    location.hash = messagesHref({ ...query, firstDay: null, lastDay: null, ...period })
  }
  const owner = asked.get('owner') ?? ''
  const owners = [...new Set([...choices, ...(owner === '' ? [] : [owner])])]
  return html`<form class="card search" onSubmit=${submit}>
    ${TYPED.map(
      (name) =>
        html`<${Field} key=${name} label=${texts.messages.fields[name]} id=${`search-${name}`}>
          <input
            id=${`search-${name}`}
            name=${name}
            class="input"
            defaultValue=${asked.get(name) ?? ''}
            placeholder=${texts.messages.hints[name] ?? ''}
            autocomplete="off"
            spellcheck=${false}
          />
        <//>`,
    )}
    <${Choice}
      name="result"
      value=${asked.get('result') ?? ''}
      options=${[['', texts.messages.anyResult], ...Object.entries(texts.messages.results)]}
    />
    <${Choice}
      name="class"
      value=${asked.get('class') ?? ''}
      options=${[['', overviewTexts.anyFailure], ...Object.entries(texts.overview.classes)]}
    />
    <${PeriodChoice} id="search-since" asked=${asked} initial="7d" problem=${problem} />
    <${Choice}
      name="owner"
      value=${owner}
      options=${[
        ...(session.domains.length === 0 ? [['', texts.overview.all]] : []),
        ...owners.map((each) => [each, texts.ownerName(each)]),
      ]}
    />
    <p class="search-go">
      <button type="submit" class="button button-main">${texts.messages.search}</button>
    </p>
  </form>`
}

function Choice(props: {
  readonly name: 'result' | 'class' | 'owner'
  readonly value: string
  readonly options: readonly (readonly [string, string])[]
}): VNode {
  const { name, value, options } = props
  const all = options.some(([each]) => each === value) ? options : [...options, [value, value] as const]
  const label = name === 'class' ? overviewTexts.failure : texts.messages.fields[name]
  return html`<${Field} label=${label} id=${`search-${name}`}>
    <select id=${`search-${name}`} name=${name} class="input">
      ${all.map(
        ([each, shown]) =>
          html`<option key=${each} value=${each} selected=${each === value}>${shown}</option>`,
      )}
    </select>
  <//>`
}

function Found(props: { readonly first: Answer<MessageList>; readonly query: string }): VNode {
  const { first, query } = props
  const [more, setMore] = useState<readonly Message[]>([])
  const [next, setNext] = useState(first.next)
  const [failure, setFailure] = useState<string | null>(null)
  const all = [...first.body.messages, ...more]
  const begins = first.body.logBegins
  const load = async (from: string): Promise<void> => {
    try {
      const page = await request<MessageList>('GET', from)
      setMore([...more, ...page.body.messages])
      setNext(page.next)
      announce(texts.messages.found(all.length + page.body.messages.length))
    } catch (error) {
      setFailure(formatError(error))
    }
  }
  return html`<div class="stack">
    ${all.length === 0 && html`<${Empty} title=${texts.messages.none} next=${texts.messages.noneNext} />`}
    <ol class="list">
      ${all.map((message) => html`<${Row} key=${`${message.uuid} ${message.domain}`} message=${message} query=${query} />`)}
    </ol>
    ${failure !== null && html`<${Notice} tone="bad">${failure}<//>`}
    ${
      next !== null &&
      html`<p>
        <button type="button" class="button" onClick=${() => void load(next)}>${texts.messages.more}</button>
      </p>`
    }
    ${begins !== null && next === null && html`<p class="hint">${texts.messages.begins(formatMoment(begins))}</p>`}
  </div>`
}

function Row({ message, query }: { readonly message: Message; readonly query: string }): VNode {
  const { uuid, last } = message
  const why = reasonOf(message)
  return html`<li class="card message-row">
    <p class="message-head">
      <a href=${href('message', uuid, query)} dir="auto">${texts.messages.to(formatRecipients(message))}</a>
      <${StateBadge} message=${message} />
    </p>
    ${why !== null && html`<p>${texts.sentence(plain(why))}</p>`}
    <p class="hint">
      <time datetime=${last}>${formatMoment(last)}</time>${' · '}${formatAbout(message)}${' · '}
      <${PartnerOf} message=${message} />
    </p>
  </li>`
}

/** What one can choose from. */
async function domainsFor({ domains }: Session): Promise<readonly string[]> {
  if (domains.length > 0) return domains
  const body = await requestAll<DomainRow>('domains')
  return body.map(({ domain }) => domain)
}

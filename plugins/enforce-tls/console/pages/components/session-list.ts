/** The sessions of a user, one's own or somebody else's, each of which can be ended. */
import { formatAgent } from '../agent.js'
import { formatError, part, request } from '../api.js'
import { html, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { ShownSession } from '../types.js'
import { announce, Empty, Notice, useLoaded, Waiting } from './basics.js'

/** @param path of the list; `sessions` for one's own */
export function SessionList({ path }: { readonly path: string }): VNode {
  const [loaded, reload] = useLoaded(
    async () => (await request<readonly ShownSession[]>('GET', path)).body,
    [path],
  )
  const [failure, setFailure] = useState<string | null>(null)
  const end = async (which: string): Promise<void> => {
    try {
      await request('DELETE', which)
      setFailure(null)
      announce(texts.people.sessions.ended)
    } catch (error) {
      setFailure(formatError(error))
    }
    reload()
  }
  const sessions = loaded.state === 'there' ? loaded.value : []
  const others = sessions.filter(({ current }) => current !== true)
  return html`<section class="card">
    <h2>${texts.people.sessions.title}</h2>
    <p class="muted">${texts.people.sessions.lead}</p>
    ${failure !== null && html`<${Notice} tone="bad">${failure}<//>`}
    ${loaded.state !== 'there' && html`<${Waiting} of=${loaded} retry=${reload} />`}
    ${
      loaded.state === 'there' &&
      sessions.length === 0 &&
      html`<${Empty} title=${texts.people.sessions.empty} next=${texts.people.sessions.emptyNext} />`
    }
    <ul class="lines">
      ${sessions.map((each) => html`<${Row} key=${each.id} session=${each} onEnd=${() => end(`${path}/${part(each.id)}`)} />`)}
    </ul>
    ${
      others.length > 1 &&
      html`<p>
        <button type="button" class="button" onClick=${() => void end(path)}>
          ${others.length === sessions.length ? texts.people.sessions.endAll : texts.people.sessions.endOthers}
        </button>
      </p>`
    }
  </section>`
}

function Row({ session, onEnd }: { readonly session: ShownSession; readonly onEnd: () => void }): VNode {
  const { agent, address, createdAt, seenAt, current } = session
  const { sessions } = texts.people
  const what = [formatAgent(agent), ...(address === null ? [] : [sessions.from(plain(address))])].join(' ')
  return html`<li class="line">
    <div class="line-body">
      <p>${what} ${current === true && html`<span class="badge badge-on">${sessions.this}</span>`}</p>
      <p class="hint">${sessions.seen(formatMoment(seenAt))}, ${sessions.since(formatMoment(createdAt))}</p>
    </div>
    ${
      current !== true &&
      html`<button type="button" class="button" aria-label=${sessions.endLabel(what)} onClick=${onEnd}>
        ${sessions.end}
      </button>`
    }
  </li>`
}

/** Asks the receiving servers of a partner, and shows what each of them answered. */
import { html, useEffect, useState, type VNode } from '../preact.js'
import { ApiError, request, wordsOf } from '../api.js'
import { texts } from '../texts.js'
import type { HostCheck, Level, PartnerCheck } from '../types.js'
import { Field, Notice, useUid } from './basics.js'

type Checked = PartnerCheck | { readonly failure: string } | 'asking' | null

async function ask(target: string, level: Level): Promise<Checked> {
  try {
    const body = { target, ...(level === 'none' ? {} : { level }) }
    return (await request<PartnerCheck>('POST', 'check', body)).body
  } catch (error) {
    const missing = error instanceof ApiError && error.status === 501
    return { failure: missing ? texts.tryOut.notAvailable : wordsOf(error) }
  }
}

/** A form for any partner. */
export function PartnerCheckForm(props: { readonly target: string; readonly level: Level }): VNode {
  const id = useUid('check')
  const [target, setTarget] = useState(props.target)
  const [checked, setChecked] = useState<Checked>(null)
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    setChecked('asking')
    setChecked(await ask(target.trim(), props.level))
  }
  return html`<section class="card">
    <h2>${texts.tryOut.checkTitle}</h2>
    <p class="muted">${texts.tryOut.checkLead}</p>
    <form class="line-form" onSubmit=${start}>
      <${Field} label=${texts.tryOut.checkTarget} id=${id}>
        <input
          id=${id}
          class="input"
          value=${target}
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
          required
          onInput=${(event: { readonly currentTarget: HTMLInputElement }) => setTarget(event.currentTarget.value)}
        />
      <//>
      <button class="button" type="submit" disabled=${checked === 'asking'}>${texts.tryOut.checkAsk}</button>
    </form>
    <${CheckResult} checked=${checked} />
  </section>`
}

/** A check that starts by itself, of a partner of a rule that was switched on. */
export function PartnerCheckNow(props: { readonly target: string; readonly level: Level }): VNode {
  const [checked, setChecked] = useState<Checked>('asking')
  useEffect(() => {
    let wanted = true
    void ask(props.target, props.level).then((answer) => {
      if (wanted) setChecked(answer)
    })
    return () => {
      wanted = false
    }
  }, [props.target])
  return html`<div>
    <h4>${texts.tryOut.checkTitle}: ${props.target}</h4>
    <${CheckResult} checked=${checked} />
  </div>`
}

function CheckResult({ checked }: { readonly checked: Checked }): VNode | null {
  if (checked === null) return null
  if (checked === 'asking') return html`<p class="loading" role="status">${texts.tryOut.checking}</p>`
  if ('failure' in checked) return html`<p class="muted" role="status">${checked.failure}</p>`
  const tone = { delivered: 'good', bounced: 'bad', 'not-known': 'warn' }[checked.verdict]
  return html`<${Notice} tone=${tone}>
      <p><strong>${texts.tryOut.verdicts[checked.verdict]}</strong> ${checked.reason}</p>
      ${checked.remarks.map((remark) => html`<p key=${remark}>${remark}</p>`)}
    <//>
    ${
      checked.hosts.length > 0 &&
      html`<div class="table-box" tabindex="0" role="region" aria-label=${texts.tryOut.hosts(checked.domain)}>
        <table>
          <thead>
            <tr>
              <th scope="col">${texts.tryOut.host}</th>
              <th scope="col">${texts.tryOut.result}</th>
            </tr>
          </thead>
          <tbody>
            ${checked.hosts.map(
              (host) =>
                html`<tr key=${`${host.host} ${host.to ?? ''}`}>
                  <td>${host.host}${host.to !== null && html`<span class="hint"> ${host.to}</span>`}</td>
                  <td>${hostWords(host)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`
    }`
}

function hostWords({ failure, trustedNextHop, protocol, cipher }: HostCheck): string {
  if (failure !== null) return failure.detail
  if (trustedNextHop) return texts.tryOut.trusted
  return texts.tryOut.good([protocol, cipher].filter((each) => each !== null).join(', '))
}

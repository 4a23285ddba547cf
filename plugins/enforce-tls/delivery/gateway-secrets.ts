/**
 * What a gateway says, without the login that it was given: a gateway may repeat it in any reply, and replies go into
 * Haraka's log, bounces and the delivery log. Known forms are taken out; one that a gateway makes up cannot be. Pure.
 */
import type { Gateway } from '../settings/gateways.js'
import type { AttemptFailure } from './outcome.js'

/** Stands where something was taken out. */
const REMOVED = '[removed]'
/** Shorter ones would take words of SMTP out as well, and hide little. */
const LENGTH_MIN = 4

/** Takes the password of a gateway out of a text. */
export type WithoutSecrets = (text: string) => string

/** @param login that of the gateway; `null` for none */
export function withoutLogin(login: Gateway['login']): WithoutSecrets {
  if (!login) return (text) => text
  const { user, password } = login
  const forms = [`\0${user}\0${password}`, `${user}\0${password}`, `${user}:${password}`, password].flatMap(
    (text) => {
      const bytes = Buffer.from(text, 'utf8')
      const base64 = bytes.toString('base64')
      // Lines of a reply are read as Latin-1.
      return [base64, base64.replace(/=+$/, ''), encodeURIComponent(text), text, bytes.toString('latin1')]
    },
  )
  const long = [...new Set(forms)].filter(({ length }) => length >= LENGTH_MIN)
  long.sort((a, b) => b.length - a.length)
  return (text) => long.reduce((rest, form) => rest.replaceAll(form, REMOVED), text)
}

/** The same for what a gateway failed for. */
export function failureWithout(failure: AttemptFailure, without: WithoutSecrets): AttemptFailure {
  const { detail, reply } = failure
  return {
    ...failure,
    detail: without(detail),
    ...(reply ? { reply: { ...reply, text: without(reply.text) } } : {}),
  }
}

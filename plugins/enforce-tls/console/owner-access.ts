/**
 * An owner out of a request's path, if whoever asks may see or change its rules. What they may not see is not
 * there: the answer does not tell whether such a domain exists.
 */
import { editorOf as editorOn, type Editor } from '../admin/editor.js'
import { EVERYONE, parseOwner } from '../rules/owner.js'
import type { EntryChange } from '../store/entry-change.js'
import { quote } from '../text/quote.js'
import { mayChange, maySee } from './auth/permission.js'
import { impactAsked } from './effects.js'
import { notFound, Problem } from './problem.js'
import type { Call } from './route.js'

/** @throws {Problem} 404 for what is no owner, or not for these eyes. */
export function visibleOwner({ identity }: Pick<Call, 'identity'>, given: string): string {
  const parsed = parseOwner(given)
  if ('problem' in parsed || !maySee(identity, parsed.owner)) throw notFound(`owner ${quote(given)}`)
  return parsed.owner
}

/** @throws {Problem} 404 as `visibleOwner`, 403 for who may only look. */
export function changeableOwner(call: Pick<Call, 'identity'>, given: string): string {
  const owner = visibleOwner(call, given)
  if (!mayChange(call.identity, owner))
    throw new Problem(403, 'forbidden', `Your role does not allow changing ${quote(owner)}.`)
  return owner
}

/** @throws {Problem} as `visibleOwner`, and 404 for what is no domain. */
export function visibleDomain(call: Pick<Call, 'identity'>, given: string): string {
  const owner = visibleOwner(call, given)
  if (owner === EVERYONE || owner.includes('@')) throw notFound(`domain ${quote(given)}`)
  return owner
}

/** A part of the path; express has matched it, so it is there. */
export function param({ params }: Pick<Call, 'params'>, name: string): string {
  return params[name] ?? ''
}

/** The store, changed in the name of whoever asks, and as they were asked where the request says so. */
export function editorOf(call: Pick<Call, 'context' | 'identity' | 'asked'>): Editor {
  const { context, identity, asked } = call
  const confirmed =
    asked === null
      ? null
      : {
          asked,
          askedNow: async (changes: readonly EntryChange[]) => (await impactAsked(call, changes)).asked,
        }
  return editorOn(context.store, identity.author, context.memory, () => confirmed)
}

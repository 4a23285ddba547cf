/** `enforce-tls domain set`: whom the senders of a domain can ask about a bounce, and where they can read more. */
import { domainNamed, isServiceOn } from '../admin/set-service.js'
import { setHelp, type HelpEdit } from '../admin/set-help.js'
import type { Context } from './context.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { WrongUse } from './refusal.js'

/** What the user wrote. */
interface SetOptions {
  readonly contact?: string | false | undefined
  readonly link?: string | false | undefined
}

/** Sets what the user wrote. @throws {WrongUse} where that is nothing. */
export async function setHelpByUser(
  context: Context,
  text: string,
  { contact, link }: SetOptions,
): Promise<void> {
  if (contact === undefined && link === undefined)
    throw new WrongUse(['there is nothing to set; give --contact or --link'])
  const { store, output } = context
  const { domain } = await domainMeant(context, text)
  const edit: HelpEdit = { contact: contact === false ? null : contact, link: link === false ? null : link }
  const { help, changed } = await setHelp(context, domain, edit)
  const enabled = isServiceOn(await store.readService(domain)) === true
  output.data({ domain, enabled, ...help })
  if (output.json) return
  if (!changed) output.line(`${domain} is as it was: nothing was changed.`)
  output.line(
    help.contact === null
      ? `Bounces to senders at ${domain} name nobody to ask.`
      : `Bounces to senders at ${domain} say whom to ask: ${help.contact}`,
  )
  if (help.link !== null) output.line(`They have a link: ${help.link}`)
  if (!enabled) output.line(`Message rules are switched off for ${domain}; switch them on with:`)
  if (!enabled) output.code(context.command('domain', 'enable', domain))
}

/** The domain that the user means, with all that have a switch; who may have mistyped a known one is told. */
export async function domainMeant(
  { store, output }: Context,
  text: string,
): Promise<{ readonly domain: string; readonly known: ReadonlyMap<string, string> }> {
  const known = await store.services()
  const domain = domainNamed(text, known)
  if (!known.has(domain)) {
    const hint = await ownerHint(store, domain)
    if (hint !== '') printWarning(output.terminal, `${domain} is new here${hint}`)
  }
  return { domain, known }
}

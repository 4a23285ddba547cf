/** `enforce-tls domain set`: whom the senders of a domain can ask about a bounce, and where they can read more. */
import { isServiceOn } from '../admin/set-service.js'
import { setHelp, type HelpEdit } from '../admin/set-help.js'
import type { Context } from './context.js'
import { knownDomain } from './domain-meant.js'
import { Refusal, WrongUse } from './refusal.js'

/** What the user wrote. */
interface SetOptions {
  readonly contact?: string | false | undefined
  readonly link?: string | false | undefined
}

/** Sets what the user wrote. @throws {WrongUse} where that is nothing. @throws {Refusal} for a domain that nobody knows. */
export async function setHelpByUser(
  context: Context,
  text: string,
  { contact, link }: SetOptions,
): Promise<void> {
  if (contact === undefined && link === undefined)
    throw new WrongUse(['there is nothing to set; give --contact or --link'])
  for (const [option, value, what] of [
    ['contact', contact, 'an address, a URL or a short text'],
    ['link', link, 'an https:// URL'],
  ] as const)
    if (value !== false && value?.trim() === '')
      throw new Refusal([`--${option} is empty; expected: ${what}, or --no-${option} to remove it`])
  const { store, output, command } = context
  const domain = await knownDomain(context, text, (given) => ({
    done: 'set',
    way: 'switch its message rules on first, with',
    command: command('domain', 'enable', given),
  }))
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
  if (!enabled) output.code(command('domain', 'enable', domain))
}

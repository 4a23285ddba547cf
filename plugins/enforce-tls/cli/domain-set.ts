/** `enforce-tls domain set`: whom the senders of a domain can ask about a bounce, where they can read more, and its language. */
import { isServiceOn } from '../admin/set-service.js'
import { setHelp, type HelpEdit } from '../admin/set-help.js'
import { languageName, LANGUAGES } from '../text/language.js'
import type { Context } from './context.js'
import { knownDomain } from './domain-meant.js'
import { Refusal, WrongUse } from './refusal.js'

/** What the user wrote. */
interface SetOptions {
  readonly contact?: string | false | undefined
  readonly link?: string | false | undefined
  readonly language?: string | false | undefined
}

/** Sets what the user wrote. @throws {WrongUse} where that is nothing. @throws {Refusal} for a domain that nobody knows. */
export async function setHelpByUser(
  context: Context,
  text: string,
  { contact, link, language }: SetOptions,
): Promise<void> {
  if (contact === undefined && link === undefined && language === undefined)
    throw new WrongUse(['there is nothing to set; give --contact, --link or --language'])
  for (const [option, value, what] of [
    ['contact', contact, 'an address, a URL or a short text'],
    ['link', link, 'an https:// URL'],
    ['language', language, `one of ${LANGUAGES.join(', ')}`],
  ] as const)
    if (value !== false && value?.trim() === '')
      throw new Refusal([`--${option} is empty; expected: ${what}, or --no-${option} to remove it`])
  const { store, output, command } = context
  const domain = await knownDomain(context, text, (given) => ({
    done: 'set',
    way: 'switch its message rules on first, with',
    command: command('domain', 'enable', given),
  }))
  const edit: HelpEdit = { contact: given(contact), link: given(link), language: given(language) }
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
  if (help.language !== null) {
    const below = help.language === 'en' ? '' : ', with English below'
    output.line(`They are in ${languageName(help.language)}${below}, unless the message says otherwise.`)
  }
  if (!enabled) output.line(`Message rules are switched off for ${domain}; switch them on with:`)
  if (!enabled) output.code(command('domain', 'enable', domain))
}

/** `--no-contact` and the like remove it. */
function given(option: string | false | undefined): string | null | undefined {
  return option === false ? null : option
}

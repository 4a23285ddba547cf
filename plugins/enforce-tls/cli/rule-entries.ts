/** Owners and addresses as the user names them, and what is wrong with owners' entries, in words. */
import { formatFlaw } from '../rules/format-problem.js'
import { parseOwner } from '../rules/owner.js'
import type { Effect } from '../rules/entry-problem.js'
import { formatSender } from '../admin/format-rule.js'
import { ownerState, type BrokenEntry, type OwnerRead } from '../admin/owner-state.js'
import type { ReadStore } from '../store/rule-store.js'
import type { Context } from './context.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal } from './refusal.js'
import type { MailAddress } from '../rules/address.js'
import { quote } from '../text/quote.js'
import { addressIn } from '../rules/spelling.js'

/** An owner's name as it is stored. @throws {Refusal} for a text that names none. */
export function ownerOf(text: string): string {
  const parsed = parseOwner(text)
  if ('problem' in parsed) throw new Refusal([formatFlaw(parsed)])
  return parsed.owner
}

/**
 * An owner that has rules, as it is stored.
 *
 * @throws {Refusal} for a text that names none, or one without rules; it names the owner that may be meant.
 */
export async function ownerWithRules(
  { store }: { readonly store: ReadStore },
  text: string,
): Promise<string> {
  const owner = ownerOf(text)
  const { rules } = await store.readOwner(owner)
  if (rules.size > 0) return owner
  throw new Refusal([`${owner} has no rules${await ownerHint(store, owner)}`])
}

/** Entries that are not valid, a sentence each, with their places. */
export function brokenSentences(store: ReadStore, broken: readonly BrokenEntry[]): string[] {
  return broken.map(({ place, problem, effect }) => {
    const consequence = effect === null ? '' : `; ${consequenceOf(place.owner, effect)}`
    return `${store.placeOf(place)}: ${problem}${consequence}`
  })
}

/** What a broken rule means for mail; a command does not know what a Haraka has read before. */
function consequenceOf(owner: string, effect: Effect): string {
  if (effect === 'off') return 'it counts as off, as it says'
  if (effect === 'reports') return 'mail is delivered without it, because it says that it only reports'
  if (effect === 'sleeps')
    return 'no mail waits for it, because message rules are switched off for its domain'
  return `until it is valid, its last valid version stays in force; where Haraka has read none, mail of ${formatSender(owner)} waits`
}

/** How many broken entries are told beside something that was done. */
const WARNINGS_MAX = 5

/** Says, beside a change of an owner's rules, what is broken among them. */
export async function warnOfBroken(
  { store, output: { terminal } }: Pick<Context, 'store' | 'output'>,
  read: OwnerRead,
): Promise<void> {
  const { owner } = read.entries
  const problems = brokenSentences(store, (await ownerState(read)).broken)
  for (const problem of problems.slice(0, WARNINGS_MAX))
    printWarning(
      terminal,
      `an entry of ${owner} is not valid, while its valid rules are in force: ${problem}`,
    )
  const more = problems.length - WARNINGS_MAX
  if (more > 0) printWarning(terminal, `${more} more entries of ${owner} are not valid`)
}

/** A sender; `<>` and the empty text are the null sender. @throws {Refusal} for what is no address. */
export function senderOf(text: string): MailAddress {
  return /^(?:<>)?$/.test(text) ? { local: '', domain: '' } : addressOf('--from', text)
}

/** An address. @throws {Refusal} for what is none; it names the option. */
export function addressOf(option: string, text: string): MailAddress {
  const parsed = addressIn(text)
  if ('problem' in parsed) throw new Refusal([`${option} ${quote(text)} ${formatFlaw(parsed)}`])
  return parsed.address
}

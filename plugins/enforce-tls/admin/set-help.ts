/** Whom the senders of a domain can ask about a bounce, where they can read more, and their language: set beside its switch. */
import { parseService } from '../rules/owner-entries.js'
import {
  checkContact,
  checkLanguage,
  checkLink,
  HELP_FIELDS,
  readSenderHelp,
  type Checked,
  type SenderHelp,
} from '../rules/sender-help.js'
import { namedChange } from '../store/entry-change.js'
import { retryConflicts, type Editor } from './editor.js'
import { AdminProblem } from './problem.js'

/** What to set; `null` removes it, what is left out stays. */
export type HelpEdit = { readonly [field in keyof SenderHelp]?: string | null | undefined }

/** What came of it. */
export interface HelpSet {
  readonly help: SenderHelp
  readonly changed: boolean
}

const CHECKS: Readonly<Record<keyof SenderHelp, (text: string) => Checked>> = {
  contact: checkContact,
  link: checkLink,
  language: checkLanguage,
}

/**
 * Sets it; the switch and fields that other versions or people put there are kept. A domain that nothing was ever said
 * of gets an entry whose switch is off, as without one.
 *
 * @param seen the entry that somebody saw; without it, the change is made on what is there
 * @throws {AdminProblem} where a value, or the entry as it stands, is not valid.
 */
export function setHelp(
  { store, write }: Editor,
  domain: string,
  edit: HelpEdit,
  seen?: string | null,
): Promise<HelpSet> {
  const change = async (entry: string | null): Promise<HelpSet> => {
    const fields = fieldsOf(domain, entry)
    const before = JSON.stringify(fields)
    for (const field of HELP_FIELDS) {
      const text = edit[field]
      if (text === undefined) continue
      if (text === null) Reflect.deleteProperty(fields, field)
      else fields[field] = valueOf(field, text)
    }
    const value = JSON.stringify(fields)
    const changed = value !== before
    if (changed) await write([namedChange('domains', domain, entry, value)])
    return { help: readSenderHelp(value).help, changed }
  }
  return seen === undefined
    ? retryConflicts(async () => change(await store.readService(domain)))
    : change(seen)
}

function fieldsOf(domain: string, entry: string | null): Record<string, unknown> {
  if (entry === null) return { enabled: false }
  const parsed = parseService(entry)
  if ('problem' in parsed)
    throw new AdminProblem({
      code: 'not-valid',
      place: { key: 'domains', owner: domain, field: domain },
      problem: parsed.problem,
    })
  return JSON.parse(entry) as Record<string, unknown>
}

function valueOf(field: keyof SenderHelp, text: string): string {
  const checked = CHECKS[field](text)
  if ('value' in checked) return checked.value
  throw new AdminProblem({ code: 'invalid', what: field, problem: { value: text, ...checked, field } })
}

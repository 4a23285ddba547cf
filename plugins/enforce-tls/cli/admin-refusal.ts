/** Why a change is not made, as the command says it: with the commands that help. */
import { formatAdminProblem } from '../admin/format-problem.js'
import type { AdminProblem } from '../admin/problem.js'
import type { ReadStore } from '../store/rule-store.js'
import { missingHint, ownerHint } from './hints.js'
import { formatUtc } from '../text/utc.js'
import { Refusal } from './refusal.js'

const PATTERNS = 'bank.example, .bank.example (its subdomains) or cfo@bank.example'

/** What the words are made with. */
interface Around {
  readonly store: ReadStore
  /** A command line of this program on the same store. */
  readonly command: (...words: readonly string[]) => string
}

/** The words for a problem. */
export async function refusalOf({ store, command }: Around, { data }: AdminProblem): Promise<Refusal> {
  const sentence = formatAdminProblem(data, (place) => store.placeOf(place)) + missingHint(data)
  switch (data.code) {
    case 'service-off': {
      const { domain, isNew } = data
      const hint = isNew ? await ownerHint(store, domain) : ''
      // The command that would enable what is hardly meant is not offered.
      if (hint !== '') return new Refusal([`nothing is known of ${domain}, so nothing was created${hint}`])
      return new Refusal([`${sentence}; switch them on with:`], [command('domain', 'enable', domain)])
    }
    case 'no-action':
      return new Refusal(
        [`${sentence}; choose one, such as any TLS, with:`],
        [command('rule', 'edit', data.owner, data.id, '--level', 'encrypt')],
      )
    case 'changed-meanwhile': {
      const when = data.last === null ? '' : ` (${formatUtc(data.last.at)})`
      return new Refusal([
        `${sentence}; the other change${when}:`,
        ...data.differences.map((difference) => `  ${difference}`),
        'look at the rule as it is now, and repeat what is still needed',
      ])
    }
    case 'invalid': {
      const { what, problem } = data
      const told = what !== 'patterns' || (problem.suggestion ?? problem.expected) !== undefined
      return new Refusal([told ? sentence : `${sentence}; expected: ${PATTERNS}`])
    }
    default:
      return new Refusal([sentence])
  }
}

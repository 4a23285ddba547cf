/** `enforce-tls history`: who changed what, when, from what to what. */
import { atOnce } from '../work/pieces.js'
import { parseRule } from '../rules/check-rule.js'
import type { HistoryEntry } from '../store/history.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { valueOf } from '../store/difference.js'
import { accountFacts } from '../admin/format-event.js'
import { comparingEntry } from '../admin/undo.js'
import { ownerHint } from './hints.js'
import { utcSeconds } from '../text/utc.js'
import { WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'

const LIMIT = 20
const LIMIT_MAX = 20_000

/** Adds the `history` command to the program. */
export function addHistoryCommand(program: Root, withStore: WithStore): void {
  program
    .command('history')
    .description(
      'show who changed rules, groups and domains, latest first, with times in UTC; changes made by hand, ' +
        'with redis-cli or in the rules file, are not recorded',
    )
    .argument('[owner]', 'only the rules of this owner, and its domain')
    .option('--limit <n>', 'the most entries', String(LIMIT))
    .addHelpText('after', examples('history', 'history acme.example --limit 5', 'history --json'))
    .action((owner, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        showHistory(context, owner === undefined ? undefined : ownerOf(owner), limitOf(options.limit)),
      ),
    )
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit > 0 && limit <= LIMIT_MAX) return limit
  throw new WrongUse([`--limit ${JSON.stringify(text)} is not a number from 1 to ${LIMIT_MAX}`])
}

async function showHistory(
  { store, output }: Context,
  owner: string | undefined,
  limit: number,
): Promise<void> {
  const entries = await store.history({ owner, limit })
  output.data(entries.map((entry) => ({ ...entry, from: valueOf(entry.from), to: valueOf(entry.to) })))
  if (entries.length === 0 && !output.json)
    output.line(
      owner === undefined
        ? 'No changes are recorded.'
        : `No changes are recorded for ${owner}${(await ownerHint(store, owner)) || '.'}`,
    )
  else
    output.table(
      ['when (UTC)', 'who', 'what', 'change'],
      entries.map((entry) => [utcSeconds(entry.at), entry.by, subjectOf(entry), changeOf(entry)]),
    )
}

function subjectOf({ key, owner, field, from, to }: HistoryEntry): string[] {
  if (key === 'domains') return [`domain ${field}`]
  if (key === 'releases') return [`message ${field}`, `of ${owner}`]
  if (key === 'groups') return [`group ${field}`]
  if (key === 'users') return [`user ${field}`]
  if (key === 'tokens') {
    const { name } = accountFacts(to)
    return [`token ${field}`, ...(name === undefined ? [] : [`(${name})`])]
  }
  const checked = atOnce(parseRule(to ?? from ?? ''))
  return [`rule ${field}`, `of ${owner}`, ...('rule' in checked ? [`(${checked.rule.name})`] : [])]
}

function changeOf(entry: HistoryEntry): string[] {
  return [...atOnce(comparingEntry(entry))]
}

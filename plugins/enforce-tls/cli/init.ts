/** `enforce-tls init`: marks a store, so that one which has lost its rules is told from one that never had any. */
import { accepting, isStoreName, newMarker, parseMarker, type StoreMarker } from '../store/marker.js'
import type { StoreIdentity } from '../store/rule-store.js'
import { nameOf, type SeenStore } from '../store/standing.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { notTaken } from '../admin/store-memory.js'
import { memoryIn, seenBy } from './haraka-memory.js'
import { retryConflicts } from '../admin/editor.js'
import { formatUtc } from '../text/utc.js'
import { Refusal, WrongUse } from './refusal.js'

/** Adds the `init` command to the program. */
export function addInitCommand(program: Root, withStore: WithStore): void {
  program
    .command('init')
    .description(
      'mark the store, as the first change does too; a marked store without rules is meant to be empty. ' +
        'A store that is marked already stays as it is',
    )
    .option(
      '--accept <id>',
      'this store replaces the one with this id, which Haraka names in its log and status shows',
    )
    .addHelpText('after', examples('init', 'init --accept 5f0c1a2b3c4d5e6f', 'init --json'))
    .action((options, command) =>
      withStore(command.optsWithGlobals(), (context) => initialise(context, options.accept)),
    )
}

async function initialise(context: Context, accept: string | undefined): Promise<void> {
  if (accept !== undefined && !isStoreName(accept))
    throw new WrongUse([`--accept ${JSON.stringify(accept)} is not the id of a store; Haraka's log names it`])
  const { store, output, folder } = context
  const seen = seenBy(folder)
  const { identity, marker, marked, accepted } = await retryConflicts(() => mark(context, accept, seen))
  const holds = identity.hasServices || identity.hasRulesForAll
  const untaken = await notTaken(store, memoryIn(context))
  const taking = untaken === null ? {} : { notTaken: untaken }
  output.data({ store: store.description, ...marker, marked, accepted, ...taking })
  const about = `${store.description} (id ${marker.id})`
  if (marked)
    output.line(
      `Marked ${about}: ${holds ? 'the rules in it are those that count' : 'it holds no rules, and is meant to be empty'}.`,
    )
  else output.line(`${about} has been marked since ${formatUtc(marker.made)}.`)
  if (accepted) output.line(`A Haraka that knew store ${String(accept)} takes its rules from here now.`)
  else if (accept !== undefined) output.line(`It already replaces store ${accept}.`)
  else if (!marked && untaken === null) output.line('Nothing to change.')
  if (accepted && seen === null)
    output.line(
      `Whether ${accept} is what Haraka has seen could not be compared: ${folder === null ? 'no Haraka folder was given (--config)' : 'the Haraka in this folder remembers no store'}.`,
    )
  if (untaken !== null) output.line(untaken)
}

interface Marked {
  readonly identity: StoreIdentity
  readonly marker: StoreMarker
  /** Whether it had none before. */
  readonly marked: boolean
  /** Whether it stands in for one more store now. */
  readonly accepted: boolean
}

async function mark(
  { store, writeMarker, by }: Context,
  accept: string | undefined,
  seen: SeenStore | null,
): Promise<Marked> {
  const identity = await store.identity()
  if (identity.markerProblem !== null) throw new Refusal([`${store.description}: ${identity.markerProblem}`])
  const held = identity.hasServices || identity.hasRulesForAll
  const old = identity.marker === null ? null : parseMarker(identity.marker)
  const own =
    old === null || 'problem' in old ? newMarker({ by, init: true, ...(held ? { held } : {}) }) : old
  const accepted = accept !== undefined && accept !== own.id && own.accepts?.includes(accept) !== true
  if (accepted && seen !== null && nameOf(seen) !== accept)
    throw new Refusal([
      `--accept ${accept}: the Haraka in this folder has seen no store with that id, and nothing was written; did you mean ${nameOf(seen)}? For another Haraka, say its folder with --config`,
    ])
  const marker = accepted ? accepting(own, accept) : own
  if (marker !== old) await writeMarker(identity.marker, JSON.stringify(marker))
  return { identity, marker, marked: own !== old, accepted }
}

/** What may come next on an unfinished command line: commands, options, owners, rule ids, domains, groups. */
import type { ReadStore } from '../store/rule-store.js'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { parseOwner } from '../rules/owner.js'
import { openStore } from '../store/open-store.js'
import type { Terminal } from './output.js'
import { FIELDS } from './rule-fields.js'
import { chooseStore, type StoreOptions } from './store-option.js'

/** Options that say where the store is. */
const STORE_OPTIONS = ['redis', 'prefix', 'file', 'config'] as const

interface Read {
  readonly command: CommandUnknownOpts
  /** Arguments of the command so far. */
  readonly args: readonly string[]
  readonly store: StoreOptions
  /** An option that the last word is a value of. */
  readonly valueOf: string | null
}

/**
 * The words that may stand in the place of the last one, sorted.
 *
 * @param words behind the program's name, the one to be completed last
 * @throws when the store can't be read.
 */
export async function candidates(
  program: CommandUnknownOpts,
  words: readonly string[],
  terminal: Terminal,
): Promise<string[]> {
  const started = words.at(-1) ?? ''
  const read = readWords(program, words.slice(0, -1))
  const found = await possible(read, started, terminal)
  // A shell reads lines; what a store holds may hold anything.
  return found.filter((word) => word.startsWith(started) && !/[\p{Cc}\p{Cf}]/u.test(word)).sort()
}

async function possible(read: Read, started: string, terminal: Terminal): Promise<readonly string[]> {
  const { command, args } = read
  if (read.valueOf !== null && !['before', 'after', 'owner'].includes(read.valueOf))
    return choicesOf(command, read.valueOf)
  if (started.startsWith('-')) return optionsOf(command)
  if (command.commands.length > 0) return command.commands.map((child) => child.name())
  const last = command.registeredArguments.at(-1)
  const next = command.registeredArguments[args.length] ?? (last?.variadic ? last : undefined)
  const wanted = read.valueOf === 'owner' ? 'owner' : next
  const name = typeof wanted === 'string' ? wanted : read.valueOf === null ? wanted?.name() : 'id'
  if (typeof wanted === 'object' && wanted.argChoices !== undefined) return wanted.argChoices
  if (name === undefined || !['owner', 'id', 'domain', 'group', 'target'].includes(name)) return []
  const store = openStore(chooseStore(read.store, terminal).settings)
  try {
    return await namesIn(store, name, args[0] ?? '')
  } finally {
    await store.close()
  }
}

async function namesIn(store: ReadStore, what: string, owner: string): Promise<readonly string[]> {
  if (what === 'group') return [...(await store.groups()).keys()]
  if (what === 'target') return [...(await store.groups()).keys()].map((group) => GROUP_PREFIX + group)
  if (what === 'domain') return [...(await store.services()).keys()]
  if (what === 'owner')
    return [...new Set(['*', ...(await store.owners()), ...(await store.services()).keys()])]
  const parsed = parseOwner(owner)
  return 'owner' in parsed ? [...(await store.readOwner(parsed.owner)).rules.keys()] : []
}

/** Follows finished words down to the command and its arguments. */
function readWords(program: CommandUnknownOpts, words: readonly string[]): Read {
  let command = program
  let valueOf: string | null = null
  let variadic = false
  const args: string[] = []
  const store: Record<string, string> = {}
  for (const word of words) {
    const option = word.startsWith('-') ? optionNamed(command, word.split('=')[0] ?? word) : undefined
    if (option !== undefined) {
      const inline = /^[^=]+=(.*)$/s.exec(word)?.[1]
      const name = option.attributeName()
      if (inline !== undefined) store[name] = inline
      valueOf = (option.required || option.optional) && inline === undefined ? name : null
      variadic = option.variadic
    } else if (valueOf !== null) {
      store[valueOf] = word
      if (!variadic) valueOf = null
    } else if (!word.startsWith('-')) {
      const child = command.commands.find((candidate) => candidate.name() === word)
      if (child && args.length === 0) command = child
      else args.push(word)
    }
  }
  const chosen = Object.entries(store).filter(([name]) => (STORE_OPTIONS as readonly string[]).includes(name))
  return { command, args, store: Object.fromEntries(chosen), valueOf }
}

function optionNamed(command: CommandUnknownOpts, flag: string) {
  return ancestors(command)
    .flatMap(({ options }) => options)
    .find(({ long }) => long === flag)
}

function optionsOf(command: CommandUnknownOpts): string[] {
  const flags = ancestors(command).flatMap(({ options }) => options.map(({ long }) => long))
  return [...flags, '--help'].filter((flag) => typeof flag === 'string')
}

function choicesOf(command: CommandUnknownOpts, name: string): readonly string[] {
  const option = ancestors(command)
    .flatMap(({ options }) => options)
    .find((candidate) => candidate.attributeName() === name && !candidate.negate)
  return option?.argChoices ?? (command.parent?.name() === 'rule' ? wordsOf(name) : [])
}

/** What an option of a rule may say. */
function wordsOf(name: string): readonly string[] {
  return FIELDS.find(({ option }) => option === name)?.words ?? []
}

function ancestors(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.parent === null ? [command] : [command, ...ancestors(command.parent)]
}

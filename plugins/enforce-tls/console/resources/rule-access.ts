/** A rule, or an owner's rules, as a request finds them, and the answers that show them. */
import { spellingOf } from '../../admin/canonical.js'
import { findingDuplicates } from '../../admin/duplicates.js'
import { readOwner, ruleText, type OwnerRead } from '../../admin/owner-state.js'
import type { ChangedRule } from '../../admin/write-rule.js'
import { valueOf } from '../../store/difference.js'
import { Groups, type StoredGroups } from '../../rules/group.js'
import { isOn, type OwnerEntries } from '../../rules/owner-entries.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { effectOfRule, glances } from '../effects.js'
import { param } from '../owner-access.js'
import { badCursor, cursorOf, Page, pageReply } from '../paging.js'
import type { Call, Reply } from '../route.js'
import {
  comparePlaces,
  listEtag,
  placedRules,
  problemsOf,
  storedRule,
  type PlacedRule,
  type StoredRule,
} from '../stored-rules.js'

/** One rule among an owner's, as it stands. */
export interface ReadRule extends OwnerRead {
  readonly id: string
  readonly json: string
}

/** The rule that the path names. @throws {AdminProblem} where it is not there. */
export async function readRule(call: Call, owner: string): Promise<ReadRule> {
  const found = await readOwner(call.context.store, owner)
  const id = param(call, 'id')
  return { ...found, id, json: ruleText(found.entries, id) }
}

/** A rule out of a request in the place of a stored one: what it leaves open is as the API says. */
export function replacement(json: string, rule: Readonly<Record<string, unknown>>): object {
  const { position } = (valueOf(json) ?? {}) as { position?: unknown }
  const kept = typeof position === 'number' ? { position } : {}
  return { direction: 'outgoing', enabled: false, ...kept, ...rule }
}

/** The page of the list that was asked for, with the version of the whole list. */
export async function listReply(call: Call, { entries, groups }: OwnerRead): Promise<Reply> {
  const { rules, etag, reply } = await inPieces(listing(call, entries, groups))
  const { owner } = entries
  const effects = await glances(
    call,
    owner,
    rules.map(({ id }) => id),
  )
  const duplicates = await inPieces(findingDuplicates(entries))
  const body = {
    owner,
    active: isOn(entries),
    rules: rules.map((rule) => ({
      ...rule,
      effect: effects.get(rule.id) ?? null,
      sameAs: duplicates.get(rule.id) ?? null,
    })),
  }
  return { body, etag, ...reply }
}

/** A part of a list. */
interface Listing {
  readonly rules: readonly StoredRule[]
  readonly etag: string
  readonly reply: ReturnType<typeof pageReply>
}

function* listing(call: Call, entries: OwnerEntries, groups: StoredGroups): InPieces<Listing> {
  const { direction } = call.query
  const placed = (yield* placedRules(entries)).filter(
    (each) => direction === undefined || each.direction === direction,
  )
  const after = placeIn(call)
  const read = new Groups(groups)
  const page = new Page<StoredRule>(call)
  let last: PlacedRule | null = null
  let next: string | null = null
  for (const each of placed) {
    if (after !== null && comparePlaces(each, after) <= 0) continue
    const rule = yield* storedRule(entries.owner, each.id, each.json, read)
    yield
    if (!page.add(rule, each.json.length)) {
      next = last && cursorAt(last)
      break
    }
    last = each
  }
  return {
    rules: page.entries,
    etag: yield* listEtag(entries),
    reply: pageReply(call, next, placed.length),
  }
}

/** Behind a place, and not behind a rule: it may be moved or deleted before the next page is asked for. */
function cursorAt({ id, position }: PlacedRule): string {
  return `${position}.${id}`
}

function placeIn(call: Call): Pick<PlacedRule, 'id' | 'position'> | null {
  const cursor = cursorOf(call)
  if (cursor === null) return null
  const [, position, id] = /^(\d{1,10}|Infinity)\.(.+)$/.exec(cursor) ?? []
  if (position === undefined || id === undefined) throw badCursor(cursor)
  return { id, position: Number(position) }
}

/** The rule, with its version and what it does. */
export async function ruleReply(
  call: Call,
  { entries, groups, id, json }: ReadRule,
): Promise<Reply & { readonly body: object }> {
  const { owner } = entries
  const stored = await inPieces(storedRule(owner, id, json, groups))
  // In the spelling in which it can be written back.
  const rule = valueOf(await inPieces(spellingOf('rules', json)))
  return { body: { ...stored, rule, effect: await effectOfRule(call, owner, id) }, etag: stored.etag }
}

/** The rule after a change, with what is wrong with it or with any other entry of its owner. */
export async function afterChange(
  call: Call,
  { owned: { id }, read }: Pick<ChangedRule, 'owned' | 'read'>,
): Promise<Reply & { readonly body: object }> {
  const reply = await ruleReply(call, { ...read, id, json: ruleText(read.entries, id) })
  return { ...reply, body: { ...reply.body, problem: await inPieces(problemsOf(read)) } }
}

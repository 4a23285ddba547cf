/** Rules of all owners in one list, filtered, or those that name a partner. */
import { COMPARED_MAX, duplicatesOf } from '../../admin/duplicates.js'
import { readOnce } from '../../admin/read-once.js'
import { findRules, type FoundRule, type RuleFilter, type Start } from '../../admin/find-rules.js'
import { DIRECTIONS } from '../../rules/last-valid.js'
import { LEVEL_NAMES } from '../../rules/levels.js'
import { NAMED_AS, PartnerNames } from '../../rules/partner-names.js'
import { valueOf } from '../../store/difference.js'
import { inPieces } from '../../work/turns.js'
import { effectSchema, glances } from '../effects.js'
import { etagOf } from '../etag.js'
import { visibleOwner } from '../owner-access.js'
import { badCursor, cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { domainIn } from '../period.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { stopAfter, unreadFor, visibleOwners } from '../scans.js'
import { flag, list, nullable, object, ownedRuleFields, sameAs, shortText, text } from '../schemas.js'

/** Entries of a page, where a request does not say how many. */
const PAGE = 100
/** Of an owner with more rules, it is not said what each does: that takes all of them. */
const EFFECTS_MAX = 20_000
const NONE = new Map<string, never>()

/** How long one request looks for them, in milliseconds: the next one goes on from there. */
const PATIENCE = 3000

const naming: Schema = object({
  as: { type: 'string', enum: NAMED_AS },
  pattern: { ...text, description: 'As the rule or the group has it.' },
  group: { ...nullable(text), description: 'The group that has the pattern.' },
  except: { ...flag, description: 'Whether the rule leaves it out.' },
})
const foundRule: Schema = object({
  ...ownedRuleFields,
  effect: {
    ...nullable(effectSchema),
    description:
      'What the rule does; null for what is no valid rule, and where the owner has more than 20,000 rules.',
  },
  sameAs,
  names: { ...list(naming), description: 'How it names the partner that is asked for.' },
})

export const allRulesRoutes = [
  route({
    method: 'get',
    path: '/rules',
    operationId: 'findRules',
    rules: 'shown',
    summary:
      'Rules of all owners that you may see, by owner and in their order; an entry with an empty id stands for those of an owner that cannot be read. A page may have no entry and still a next one: then looking through all of them takes longer.',
    needs: 'reader',
    query: {
      text: { ...shortText, description: 'Part of a name, comment, id, owner, or of what criteria name.' },
      level: { type: 'string', enum: LEVEL_NAMES, description: '`none`: exemptions.' },
      mode: { type: 'string', enum: ['enforce', 'report'] },
      direction: { type: 'string', enum: DIRECTIONS },
      state: { type: 'string', enum: ['on', 'off', 'invalid'] },
      owner: { ...shortText, description: 'Only rules of this owner.' },
      partner: { ...shortText, description: 'Only rules that name this domain, groups expanded.' },
      ...pageQuery,
      limit: { ...pageQuery['limit'], default: PAGE },
    },
    paged: true,
    answers: { 200: list(foundRule) },
    searches: true,
    handle: listRules,
  }),
]

async function listRules(call: Call): Promise<Reply> {
  const { store } = call.context
  const { query } = call
  const partner = domainIn(call, 'partner')
  const filter: RuleFilter = {
    text: query['text'] as string | undefined,
    level: query['level'] as RuleFilter['level'],
    mode: query['mode'] as RuleFilter['mode'],
    direction: query['direction'] as RuleFilter['direction'],
    state: query['state'] as RuleFilter['state'],
    ...(partner === null ? {} : { partner: await inPieces(PartnerNames.of(partner, await store.groups())) }),
  }
  const begin = beginOf(call)
  const owners = (
    query['owner'] === undefined ? await visibleOwners(call) : [visibleOwner(call, String(query['owner']))]
  ).filter((owner) => begin === null || owner >= begin.owner)
  const isOver = stopAfter(call, PATIENCE)
  const page = new Page<FoundRule | Unread>(call, PAGE)
  // Behind an owner that is gone, the next one begins at its top.
  const start = begin !== null && owners[0] === begin.owner ? begin.place : null
  let next: string | null = null
  let last = begin
  for await (const each of findRules(store, owners, filter, start)) {
    const { owner, rule } = each
    const unreadable = rule ? null : each.unreadable
    const entry = rule ?? (unreadable === null ? null : { owner, unreadable })
    if (entry && !page.add(entry, rule?.json.length ?? 0)) {
      next = last && cursorAt(last)
      break
    }
    last = { owner, place: rule?.place ?? THROUGH }
    if (!isOver() || (rule === null && owner === owners.at(-1))) continue
    next = cursorAt(last)
    break
  }
  return { body: await shown(call, page.entries), ...pageReply(call, next, null) }
}

/** In the place of an owner's rules that cannot be read, any of which may fit. */
interface Unread {
  readonly owner: string
  readonly unreadable: string
}

async function shown(call: Call, found: readonly (FoundRule | Unread)[]): Promise<readonly object[]> {
  const entries: object[] = []
  // Effects look at wider owners, too: those of all rules here are the same few.
  const store = readOnce(call.context.store)
  for (const owner of new Set(found.map((each) => each.owner))) {
    const ofOwner = found.filter((each) => each.owner === owner)
    for (const each of ofOwner) if ('unreadable' in each) entries.push(placeholder(call, each))
    const rules = ofOwner.filter((each) => 'json' in each)
    if (rules.length === 0) continue
    const ids = rules.map(({ id }) => id)
    const among = rules[0]?.among ?? 0
    const effects = among > EFFECTS_MAX ? NONE : await glances(call, owner, ids, store)
    const duplicates = among > COMPARED_MAX ? NONE : await duplicatesOf(store, owner)
    for (const { id, json, problem, names } of rules) {
      const shared = { owner, id, rule: valueOf(json), etag: etagOf(json), problem }
      const more = { effect: effects.get(id) ?? null, sameAs: duplicates.get(id) ?? null }
      entries.push({ ...shared, ...more, names })
    }
  }
  return entries
}

function placeholder(call: Call, { owner, unreadable }: Unread): object {
  const [problem] = unreadFor(call, new Map([[owner, unreadable]]))
  return { owner, id: '', rule: null, etag: '', problem, effect: null, sameAs: null, names: [] }
}

interface Begin {
  readonly owner: string
  readonly place: NonNullable<Start>
}

/** Behind all rules of an owner. */
const THROUGH = { position: Infinity, id: '\uffff' }

function cursorAt({ owner, place: { position, id } }: Begin): string {
  return `${encodeURIComponent(owner)} ${position}.${id}`
}

function beginOf(call: Call): Begin | null {
  const cursor = cursorOf(call)
  if (cursor === null) return null
  const [, owner, position, id] = /^(\S+) (\d{1,10}|Infinity)\.(.+)$/.exec(cursor) ?? []
  if (owner === undefined || position === undefined || id === undefined) throw badCursor(cursor)
  try {
    return { owner: decodeURIComponent(owner), place: { id, position: Number(position) } }
  } catch {
    throw badCursor(cursor)
  }
}

/** Sending domains and their services: the switch without which the rules of a domain sleep. */
import { domainNamed, isServiceOn, rulesSwitched, setService } from '../../admin/set-service.js'
import { removeDomain } from '../../admin/remove-domain.js'
import { readReadable } from '../../admin/whole-store.js'
import { checkingRule, helpProblems, serviceProblem } from '../../admin/entry-problems.js'
import type { FailuresByDomain } from '../../report/recent-failures.js'
import { readSenderHelp } from '../../rules/sender-help.js'
import { EVERYONE, parseOwner, serviceDomainOf } from '../../rules/owner.js'
import type { OwnerEntries } from '../../rules/owner-entries.js'
import { Groups } from '../../rules/group.js'
import type { Language } from '../../text/language.js'
import { sorting, type InPieces } from '../../work/pieces.js'
import { parseRule } from '../../rules/check-rule.js'
import { inPieces } from '../../work/turns.js'
import { maySee } from '../auth/permission.js'
import { assertSeen, etagOf } from '../etag.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { changeableOwner, editorOf, param, visibleDomain } from '../owner-access.js'
import { cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, etag, flag, language, list, nullable, object, text } from '../schemas.js'

/** So many names are looked at between two yields. */
const PIECE = 200

const row = {
  domain: { ...text, description: 'Or `*`, the whole service, which is always on.' },
  enabled: flag,
  rules: object({ outgoing: count, incoming: count, enabled: count }),
  problems: list(text),
  contact: { ...nullable(text), description: 'Whom its senders can ask about a bounce, which says so.' },
  link: { ...nullable(text), description: 'An https URL in bounces, where its senders can read more.' },
  language: { ...nullable(language), description: 'Of bounces to its senders, where a message says none.' },
  failures24h: {
    ...nullable(count),
    description:
      'Messages of the domain that TLS failed for within a day, of `*` those of its rules; null where that is not recorded, or the log cannot be read.',
  },
  etag: {
    ...nullable(etag),
    description: 'For If-Match; null where message rules were never switched on or off for the domain.',
  },
}
const domain: Schema = object(row)
const domainWithSenders: Schema = object({
  ...row,
  senders: {
    ...list(object({ owner: text, rules: count })),
    description: 'Senders of the domain that have rules of their own.',
  },
})

const switchedDomain: Schema = object({
  ...(domainWithSenders['properties'] as Readonly<Record<string, Schema>>),
  effects: effectsSchema,
})

interface DomainRow {
  readonly domain: string
  readonly enabled: boolean
  readonly rules: { readonly outgoing: number; readonly incoming: number; readonly enabled: number }
  readonly problems: readonly string[]
  readonly contact: string | null
  readonly link: string | null
  readonly language: Language | null
  readonly failures24h: number | null
  readonly etag: string | null
}

interface DomainWithSenders extends DomainRow {
  readonly senders: readonly { readonly owner: string; readonly rules: number }[]
}

export const domainRoutes = [
  route({
    method: 'get',
    path: '/domains',
    operationId: 'listDomains',
    rules: 'shown',
    summary: 'All domains that have rules, or message rules switched on or off, and `*`.',
    needs: 'reader',
    query: pageQuery,
    paged: true,
    answers: { 200: list(domain) },
    handle: listDomains,
  }),
  route({
    method: 'get',
    path: '/domains/{domain}',
    operationId: 'getDomain',
    rules: 'shown',
    summary: 'One domain, with its senders that have rules.',
    needs: 'reader',
    answers: { 200: domainWithSenders },
    handle: async (call) => {
      const name = visibleDomain(call, param(call, 'domain'))
      const row = await rowOf(call, name)
      if (row === undefined) throw notFound(`domain ${name}`)
      return { body: row, ...(row.etag === null ? {} : { etag: row.etag }) }
    },
  }),
  route<{ readonly enabled: boolean }>({
    method: 'put',
    path: '/domains/{domain}',
    operationId: 'setDomain',
    rules: 'changed',
    summary: 'Switch message rules on or off for a domain; its rules stay.',
    needs: 'editor',
    confirms: true,
    precondition: true,
    body: object({ enabled: flag }),
    answers: { 200: switchedDomain },
    handle: setDomain,
  }),
  route({
    method: 'delete',
    path: '/domains/{domain}',
    operationId: 'removeDomain',
    rules: 'changed',
    summary:
      'Remove a domain with its rules and those of its senders; the history takes it back in one step.',
    needs: 'editor',
    confirms: true,
    precondition: true,
    answers: { 200: object({ rules: { ...count, description: 'How many rules went with it.' } }) },
    handle: remove,
  }),
]

async function listDomains(call: Call): Promise<Reply> {
  const { store, recentFailures } = call.context
  const [services, owners, groups, failures] = await Promise.all([
    store.services(),
    store.owners(),
    store.groups(),
    recentFailures.byDomain(),
  ])
  const domains = await inPieces(findingDomains(call, services.keys(), owners))
  const after = cursorOf(call)
  const context = { groups: new Groups(groups), failures }
  const page = new Page<DomainRow>(call)
  let next: string | null = null
  for (const [name, ofDomain] of domains) {
    if (after !== null && name <= after) continue
    const { entries, leftOut } = await readReadable(store, ofDomain)
    const row = await toRow(name, services.get(name) ?? null, entries, context, leftOut)
    if (page.add(row, lengthOf(row))) continue
    next = page.entries.at(-1)?.domain ?? null
    break
  }
  return { body: page.entries, ...pageReply(call, next, domains.length) }
}

/** All domains that may be seen, in order, each with the owners that belong to it. */
function* findingDomains(
  { identity }: Call,
  services: Iterable<string>,
  owners: readonly string[],
): InPieces<readonly (readonly [domain: string, owners: readonly string[]])[]> {
  const visible = (owner: string) => {
    const parsed = parseOwner(owner)
    return 'owner' in parsed && parsed.owner === owner && maySee(identity, owner)
  }
  const found = new Map<string, string[]>()
  let looked = 0
  for (const name of [...services, EVERYONE, ...identity.domains]) {
    if (visible(name)) found.set(name, [])
    if (++looked % PIECE === 0) yield
  }
  for (const owner of owners) {
    if (++looked % PIECE === 0) yield
    if (!visible(owner)) continue
    const name = serviceDomainOf(owner) ?? EVERYONE
    const ofDomain = found.get(name)
    if (ofDomain) ofDomain.push(owner)
    else found.set(name, [owner])
  }
  return yield* sorting([...found], ([a], [b]) => (a < b ? -1 : 1))
}

async function rowOf({ context }: Call, name: string): Promise<DomainWithSenders | undefined> {
  const { store, recentFailures } = context
  const [services, owners, groups] = await Promise.all([store.services(), store.owners(), store.groups()])
  const ofDomain = owners.filter((owner) => serviceDomainOf(owner) === name)
  const service = services.get(name) ?? null
  if (service === null && ofDomain.length === 0) return undefined
  const failures = await recentFailures.byDomain()
  const { entries, leftOut } = await readReadable(store, ofDomain)
  const senders = entries
    .filter(({ owner, rules }) => owner !== name && rules.size > 0)
    .map(({ owner, rules }) => ({ owner, rules: rules.size }))
  const row = await toRow(name, service, entries, { groups: new Groups(groups), failures }, leftOut)
  return { ...row, senders }
}

/** What all rows are made with. */
interface RowContext {
  readonly groups: Groups
  readonly failures: FailuresByDomain | null
}

async function toRow(
  name: string,
  service: string | null,
  entries: readonly OwnerEntries[],
  { groups, failures }: RowContext,
  leftOut: ReadonlyMap<string, string>,
): Promise<DomainRow> {
  const wrong = service === null ? null : serviceProblem(name, service)
  const { help } = readSenderHelp(service)
  const problems = [
    ...(wrong === null ? [] : [`The switch of ${name}: ${wrong}`]),
    ...(service === null ? [] : helpProblems(service).map((each) => `The entry of ${name}: ${each}`)),
    ...leftOut.values(),
  ]
  const rules = { outgoing: 0, incoming: 0, enabled: 0 }
  for (const ofOwner of entries) await inPieces(counting(ofOwner, groups, rules, problems))
  return {
    domain: name,
    enabled: name === EVERYONE || isServiceOn(service) === true,
    rules,
    problems,
    ...help,
    failures24h: failures && (failures.get(name) ?? 0),
    etag: service === null ? null : etagOf(service),
  }
}

function* counting(
  { owner, rules }: OwnerEntries,
  groups: Groups,
  counts: { outgoing: number; incoming: number; enabled: number },
  problems: string[],
): InPieces<void> {
  for (const [id, json] of rules) {
    const found = yield* checkingRule(owner, id, json, groups)
    // A rule whose group is not valid is counted all the same.
    const checked = 'problem' in found ? yield* parseRule(json) : found
    if ('problem' in found) problems.push(`Rule ${id} of ${owner}: ${found.problem}`)
    if ('rule' in checked) {
      counts[checked.rule.direction]++
      if (checked.rule.enabled) counts.enabled++
    }
    yield
  }
}

function lengthOf({ domain, problems }: DomainRow): number {
  return problems.reduce((sum, problem) => sum + problem.length, domain.length)
}

async function remove(call: Call): Promise<Reply> {
  const name = visibleDomain(call, param(call, 'domain'))
  changeableOwner(call, name)
  const row = await rowOf(call, name)
  if (row === undefined) throw notFound(`domain ${name}`)
  assertSeen(call, `domain ${name}`, ...(row.etag === null ? [] : [row.etag]))
  return { body: { rules: await removeDomain(editorOf(call), name) } }
}

async function setDomain(call: Call<{ readonly enabled: boolean }>): Promise<Reply> {
  const { context, body } = call
  const { store } = context
  const given = visibleDomain(call, param(call, 'domain'))
  changeableOwner(call, given)
  const { service } = await store.readOwner(given)
  const name = service === null ? domainNamed(param(call, 'domain'), new Map()) : given
  assertSeen(call, `the switch of ${name}`, ...(service === null ? [] : [etagOf(service)]))
  await setService(editorOf(call), name, body.enabled, service)
  const row = await rowOf(call, name)
  if (row === undefined) throw new Problem(409, 'changed-meanwhile', `Domain ${name} is gone again.`)
  const effects = await effectsOf(call, await rulesSwitched(store, name))
  return { body: { ...row, effects }, ...(row.etag === null ? {} : { etag: row.etag }) }
}

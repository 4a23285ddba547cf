/** Sending domains and their services: the switch without which the rules of a domain sleep. */
import { readReadable } from '../../entries/whole-store.js'
import { ruleProblem, serviceProblem } from '../../entries/entry-problems.js'
import type { FailuresByDomain } from '../../report/recent-failures.js'
import { EVERYONE, parseOwner, serviceDomainOf } from '../../rules/owner.js'
import { parseService, type OwnerEntries } from '../../rules/owner-entries.js'
import { Groups } from '../../rules/group.js'
import { parseRule } from '../../rules/rule.js'
import { maySee } from '../auth/permission.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, param, visibleDomain } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, etag, flag, list, nullable, object, text } from '../schemas.js'

const row = {
  domain: { ...text, description: 'Or `*`, the whole service, which is always on.' },
  enabled: flag,
  rules: object({ outgoing: count, incoming: count, enabled: count }),
  problems: list(text),
  failures24h: {
    ...nullable(count),
    description:
      'Messages of the domain that TLS failed for within a day, of `*` those of its rules; null where that is not recorded, or the log can not be read.',
  },
  etag: { ...nullable(etag), description: 'For If-Match; null where the domain has no service yet.' },
}
const domain: Schema = object(row)
const domainWithSenders: Schema = object({
  ...row,
  senders: {
    ...list(object({ owner: text, rules: count })),
    description: 'Senders of the domain that have rules of their own.',
  },
})

interface DomainRow {
  readonly domain: string
  readonly enabled: boolean
  readonly rules: { readonly outgoing: number; readonly incoming: number; readonly enabled: number }
  readonly problems: readonly string[]
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
    summary: 'All domains that have a service or rules, and `*`.',
    needs: 'reader',
    answers: { 200: list(domain) },
    handle: listDomains,
  }),
  route({
    method: 'get',
    path: '/domains/{domain}',
    operationId: 'getDomain',
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
    summary: 'Switch the service of a domain on or off; its rules stay.',
    needs: 'editor',
    precondition: true,
    body: object({ enabled: flag }),
    answers: { 200: domainWithSenders },
    handle: setDomain,
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
  const visible = (owner: string) => {
    const parsed = parseOwner(owner)
    return 'owner' in parsed && parsed.owner === owner && maySee(call.identity, owner)
  }
  const { entries, leftOut } = await readReadable(store, owners.filter(visible))
  const names = [
    ...services.keys(),
    ...[...leftOut.keys(), ...entries.map(({ owner }) => owner)].map(domainOf),
    EVERYONE,
    ...call.identity.domains,
  ]
  const rows = [...new Set(names)].filter(visible).sort()
  const context = { groups: new Groups(groups), failures, leftOut }
  const byDomain = new Map<string, OwnerEntries[]>()
  for (const each of entries) {
    const name = serviceDomainOf(each.owner) ?? EVERYONE
    byDomain.set(name, [...(byDomain.get(name) ?? []), each])
  }
  return {
    body: rows.map((name) => toRow(name, services.get(name) ?? null, byDomain.get(name) ?? [], context)),
  }
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
  return { ...toRow(name, service, entries, { groups: new Groups(groups), failures, leftOut }), senders }
}

/** What all rows are made with. */
interface RowContext {
  readonly groups: Groups
  readonly failures: FailuresByDomain | null
  /** What is wrong with owners whose rules can't be read. */
  readonly leftOut: ReadonlyMap<string, string>
}

function toRow(
  name: string,
  service: string | null,
  entries: readonly OwnerEntries[],
  { groups, failures, leftOut }: RowContext,
): DomainRow {
  const texts = entries.flatMap(({ owner, rules }) => [...rules].map(([id, json]) => ({ owner, id, json })))
  const rules = texts.flatMap(({ json }) => {
    const checked = parseRule(json)
    return 'rule' in checked ? [checked.rule] : []
  })
  const wrong = service === null ? null : serviceProblem(name, service)
  const problems = texts.flatMap(({ owner, id, json }) => {
    const found = ruleProblem(owner, id, json, groups)
    return found === null ? [] : [`Rule ${id} of ${owner}: ${found}`]
  })
  const unread = [...leftOut].filter(([owner]) => domainOf(owner) === name).map(([, why]) => why)
  return {
    domain: name,
    enabled: name === EVERYONE || isOn(service),
    rules: {
      outgoing: rules.filter(({ direction }) => direction === 'outgoing').length,
      incoming: rules.filter(({ direction }) => direction === 'incoming').length,
      enabled: rules.filter(({ enabled }) => enabled).length,
    },
    problems: [...(wrong === null ? [] : [`The service of ${name}: ${wrong}`]), ...unread, ...problems],
    failures24h: failures && (failures.get(name) ?? 0),
    etag: service === null ? null : etagOf(service),
  }
}

async function setDomain(call: Call<{ readonly enabled: boolean }>): Promise<Reply> {
  const { context, identity, body } = call
  const name = visibleDomain(call, param(call, 'domain'))
  changeableOwner(call, name)
  const { service } = await context.store.readOwner(name)
  assertSeen(call, `the service of ${name}`, ...(service === null ? [] : [etagOf(service)]))
  const value = JSON.stringify({ ...otherFields(service), enabled: body.enabled })
  await context.store.writeService(name, service, value, { by: identity.author })
  const row = await rowOf(call, name)
  if (row === undefined) throw new Problem(409, 'changed-meanwhile', `Domain ${name} is gone again.`)
  return { body: row, ...(row.etag === null ? {} : { etag: row.etag }) }
}

/** The row that an owner belongs to. */
function domainOf(owner: string): string {
  return serviceDomainOf(owner) ?? EVERYONE
}

function isOn(service: string | null): boolean {
  if (service === null) return false
  const parsed = parseService(service)
  return !('problem' in parsed) && parsed.enabled
}

/** Fields of a service that other versions or people put there are kept. */
function otherFields(service: string | null): object {
  if (service === null || 'problem' in parseService(service)) return {}
  return JSON.parse(service) as object
}

/**
 * What is said of one message that waits: who, to whom, by which rules, since when, why, and what comes next. It is
 * written into the store for all to read, so it is bounded, and what is no record reads as `null`. Pure.
 */
import { DECIDED_BY_SCHEMA } from '../rules/requirement.js'
import { createHash } from 'node:crypto'
import type { JSONSchemaType } from 'ajv'
import { recipientsKey, type Wait } from '../delivery/waiting.js'
import { addressText } from '../haraka/address.js'
import type { HarakaMailItem } from '../haraka/types.js'
import { isAskedInEarnest } from '../requiretls/ask.js'
import { parsedAs } from '../rules/json.js'
import { demandKey, requirementKey, type Requirement } from '../rules/requirement.js'
import { oneLine } from '../text/one-line.js'
import { jsonShape } from '../work/json-shape.js'

/** Recipients and rules that are listed; there may be more. */
const LISTED_MAX = 20
const [ADDRESS_MAX, NAME_MAX, DETAIL_MAX] = [320, 120, 300]

/** A message that waits; texts of unknown content, each one line. */
export interface WaitingRecord {
  /** Names the queue item, on its node. */
  readonly id: string
  /** As in Haraka's log. */
  readonly uuid: string
  /** The envelope's; empty for `<>`. */
  readonly sender: string
  /** The first ones. */
  readonly recipients: string[]
  /** How many there are. */
  readonly recipientCount: number
  /** The recipients' domain. */
  readonly domain: string
  readonly rules: { owner: string; id: string; name: string }[]
  /** What is required; empty while the rules are unknown. */
  readonly level: string
  /** Class of failure; empty where it has none. */
  readonly class: string
  readonly detail: string
  /** The host that failed; empty for none. */
  readonly host: string
  /** When it was queued, tried next, given up, in ISO 8601 and UTC. */
  readonly since: string
  readonly next: string
  readonly until: string
  /** Attempts so far that count. */
  readonly tries: number
  /** Stands for what is required of which recipients. */
  readonly demand: string
  /** Stands for what is required of a server, whichever rules it comes from; empty while they are unknown. */
  readonly terms: string
  /** The gateway that it waits for, by name; absent where it waits for none. */
  readonly gateway?: string
  /** Its sender asks for REQUIRETLS, which nobody else can waive; absent for one that does not. */
  readonly askedFor?: boolean
}

const text = { type: 'string', maxLength: 1000 } as const
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]{8,12}Z$' } as const
const SCHEMA: JSONSchemaType<WaitingRecord> = {
  type: 'object',
  properties: {
    id: { type: 'string', pattern: '^[\\w-]{1,100}$' },
    uuid: text,
    sender: text,
    recipients: { type: 'array', items: text, maxItems: LISTED_MAX },
    recipientCount: { type: 'integer', minimum: 0 },
    domain: text,
    rules: {
      type: 'array',
      maxItems: LISTED_MAX,
      items: DECIDED_BY_SCHEMA,
    },
    level: text,
    class: text,
    detail: text,
    host: text,
    since: time,
    next: time,
    until: time,
    tries: { type: 'integer', minimum: 0 },
    demand: text,
    terms: text,
    gateway: { ...text, nullable: true },
    askedFor: { type: 'boolean', nullable: true },
  },
  required: [
    ...([
      'id',
      'uuid',
      'sender',
      'recipients',
      'recipientCount',
      'domain',
      'rules',
      'level',
      'class',
    ] as const),
    ...(['detail', 'host', 'since', 'next', 'until', 'tries', 'demand', 'terms'] as const),
  ],
}
const isRecord = jsonShape(SCHEMA)

/** What is said of an item. */
export function recordOf(id: string, { todo, num_failures }: HarakaMailItem, wait: Wait): WaitingRecord {
  const { requirement, failure, host, next, until } = wait
  return {
    id,
    uuid: oneLine(todo.uuid, NAME_MAX),
    sender: oneLine(addressText(todo.mail_from), ADDRESS_MAX),
    recipients: todo.rcpt_to.slice(0, LISTED_MAX).map((each) => oneLine(addressText(each), ADDRESS_MAX)),
    recipientCount: todo.rcpt_to.length,
    domain: oneLine(todo.domain, ADDRESS_MAX),
    rules: (requirement?.decidedBy ?? []).slice(0, LISTED_MAX).map((rule) => ({
      owner: oneLine(rule.owner, ADDRESS_MAX),
      id: oneLine(rule.id, NAME_MAX),
      name: oneLine(rule.name, NAME_MAX),
    })),
    level: requirement?.level ?? '',
    class: failure.class ?? '',
    detail: oneLine(failure.detail, DETAIL_MAX),
    host: oneLine(host, ADDRESS_MAX),
    since: timeText(todo.queue_time),
    next: timeText(next),
    until: timeText(until),
    tries: num_failures,
    demand: requirement ? demandOf(todo.rcpt_to, requirement) : '',
    terms: requirement ? termsOf(requirement) : '',
    ...(wait.gateway ? { gateway: oneLine(wait.gateway, NAME_MAX) } : {}),
    ...(requirement && isAskedInEarnest(requirement) ? { askedFor: true } : {}),
  }
}

/** The same text for the same requirement of the same recipients. */
export function demandOf(recipients: HarakaMailItem['todo']['rcpt_to'], requirement: Requirement): string {
  return createHash('sha256')
    .update(requirementKey(requirement))
    .update('\n')
    .update(recipientsKey(recipients))
    .digest('base64url')
}

/** The same text for requirements that demand the same of a server: where one is fulfilled, so is the other. */
export function termsOf(requirement: Requirement): string {
  return createHash('sha256').update(demandKey(requirement)).digest('base64url')
}

/** Names what mail waits for: a partner's servers, and what they have to fulfil. Short, whatever the domain. */
export function partnerKey(domain: string, terms: string): string {
  return createHash('sha256').update(`${domain}\n${terms}`).digest('base64url')
}

/** Names a gateway that mail waits for. */
export function gatewayKey(name: string): string {
  return partnerKey('', `gateway ${name}`)
}

/** What a message waits for, any of which may let it go. */
export function awaitedBy({
  domain,
  terms,
  gateway,
}: Pick<WaitingRecord, 'domain' | 'terms' | 'gateway'>): string[] {
  return [
    ...(terms === '' ? [] : [partnerKey(domain, terms)]),
    ...(gateway === undefined ? [] : [gatewayKey(gateway)]),
  ]
}

/** A record out of the store; `null` for what is none. */
export function parseRecord(json: string): WaitingRecord | null {
  const value = parsedAs(json, isRecord)
  const times = value ? [value.since, value.next, value.until] : []
  return times.every((at) => !Number.isNaN(Date.parse(at))) ? value : null
}

function timeText(at: number): string {
  const date = new Date(at)
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString()
}

/**
 * What an administrator orders for a message that waits, and what became of it, as they go through the store. What is
 * no order reads as `null`, so that it is never carried out. Pure.
 */
import type { JSONSchemaType } from 'ajv'
import { parsedAs } from '../rules/json.js'
import { jsonShape } from '../work/json-shape.js'

/** The names of the shared hashes. */
export const HASHES = {
  /** By node: who it is, and when it was seen. */
  nodes: 'nodes',
  /** By process of a node: how many items it has not tried since it started. */
  untried: (node: string): string => `untried:${node}`,
  /** By item: what waits on a node. */
  items: (node: string): string => `items:${node}`,
  /** By item: what is ordered for it, and not yet taken. */
  orders: (node: string): string => `orders:${node}`,
  /** By item: leave to go without what is required. */
  grants: (node: string): string => `grants:${node}`,
  /** By order: what became of it. */
  answers: 'answers',
  /** By domain: mail for it waits, or has waited. */
  partners: 'partners',
  /** By domain: mail for it gets through. */
  working: 'working',
} as const

/** What can be ordered. */
export type Action = 'retry' | 'fail' | 'release'

/** One order for one item. */
export interface Order {
  readonly id: string
  readonly item: string
  readonly action: Action
  readonly by: string
  readonly reason: string
  /** When, in ISO 8601 and UTC. */
  readonly at: string
  /** What was required of whom, as whoever ordered it was shown. */
  readonly demand: string
  /** The class of failure that it waited for then; absent where nobody was shown one. */
  readonly class?: string
}

/** What became of an order. */
export interface Answer {
  readonly order: string
  readonly item: string
  /** Whether it was carried out. */
  readonly done: boolean
  /** As a sentence without a full stop. */
  readonly says: string
  readonly at: string
}

/** Leave for one item, which its node keeps until the item is gone. */
export interface Grant extends Order {
  readonly uuid: string
  /** Whether TLS is needed, and only what it lacks is passed over. */
  readonly encrypted: boolean
}

/** An order that is older is not carried out: whoever gave it has long been told that nobody took it. In milliseconds. */
export const ORDERS_LAST = 60_000

const text = { type: 'string', maxLength: 1000 } as const
const filled = { type: 'string', minLength: 1, maxLength: 1000 } as const
const orderProperties = {
  id: text,
  item: text,
  action: { type: 'string', enum: ['retry', 'fail', 'release'] },
  by: text,
  reason: text,
  at: text,
  demand: text,
  class: { ...text, nullable: true },
} as const
const ORDER_KEYS = ['id', 'item', 'action', 'by', 'reason', 'at', 'demand'] as const
const ORDER: JSONSchemaType<Order> = {
  type: 'object',
  properties: orderProperties,
  required: ORDER_KEYS,
}
const GRANT: JSONSchemaType<Grant> = {
  type: 'object',
  properties: { ...orderProperties, by: filled, reason: filled, uuid: text, encrypted: { type: 'boolean' } },
  required: [...ORDER_KEYS, 'uuid', 'encrypted'],
}
const ANSWER: JSONSchemaType<Answer> = {
  type: 'object',
  properties: { order: text, item: text, done: { type: 'boolean' }, says: text, at: text },
  required: ['order', 'item', 'done', 'says', 'at'],
}
const [isOrder, isGrant, isAnswer] = [jsonShape(ORDER), jsonShape(GRANT), jsonShape(ANSWER)]

/** An order out of the store. @param item whose field it stands in */
export function parseOrder(json: string, item: string): Order | null {
  const value = parsedAs(json, isOrder)
  return value?.item === item ? value : null
}

/** Whether an order was given so long ago, or by so wrong a clock, that it is not carried out. @param now ms since the epoch */
export function isStale({ at }: Order, now = Date.now()): boolean {
  return !(Math.abs(now - Date.parse(at)) <= ORDERS_LAST)
}

/** A grant out of the store. @param item whose field it stands in */
export function parseGrant(json: string, item: string): Grant | null {
  const value = parsedAs(json, isGrant)
  return value?.item === item && value.action === 'release' ? value : null
}

/** An answer out of the store. */
export function parseAnswer(json: string): Answer | null {
  return parsedAs(json, isAnswer)
}

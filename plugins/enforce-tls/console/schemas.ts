/** The shapes that several routes share, as JSON Schemas; what a rule may hold is said by `rules/rule-schema.ts`. */
import { ruleSchema } from '../rules/rule-schema.js'
import { LANGUAGES } from '../text/language.js'
import type { Schema } from './route.js'

/** An object with exactly these fields. */
export function object(properties: Readonly<Record<string, Schema>>, ...optional: readonly string[]): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

/** A list of values of one shape. */
export function list(items: Schema, maxItems?: number): Schema {
  return { type: 'array', items, ...(maxItems === undefined ? {} : { maxItems }) }
}

export const text: Schema = { type: 'string' }
export const shortText: Schema = { type: 'string', maxLength: 1000 }
export const language: Schema = { type: 'string', enum: [...LANGUAGES] }
export const flag: Schema = { type: 'boolean' }
export const count: Schema = { type: 'integer', minimum: 0 }
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
export const etag: Schema = { type: 'string', description: 'Its version, for If-Match.' }
export const problem: Schema = {
  ...nullable(text),
  description: 'What is wrong with it as stored; null if it is valid.',
}

/** What the delivery log has about a rule. */
export const ruleReport: Schema = object({
  owner: text,
  id: text,
  level: { ...nullable(text), description: 'The level that report mode checked; null for any.' },
  reported: object({
    messages: count,
    wouldBounce: count,
    wouldWait: count,
    wouldDeliver: count,
    wouldDeliverAsUsual: count,
    unknown: count,
  }),
  partners: list(object({ domain: text, wouldBounce: count, wouldWait: count })),
  otherLevels: { ...count, description: 'Messages that report mode checked at another level.' },
  enforced: object({
    messages: count,
    delivered: count,
    requiretls: { ...count, description: 'Of those delivered: handed on with REQUIRETLS.' },
    rerouted: { ...count, description: 'Handed to a gateway over a verified session.' },
    bounced: count,
    kept: count,
    waiting: count,
    released: { ...count, description: 'Released by an administrator: sent without what the rules require.' },
    other: { ...count, description: 'With a result that this version does not know.' },
    asUsual: { ...count, description: 'Delivered with or without TLS: not among messages.' },
    freed: { ...count, description: 'Put off until TLS was not required any more: not among messages.' },
    waived: {
      ...count,
      description:
        'Freed of what their rules require by their senders (TLS-Required: No): not among messages.',
    },
    waivedClear: { ...count, description: 'Of those waived: went in the clear.' },
    waivedTls: { ...count, description: 'Of those waived: left over TLS. Of the rest that is not recorded.' },
  }),
})

/** A rule as the store takes it. */
export const rule: Schema = ruleSchema
/** A rule in a request: the check that the store makes names each field that is wrong. */
export const draft: Schema = {
  type: 'object',
  description:
    'A rule as in #/components/schemas/Rule. Defaults: direction outgoing, enabled false, position unchanged.',
}
/** A rule as it stands: also what is no valid rule is shown. */
export const standing: Schema = {
  description: 'The rule. If `problem` is not null, it may be any value, as it was written into the store.',
}

/** Of a rule in a list. */
export const sameAs: Schema = {
  ...nullable(object({ id: text, name: text })),
  description:
    'The first rule of the owner with the very same criteria; null for none, and where the owner has more than 5,000 rules.',
}

/** What every answer with a rule has. */
export const ownedRuleFields = { owner: text, id: text, rule: standing, etag, problem } as const

/** Where the intended value can be guessed. */
export const suggestion: Schema = {
  type: 'array',
  items: { type: 'string' },
  description: 'Valid values to use instead.',
}

/** Of a rule in the answer to a change. */
export const problemAfterChange: Schema = {
  ...nullable(text),
  description:
    'What is wrong with entries of the owner after the change; null if all are valid. The change itself is in force.',
}

export const error: Schema = object({
  error: object(
    {
      code: { ...text, description: 'A stable code for what is wrong.' },
      message: { ...text, description: 'What is wrong, as a sentence.' },
      field: { ...text, description: 'The invalid field.' },
      value: { description: 'Its value.' },
      suggestion,
    },
    'field',
    'value',
    'suggestion',
  ),
})

/** Beside what was found. */
export const unread: Schema = {
  ...list(text),
  description: 'Rules that cannot be read, each a sentence: what is asked for may be among them.',
}

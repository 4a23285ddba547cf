/**
 * The JSON Schema of a rule: shapes and limits of every field. Pure; gives the first thing that is not as
 * expected, with the field, the value and what is expected.
 */
import { Ajv, type ErrorObject, type JSONSchemaType, type ValidateFunction } from 'ajv'
import { LEVEL_NAMES, ON_FAILURE, ONWARD, OTHERWISE, TLS_VERSIONS } from './levels.js'
import type { Rule, RuleProblem } from './rule.js'
import { describeSchemaError } from './schema-problem.js'
import { PATTERN_LENGTH_MAX } from './pattern.js'
import { GATEWAY_NAME_MAX } from './gateway-name.js'

/** The longest rule name, in characters. */
const NAME_MAX = 200
/** The longest comment, in characters. */
const COMMENT_MAX = 1000
/** The most patterns that one criterion may hold; more of them belong into a group. */
export const PATTERNS_MAX = 10_000

/** The most texts of one subject or header criterion. */
const TEXTS_MAX = 100
/** The longest text of a subject or header criterion, in characters. */
const TEXT_LENGTH_MAX = 300
/** The most header criteria of a rule. */
const HEADERS_MAX = 20
/** The longest header field name, in characters. */
const HEADER_NAME_MAX = 100
/** The most names or fingerprints of an action. */
const NAMES_MAX = 100
const FINGERPRINT_LENGTH_MAX = 95
const TRUST_LENGTH_MAX = 64
/** The longest time, in characters: RFC 3339 with nanoseconds and offset. */
const TIME_LENGTH_MAX = 35

function texts(maxItems: number, maxLength: number) {
  const items = { type: 'string', minLength: 1, maxLength } as const
  return { type: 'array', minItems: 1, maxItems, items, nullable: true } as const
}

const addresses = {
  type: 'object',
  required: [],
  additionalProperties: false,
  properties: {
    matchesAny: texts(PATTERNS_MAX, PATTERN_LENGTH_MAX),
    matchesNone: texts(PATTERNS_MAX, PATTERN_LENGTH_MAX),
  },
  nullable: true,
} as const

const words = {
  matchesAny: texts(TEXTS_MAX, TEXT_LENGTH_MAX),
  matchesNone: texts(TEXTS_MAX, TEXT_LENGTH_MAX),
} as const

const time = { type: 'string', minLength: 1, maxLength: TIME_LENGTH_MAX, nullable: true } as const

const schema: JSONSchemaType<Rule> = {
  type: 'object',
  required: ['name', 'direction', 'enabled', 'position', 'criteria', 'actions'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: NAME_MAX, pattern: '^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$' },
    comment: { type: 'string', minLength: 1, maxLength: COMMENT_MAX, nullable: true },
    direction: { type: 'string', enum: ['outgoing', 'incoming'] },
    enabled: { type: 'boolean' },
    mode: { type: 'string', enum: ['enforce', 'report'], nullable: true },
    position: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
    startsAt: time,
    expiresAt: time,
    criteria: {
      type: 'object',
      required: [],
      additionalProperties: false,
      properties: {
        to: addresses,
        from: addresses,
        subject: {
          type: 'object',
          required: [],
          additionalProperties: false,
          properties: words,
          nullable: true,
        },
        header: {
          type: 'array',
          minItems: 1,
          maxItems: HEADERS_MAX,
          items: {
            type: 'object',
            required: ['name'],
            additionalProperties: false,
            properties: { name: { type: 'string', minLength: 1, maxLength: HEADER_NAME_MAX }, ...words },
          },
          nullable: true,
        },
      },
    },
    actions: {
      type: 'object',
      required: [],
      additionalProperties: false,
      properties: {
        relayWithTls: {
          type: 'object',
          required: ['level'],
          additionalProperties: false,
          properties: {
            level: { type: 'string', enum: LEVEL_NAMES },
            minVersion: { type: 'string', enum: TLS_VERSIONS, nullable: true },
            names: texts(NAMES_MAX, PATTERN_LENGTH_MAX),
            fingerprints: texts(NAMES_MAX, FINGERPRINT_LENGTH_MAX),
            otherwise: { type: 'string', enum: OTHERWISE, nullable: true },
            onFailure: { type: 'string', enum: ON_FAILURE, nullable: true },
            requireOnward: { type: 'string', enum: ONWARD, nullable: true },
            via: { type: 'string', minLength: 1, maxLength: GATEWAY_NAME_MAX, nullable: true },
            trust: { type: 'string', minLength: 1, maxLength: TRUST_LENGTH_MAX, nullable: true },
          },
          nullable: true,
        },
      },
    },
  },
}

/** `nullable` is how ajv's types spell "optional"; a `null` that somebody wrote is refused all the same. */
function withoutNull<T>(part: T): T {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const entries = Object.entries(part).filter(([key]) => key !== 'nullable')
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutNull<unknown>(value)])) as T
}

/** The shape of a rule as JSON Schema. */
export const ruleSchema: Readonly<Record<string, unknown>> = withoutNull(schema)

const ajv = new Ajv({ meta: false, validateSchema: false, allErrors: false, verbose: true })
let validate: ValidateFunction<Rule> | undefined

/** Checks the shape of a rule; never throws. The schema is compiled with the first: not every command reads rules. */
export function checkSchema(value: unknown): { readonly rule: Rule } | RuleProblem {
  validate ??= ajv.compile<Rule>(ruleSchema)
  return validate(value) ? { rule: value } : describeSchemaError(validate.errors?.[0] as ErrorObject)
}

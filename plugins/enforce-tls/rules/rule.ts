/**
 * A message rule: its shape as stored, its JSON Schema, and the check that every rule passes whenever it is
 * read or written. Pure; what does not validate is answered with the field, the value and what is expected.
 */
import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv'
import { LEVEL_NAMES, TLS_VERSIONS, type Level, type TlsVersion } from './levels.js'
import { checkAction } from './action.js'
import { quote } from './owner.js'
import { formatPattern, parsePattern } from './pattern.js'
import type { OnFailure } from './requirement.js'

/** What a rule makes of the messages it matches. */
export interface RelayWithTls {
  readonly level: Level
  /** Lowest TLS version for this rule. @default `[tls] min_version` */
  readonly minVersion?: TlsVersion
  /** Level `secure`: names that the certificate may have besides the recipient's domain. @default none */
  readonly names?: readonly string[]
  /** Level `fingerprint`: SHA-256 fingerprints of certificates or public keys; one of them must fit. */
  readonly fingerprints?: readonly string[]
  /** What happens when no host fulfils the rule. @default `[failure] action` */
  readonly onFailure?: OnFailure
}

/** Conditions on one field; a list is met when any of its values matches. */
export interface AddressCriterion {
  readonly matchesAny: readonly string[]
}

/** A message rule as it is stored, a field of `enforce-tls:rules:<owner>`. */
export interface Rule {
  readonly name: string
  readonly direction: 'outgoing'
  readonly enabled: boolean
  /** Place in the owner's list, 1 is the top; equal positions are ordered by rule id. */
  readonly position: number
  readonly criteria: { readonly to: AddressCriterion }
  readonly actions: { readonly relayWithTls: RelayWithTls }
}

/** The longest rule name, in characters. */
const NAME_MAX = 200
/** The most patterns that one criterion may hold. */
const PATTERNS_MAX = 10_000
/** The longest pattern, in characters: an address of RFC 5321's limits and some room. */
const PATTERN_LENGTH_MAX = 340

/** The most names or fingerprints of an action. */
const NAMES_MAX = 100
const FINGERPRINT_LENGTH_MAX = 95

function texts(maxItems: number, maxLength: number) {
  const items = { type: 'string', minLength: 1, maxLength } as const
  return { type: 'array', minItems: 1, maxItems, items, nullable: true } as const
}

const schema: JSONSchemaType<Rule> = {
  type: 'object',
  required: ['name', 'direction', 'enabled', 'position', 'criteria', 'actions'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: NAME_MAX, pattern: '^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$' },
    direction: { type: 'string', const: 'outgoing' },
    enabled: { type: 'boolean' },
    position: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
    criteria: {
      type: 'object',
      required: ['to'],
      additionalProperties: false,
      properties: {
        to: {
          type: 'object',
          required: ['matchesAny'],
          additionalProperties: false,
          properties: {
            matchesAny: {
              type: 'array',
              minItems: 1,
              maxItems: PATTERNS_MAX,
              items: { type: 'string', minLength: 1, maxLength: PATTERN_LENGTH_MAX },
            },
          },
        },
      },
    },
    actions: {
      type: 'object',
      required: ['relayWithTls'],
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
            onFailure: { type: 'string', enum: ['bounce', 'defer'], nullable: true },
          },
        },
      },
    },
  },
}

const validate = new Ajv({ allErrors: false, verbose: true }).compile(schema)

/** One thing wrong with a rule. */
export interface RuleProblem {
  /** Path of the field, such as `criteria.to.matchesAny[0]`; empty for the rule as a whole. */
  readonly field: string
  /** What is there and what is expected, a sentence without the field. */
  readonly problem: string
}

/** Either the rule, checked and with its patterns in their one spelling, or what is wrong with it. */
export type RuleCheck = { readonly rule: Rule } | RuleProblem

/**
 * Checks a rule that came as a value.
 *
 * @param value anything; never throws.
 */
export function checkRule(value: unknown): RuleCheck {
  if (!validate(value)) return describe(validate.errors?.[0])
  if (value.name.trim() === '') return { field: 'name', problem: 'is only white space; a name is expected' }
  const patterns: string[] = []
  for (const [index, text] of value.criteria.to.matchesAny.entries()) {
    const pattern = parsePattern(text)
    if ('problem' in pattern)
      return { field: `criteria.to.matchesAny[${index}]`, problem: `${quote(text)} ${pattern.problem}` }
    patterns.push(formatPattern(pattern))
  }
  const action = checkAction(value.actions.relayWithTls)
  if ('problem' in action) return action
  return {
    rule: {
      ...value,
      criteria: { to: { matchesAny: [...new Set(patterns)] } },
      actions: { relayWithTls: action },
    },
  }
}

/** Checks a rule that came as JSON text; never throws. */
export function parseRule(json: string): RuleCheck {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    return { field: '', problem: `is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  return checkRule(value)
}

/** A problem as one clause: `field criteria.to: …`, or about the whole when no field is to blame. */
export function formatProblem({ field, problem }: RuleProblem): string {
  return field === '' ? problem : `field ${field}: ${problem}`
}

function describe(error: ErrorObject | undefined): RuleProblem {
  if (!error) return { field: '', problem: 'is not a rule' }
  const field = pathOf(error.instancePath)
  const at = (name: string) => (field === '' ? name : `${field}.${name}`)
  const params = error.params as Record<string, unknown>
  const value = shown(error.data)
  switch (error.keyword) {
    case 'required':
      return { field: at(String(params['missingProperty'])), problem: 'is missing' }
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object).join(', ')
      return { field: at(String(params['additionalProperty'])), problem: `is unknown; known here: ${known}` }
    }
    case 'enum':
      return { field, problem: `${value} is not one of ${(params['allowedValues'] as string[]).join(', ')}` }
    case 'const':
      return { field, problem: `${value} is not ${shown(params['allowedValue'])}` }
    case 'type':
      return { field, problem: `${value} is not of type ${String(params['type'])}` }
    case 'minLength':
      return { field, problem: 'is empty' }
    case 'maxLength':
      return { field, problem: `${value} is longer than ${String(params['limit'])} characters` }
    case 'minItems':
      return { field, problem: 'is an empty list; at least one value is expected' }
    case 'maxItems':
      return { field, problem: `has more than ${String(params['limit'])} values` }
    case 'pattern':
      return { field, problem: `${value} contains a control character or a line break` }
    default:
      return { field, problem: `${value} ${error.message ?? 'is not valid'}` }
  }
}

function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce(
      (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
      '',
    )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  // Undefined for what JSON can't say, whatever its type says.
  const json = (JSON.stringify(value) as string | undefined) ?? String(value)
  return json.length > 80 ? `${json.slice(0, 77)}...` : json
}

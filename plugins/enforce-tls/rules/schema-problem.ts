/** What ajv found, in words: the field, the value (shortened), and what is expected. Pure. */
import type { ErrorObject } from 'ajv'
import { quote } from '../text/quote.js'
import type { RuleProblem } from './rule.js'

/** The first thing that a schema found wrong. */
export function describeSchemaError(error: ErrorObject): RuleProblem {
  const field = pathOf(error.instancePath)
  const at = (name: string) => (field === '' ? name : `${field}.${name}`)
  const params = error.params as Record<string, unknown>
  const value = shown(error.data)
  switch (error.keyword) {
    case 'required':
      return { field: at(String(params['missingProperty'])), problem: 'is missing' }
    case 'additionalProperties': {
      const known = Object.keys(error.parentSchema?.['properties'] as object).join(', ')
      return {
        field: at(keyShown(String(params['additionalProperty']))),
        problem: `is unknown; known here: ${known}`,
      }
    }
    case 'enum': {
      const expected = (params['allowedValues'] as string[]).join(', ')
      return { field, problem: `${value} is not one of ${expected}`, expected, saysExpected: true }
    }
    case 'type':
      return { field, problem: `${value} is not of type ${String(params['type'])}` }
    case 'minLength':
      return { field, problem: 'is empty' }
    case 'maxLength':
      return { field, problem: `${value} is longer than ${String(params['limit'])} characters` }
    case 'minItems':
      return { field, problem: 'is an empty list', expected: 'at least one value' }
    case 'maxItems':
      return { field, problem: `has more than ${String(params['limit'])} values` }
    case 'pattern':
      return { field, problem: `${value} contains a control character or a line break` }
    default:
      return { field, problem: `${value} ${String(error.message)}` }
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

/** A key that somebody made up may be as long, and as odd, as any text. */
function keyShown(key: string): string {
  return /^\w{1,80}$/.test(key) ? key : quote(key)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  // Undefined for what JSON can't say, whatever its type says.
  const json = (JSON.stringify(value) as string | undefined) ?? String(value)
  return json.length > 80 ? `${json.slice(0, 77)}...` : json
}

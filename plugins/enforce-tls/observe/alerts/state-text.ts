/** A partner's state as a store keeps it: JSON. What is none reads as `null`: one bad entry hides no other. Pure. */
import { Ajv, type JSONSchemaType } from 'ajv'
import { FAILURE_CLASS_NAMES } from '../../delivery/outcome.js'
import { parseJson } from '../../rules/json.js'
import type { PartnerState } from './partner-state.js'

const text = { type: 'string' } as const
const number = { type: 'number' } as const

const SCHEMA: JSONSchemaType<PartnerState> = {
  type: 'object',
  properties: {
    domain: text,
    requires: text,
    lastPass: number,
    trouble: {
      type: 'object',
      nullable: true,
      properties: {
        since: number,
        lastAt: number,
        until: { ...number, nullable: true },
        failures: number,
        bounced: number,
        facts: {
          type: 'object',
          properties: {
            class: { type: 'string', nullable: true, enum: [...FAILURE_CLASS_NAMES, null] },
            host: text,
            detail: text,
            rules: {
              type: 'array',
              items: {
                type: 'object',
                properties: { owner: text, id: text, name: text },
                required: ['owner', 'id', 'name'],
              },
            },
          },
          required: ['class', 'host', 'detail', 'rules'],
        },
        told: { type: 'boolean' },
      },
      required: ['since', 'lastAt', 'until', 'failures', 'bounced', 'facts', 'told'],
    },
  },
  required: ['domain', 'requires', 'lastPass', 'trouble'],
} as unknown as JSONSchemaType<PartnerState>
const isState = new Ajv().compile(SCHEMA)

/** The state in a text out of a store. */
export function parseState(json: string | null): PartnerState | null {
  if (json === null) return null
  try {
    const value: unknown = parseJson(json)
    return isState(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Which of the policies that a recipient's domain publishes an attempt was held to, as compact text for an entry of the
 * delivery log, and back. What cannot be read counts as not known. Pure.
 */
import type { JSONSchemaType } from 'ajv'
import type { HostRequirement } from '../../published/host-requirement.js'
import { parsedAs } from '../../rules/json.js'
import type { TlsaRecord } from '../../dns/answer.js'
import { jsonShape } from '../../work/json-shape.js'

/** A policy in the words of RFC 8460 section 4.4. */
export interface AppliedPolicy {
  readonly type: 'tlsa' | 'sts'
  /** Of an MTA-STS policy that is only tested: it failed nothing. */
  readonly testing?: boolean
  /** The Policy Domain: the TLSA base domain, or the domain of the MTA-STS policy. */
  readonly domain: string
  /** Its records, or its lines; as many as there is room for. */
  readonly strings: readonly string[]
}

/** The longest text, in characters: entries are many. */
const TEXT_MAX = 2000

const SCHEMA = {
  type: 'array',
  maxItems: 2,
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      type: { type: 'string', enum: ['tlsa', 'sts'] },
      testing: { type: 'boolean', nullable: true },
      domain: { type: 'string', pattern: '^[\\w-]+(?:\\.[\\w-]+)*$', maxLength: 253 },
      strings: { type: 'array', items: { type: 'string', pattern: '^[\\x20-\\x7e]+$' } },
    },
    required: ['type', 'domain', 'strings'],
  },
} as unknown as JSONSchemaType<AppliedPolicy[]>
const isPolicies = jsonShape(SCHEMA)

/**
 * The policies at a host; `[]` where it is known that the domain publishes none, and `null` where nobody has looked, or
 * not for all kinds.
 */
export function appliedPolicies(requirement: HostRequirement): string | null {
  const { held, published } = requirement
  if (!held) return null
  const inForce = held.sts ?? held.lists
  const sts = inForce ?? held.testing
  const policies: AppliedPolicy[] = [
    ...(held.dane
      ? [
          {
            type: 'tlsa' as const,
            domain: held.dane.base,
            strings: held.dane.set.all.map(({ record }) => tlsaText(record)),
          },
        ]
      : []),
    ...(sts
      ? [
          {
            type: 'sts' as const,
            ...(inForce ? {} : { testing: true }),
            domain: sts.domain,
            strings: [
              'version: STSv1',
              `mode: ${sts.mode}`,
              `max_age: ${sts.maxAge}`,
              ...sts.mx.map((mx) => `mx: ${mx}`),
            ],
          },
        ]
      : []),
  ]
  const asked = (by: string) => published.some((demand) => demand.by === by || demand.by === 'published')
  if (policies.length === 0 && !(asked('dane') && asked('mta-sts'))) return null
  const room = Math.floor(TEXT_MAX / Math.max(1, policies.length)) - 200 - 253
  return JSON.stringify(policies.map((policy) => ({ ...policy, strings: within(policy.strings, room) })))
}

/** The policies in an entry; `null` where nothing is known. */
export function readAppliedPolicies(text: string | undefined): readonly AppliedPolicy[] | null {
  if (text === undefined || text.length > TEXT_MAX) return null
  return parsedAs(text, isPolicies)
}

/** As RFC 8460 shows it: `3 1 1 1F850A33…`. */
function tlsaText({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data.toString('hex').toUpperCase()}`
}

/** Those that fit, without the ones that would take a whole entry. */
function within(strings: readonly string[], room: number): string[] {
  let left = room
  return strings.filter((text) => {
    // With quotes and a comma.
    const length = text.length + 3
    if (length > left) return false
    left -= length
    return true
  })
}

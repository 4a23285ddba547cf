/**
 * What is known of a partner for alerts: whether TLS used to work, and the trouble, if there is any, that a mail
 * is due for. Pure. Several processes put together what each of them has seen, in any order. A store keeps it as JSON;
 * what is none reads as `null`: one bad entry hides no other.
 */
import { DECIDED_BY_SCHEMA } from '../../rules/requirement.js'
import type { JSONSchemaType } from 'ajv'
import { type FailureClass, FAILURE_CLASS_NAMES } from '../../delivery/failure-classes.js'
import { parsedAs } from '../../rules/json.js'
import { jsonShape } from '../../work/json-shape.js'

/** The last failure of a trouble, for people. Texts are of unknown content. */
export interface FailureFacts {
  /** `null` where a rule only reports: the server took a message that would not have been sent. */
  readonly class: FailureClass | null
  readonly host: string
  readonly detail: string
  /** The rules that require TLS there. */
  readonly rules: readonly { readonly owner: string; readonly id: string; readonly name: string }[]
}

/** A time in which TLS to a partner fails, or failed. Times in milliseconds since the epoch. */
export interface Trouble {
  readonly since: number
  /** The last failure. */
  readonly lastAt: number
  /** When TLS worked again; `null` while it does not. */
  readonly until: number | null
  /** How often a message failed, or would have; one that is tried again counts again. */
  readonly failures: number
  /** How many of them went back to their senders. */
  readonly bounced: number
  readonly facts: FailureFacts
  /** Whether a mail has said that it began. */
  readonly told: boolean
}

/** One partner: a recipients' domain and a requirement. */
export interface PartnerState {
  /** Or what `gatewayName` makes of a gateway. */
  readonly domain: string
  /** In words, such as `verify` or `encrypt, TLSv1.3`. */
  readonly requires: string
  /** When a delivery last fulfilled it; noted every five minutes only. */
  readonly lastPass: number
  /** `null` where there is nothing to report. */
  readonly trouble: Trouble | null
}

/** What a gateway has to fulfil, at least. */
export const GATEWAY_LEVEL = 'verify'

const GATEWAY = 'gateway '

/** A gateway as the partner that it is here; no domain has a space in it. */
export function gatewayName(name: string): string {
  return GATEWAY + name
}

/** The name of a gateway; `null` for a recipients' domain. */
export function gatewayIn({ domain }: Pick<PartnerState, 'domain'>): string | null {
  return domain.startsWith(GATEWAY) ? domain.slice(GATEWAY.length) : null
}

/** What a process has seen of a partner since it last said so. */
export interface Observation {
  readonly domain: string
  readonly requires: string
  /** When a delivery first and last fulfilled the requirement; `null` for none. */
  readonly passes: { readonly firstAt: number; readonly lastAt: number } | null
  readonly failures:
    | (Pick<Trouble, 'lastAt' | 'failures' | 'bounced' | 'facts'> & {
        readonly firstAt: number
      })
    | null
}

/** How old a partner's last pass may be before it is noted anew: a write for every message would be too many. */
const PASS_NOTED = 300_000

/**
 * A partner's state after an observation.
 *
 * @param state `null` for a partner that nothing is known of
 * @returns `null` where nothing is to be kept: a partner that never passed is not one that began to fail.
 */
export function afterObservation(state: PartnerState | null, seen: Observation): PartnerState | null {
  const { passes, failures } = seen
  const passedBefore =
    state !== null || (passes !== null && (failures === null || passes.firstAt <= failures.lastAt))
  if (!passedBefore)
    return passes === null ? null : { ...partnerOf(seen), lastPass: passes.lastAt, trouble: null }
  const lastPass = Math.max(state?.lastPass ?? -Infinity, passes?.lastAt ?? -Infinity)
  return { ...partnerOf(seen), lastPass, trouble: troubleAfter(state?.trouble ?? null, seen, lastPass) }
}

/** Whether a state says so much more than the one before that it is worth a write. */
export function isNews(before: PartnerState | null, after: PartnerState): boolean {
  if (before === null || before.lastPass + PASS_NOTED <= after.lastPass) return true
  return JSON.stringify(before.trouble) !== JSON.stringify(after.trouble)
}

/** Whether a mail is due for a partner. */
export function isUnnotified({ trouble }: PartnerState): boolean {
  return trouble !== null && (!trouble.told || trouble.until !== null)
}

/** When what a mail is due for happened; asked only where there is something. */
export function happenedAt({ trouble }: PartnerState): number {
  return trouble?.until ?? trouble?.since ?? 0
}

/**
 * The state once a mail was sent about another one, as it was then.
 *
 * @param now as it is in the store: it may have changed meanwhile
 */
export function afterNotifying(now: PartnerState, notified: PartnerState): PartnerState {
  const { trouble } = now
  if (trouble === null || notified.trouble === null || trouble.since !== notified.trouble.since) return now
  if (notified.trouble.until === null) return { ...now, trouble: { ...trouble, told: true } }
  if (trouble.until !== null && trouble.lastAt === notified.trouble.lastAt) return { ...now, trouble: null }
  // The mail said that it is over, and it has begun again.
  const { failures, bounced } = notified.trouble
  return {
    ...now,
    trouble: {
      ...trouble,
      since: trouble.lastAt,
      failures: trouble.failures - failures,
      bounced: trouble.bounced - bounced,
      told: false,
    },
  }
}

function partnerOf({ domain, requires }: Observation): Pick<PartnerState, 'domain' | 'requires'> {
  return { domain, requires }
}

function troubleAfter(trouble: Trouble | null, { failures }: Observation, lastPass: number): Trouble | null {
  const after =
    failures === null
      ? trouble
      : {
          // Never changed afterwards: it is also the trouble's name.
          since: trouble?.since ?? failures.firstAt,
          lastAt: Math.max(trouble?.lastAt ?? -Infinity, failures.lastAt),
          until: null,
          failures: (trouble?.failures ?? 0) + failures.failures,
          bounced: (trouble?.bounced ?? 0) + failures.bounced,
          facts: trouble !== null && trouble.lastAt > failures.lastAt ? trouble.facts : failures.facts,
          told: trouble?.told ?? false,
        }
  if (after === null) return null
  return { ...after, until: lastPass >= after.lastAt ? lastPass : null }
}

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
              items: DECIDED_BY_SCHEMA,
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
const isState = jsonShape(SCHEMA)

/** The state in a text out of a store. */
export function parseState(json: string | null): PartnerState | null {
  return json === null ? null : parsedAs(json, isState)
}

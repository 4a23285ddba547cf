/**
 * What an entry of the delivery log has to be. Everybody who may write into the log can put something else there;
 * nothing of that gets into a report. Pure.
 */
import type { JSONSchemaType } from 'ajv'
import {
  NOTICE_RESULTS,
  OUTCOME_RESULTS,
  REPORT_RESULTS,
  WAIVER_RESULTS,
  type DeliveryEvent,
} from '../../delivery/delivery-events.js'
import { IGNORED_WHYS, type IgnoredWhy } from '../../requiretls/ignored-no.js'
import { jsonShape } from '../../work/json-shape.js'

const text = { type: 'string' } as const
const optional = { type: 'string', nullable: true } as const
const word = { type: 'string', pattern: '^[a-z-]{1,40}$' } as const
/** Of a domain no more is asked than that it is one word: an address can have any. */
const domain = { type: 'string', pattern: '^[^\\s\\p{Cc}\\p{Cf}]{0,255}$' } as const

const SCHEMA: JSONSchemaType<DeliveryLogEntry> = {
  type: 'object',
  properties: {
    id: text,
    at: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
    kind: {
      type: 'string',
      enum: ['attempt', 'outcome', 'report', 'refusal', 'release', 'waiver', 'notice'],
    },
    uuid: text,
    item: optional,
    notice: { type: 'string', pattern: '^true$', nullable: true },
    from: domain,
    domain,
    recipients: { type: 'integer', minimum: 0 },
    rules: {
      type: 'array',
      items: {
        type: 'object',
        properties: { owner: text, id: text, name: optional },
        required: ['owner', 'id'],
      },
    },
    level: word,
    result: word,
    mx: optional,
    address: optional,
    source: optional,
    protocol: { type: 'string', pattern: '^[\\w.]{1,20}$', nullable: true },
    cipher: optional,
    unpublished: optional,
    named: optional,
    testing: optional,
    verified: optional,
    policy: optional,
    reused: optional,
    fingerprint: optional,
    issuer: optional,
    expires: optional,
    class: optional,
    status: optional,
    detail: optional,
    sender: optional,
    to: { type: 'array', items: text, nullable: true },
    messageId: optional,
    order: optional,
    by: optional,
    reason: optional,
    via: optional,
    viaLevel: optional,
    file: optional,
    node: optional,
    tries: { type: 'string', pattern: '^\\d{1,6}$', nullable: true },
    encrypted: { type: 'string', pattern: '^(?:true|false)$', nullable: true },
    ignoredNo: { type: 'string', enum: IGNORED_WHYS, nullable: true },
    requiretls: { type: 'string', pattern: '^(?:yes|no|refused)$', nullable: true },
  },
  required: ['id', 'at', 'kind', 'uuid', 'from', 'domain', 'recipients', 'rules', 'level', 'result'],
}
const fitsSchema = jsonShape(SCHEMA)

/** What an event of each kind can end with. */
const RESULTS: { readonly [K in DeliveryLogEntry['kind']]: readonly string[] } = {
  attempt: ['secured', 'as-usual', 'failed'],
  outcome: OUTCOME_RESULTS,
  report: REPORT_RESULTS,
  refusal: ['refused', 'would-refuse'],
  release: ['granted', 'begun', 'sent', 'lapsed'],
  waiver: WAIVER_RESULTS,
  notice: NOTICE_RESULTS,
}

/** Whether that is an entry. */
export function isEntry(value: unknown): value is DeliveryLogEntry {
  return fitsSchema(value) && RESULTS[value.kind].includes(value.result) && isTime(value.at)
}

/** Whether a text is a time as entries have it: there is no 99th of a month, and a report that counts days would stumble over it. */
export function isTime(at: string): boolean {
  const time = new Date(at)
  return !Number.isNaN(time.getTime()) && time.toISOString() === at
}

/** A rule that had a part in it. */
export interface LoggedRule {
  readonly owner: string
  readonly id: string
  /** What it was called then. */
  readonly name?: string
}

/** What is kept of a delivery event. */
export interface DeliveryLogEntry {
  /** Its own name: an entry that was written twice is counted once. */
  readonly id: string
  /** When, in ISO 8601 and UTC. */
  readonly at: string
  readonly kind: DeliveryEvent['kind']
  /** The message in Haraka's log. */
  readonly uuid: string
  /** The queue item: parts of a divided message share all else. */
  readonly item?: string
  /**
   * `true` where it is of a bounce, or a notice of delay, of this plugin, and so of no message: what becomes of it is in entries of
   * the kind `notice`, with all else as it was of the message that it is about.
   */
  readonly notice?: string
  /** Why `TLS-Required: No` in its header did not count; absent where it does not say that, and where it is not looked for. */
  readonly ignoredNo?: IgnoredWhy
  /** The domain of the envelope's sender; empty for `<>`. */
  readonly from: string
  /** The domain of the recipients. */
  readonly domain: string
  /** How many they are. */
  readonly recipients: number
  readonly rules: LoggedRule[]
  readonly level: string
  /** `secured`, `as-usual` (nothing was required at that host) or `failed` for an attempt, else the result of the event. */
  readonly result: string
  /** The MX host, by name where it has one. */
  readonly mx?: string
  /** Address and port, or the path of a socket. */
  readonly address?: string
  /** The address that this server connected from. */
  readonly source?: string
  readonly protocol?: string
  readonly cipher?: string
  /** At a level that looks at what is published: why nothing is, as the end of a sentence about the host. */
  readonly unpublished?: string
  /** `true` where a plugin has named the host (hook `get_mx`). */
  readonly named?: string
  /** What a policy of mode `testing` makes of the host: `pass`, or a class of failure, which did not matter. */
  readonly testing?: string
  /** What of the server the level has checked, such as `chain,host-name` or `dane`; `nothing` at `encrypt`. */
  readonly verified?: string
  /** The published policies that the attempt was held to, as `appliedPolicies` writes them. */
  readonly policy?: string
  /** `yes` where MAIL was said with REQUIRETLS, so that the server must pass the message on over TLS alone; `no` where that was wanted and not said. */
  readonly requiretls?: string
  /** `true` where the connection had served another message, so that there was no handshake. */
  readonly reused?: string
  /** SHA-256 of the server's certificate. */
  readonly fingerprint?: string
  readonly issuer?: string
  /** When the server's certificate expires, in ISO 8601 and UTC. */
  readonly expires?: string
  /** Class of failure, where TLS is to blame. */
  readonly class?: string
  /** Enhanced status code (RFC 3463). */
  readonly status?: string
  /** What was seen, or why the message was not delivered; it may quote the peer. */
  readonly detail?: string
  /** The envelope's sender, `<>` for none; as `[evidence] addresses` says, a hash or a text, as the following. */
  readonly sender?: string
  /** The recipients, or the first of them. */
  readonly to?: string[]
  readonly messageId?: string
  /** The order by which an administrator released it: an item can be released several times. */
  readonly order?: string
  /** Who released a message from what its rules require, or ended its tries, and why. */
  readonly by?: string
  readonly reason?: string
  /** The gateway that the host is, or that the message went through, by its name in `[gateways]`. */
  readonly via?: string
  /** What that gateway had to fulfil, where it was come to; `level` is what the rules require. */
  readonly viaLevel?: string
  /** Of a notice to the sender that could not be delivered: its name in the queue folder of which node. */
  readonly file?: string
  readonly node?: string
  /** How many rounds of tries had failed before, as Haraka counts them. */
  readonly tries?: string
  /**
   * Where nothing was required of the connection, such as of a message that was released: `true` where MAIL was said over
   * TLS, `false` where it was said in the clear; absent where MAIL was not said, or that could not be seen.
   */
  readonly encrypted?: string
}

/**
 * One entry of the delivery log, and its line in Haraka's log: what is kept of a delivery event, and no more. Of
 * addresses only the domain is kept, but for what `names.ts` adds, of a message nothing but its id in Haraka's log; an
 * owner that is one sender's address is kept, as the name of whose rule it was. Pure; what is no entry reads as `null`, since one must not hide the
 * others.
 */
import {
  isOfNotice,
  type AttemptEnded,
  type DeliveryEvent,
  type NoticeEvent,
  type Outcome,
  type Refused,
  type ReleaseEvent,
  type WaiverEvent,
} from '../../delivery/delivery-events.js'
import type { TlsSession } from '../../delivery/tls/session.js'
import { statusOf, type AttemptFailure, type Tested } from '../../delivery/outcome.js'
import { oneLine } from '../../text/one-line.js'
import { isUnbound } from '../../published/host-requirement.js'
import { verifiedParts } from '../../delivery/tls/certificate.js'
import { comparableDomain } from '../../rules/address.js'
import { parseJson } from '../../rules/json.js'
import { SAYS_NO } from '../../requiretls/waiver.js'
import { appliedPolicies } from './applied-policies.js'
import { DeliveryLogEntry, isEntry } from './schema.js'

/** An entry as a store keeps it: texts by name. */
export type DeliveryLogRecord = Readonly<Record<string, string>>

const TEXT_MAX = 200
/** What is kept of an event. */
export function entryOf(event: DeliveryEvent, id: string): DeliveryLogEntry {
  const { requirement, sender } = event
  return {
    id,
    at: new Date(event.at).toISOString(),
    kind: event.kind,
    uuid: event.uuid,
    from: comparableDomain(sender.slice(sender.lastIndexOf('@') + 1)),
    domain: event.domain,
    recipients: event.recipients.length,
    rules: requirement.decidedBy.map(({ owner, id: rule, name }) => ({ owner, id: rule, name: line(name) })),
    level: ruleLevelOf(event) ?? requirement.level,
    ...given('item', event.item),
    ...given('notice', isOfNotice(event) ? 'true' : null),
    ...given('tries', event.tries === undefined ? null : String(event.tries)),
    ...ofKind(event),
  }
}

/** An entry as a store keeps it. */
export function toRecord(entry: DeliveryLogEntry): DeliveryLogRecord {
  const texts = Object.entries(entry).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  return Object.fromEntries(texts) as DeliveryLogRecord
}

/** An entry out of a store, or `null` for what is none. */
export function fromRecord(record: DeliveryLogRecord): DeliveryLogEntry | null {
  const entry: Record<string, unknown> = { ...record }
  try {
    entry['recipients'] = parseJson(record['recipients'] ?? '')
    entry['rules'] = parseJson(record['rules'] ?? '')
    if (record['to'] !== undefined) entry['to'] = parseJson(record['to'])
  } catch {
    return null
  }
  return isEntry(entry) ? entry : null
}

function ofKind(event: DeliveryEvent): Pick<DeliveryLogEntry, 'result'> & Partial<DeliveryLogEntry> {
  switch (event.kind) {
    case 'attempt':
      return {
        result: event.failure ? 'failed' : isUnbound(event.requirement) ? 'as-usual' : 'secured',
        mx: line(event.host),
        ...given('address', line(event.to)),
        ...given('source', event.source),
        ...given('named', event.isNamed ? 'true' : null),
        ...given('via', event.gateway),
        ...given('viaLevel', event.ruleLevel && event.requirement.level),
        ...ofSession(event.session),
        ...ofTested(event.tested),
        ...ofPublished(event),
        ...given('verified', verifiedIn(event)),
        ...given('policy', appliedPolicies(event.requirement)),
        ...given('encrypted', encryptedIn(event)),
        ...given('requiretls', onwardIn(event)),
        ...ofFailure(event.failure),
        ...given('status', event.failure && statusOf(event.failure, false)),
      }
    case 'outcome':
      return {
        result: event.result,
        ...given('mx', line(event.host)),
        ...given('address', line(event.to)),
        ...ofSession(event.session),
        ...ofPublished(event),
        ...given('verified', verifiedIn(event)),
        ...given('via', event.via?.gateway),
        ...given('viaLevel', event.ruleLevel && event.requirement.level),
        ...given('detail', event.words && line(event.words)),
        ...given('requiretls', onwardIn(event)),
        ...ofFailure(event.failure ?? insteadOf(event)),
        ...given('status', event.status),
        ...given('by', event.givenUp && line(event.givenUp.by)),
        ...given('reason', event.givenUp && line(event.givenUp.reason)),
      }
    case 'report':
      return {
        result: event.result,
        ...given('mx', line(event.host)),
        ...ofSession(event.session),
        ...ofPublished(event),
        ...given('detail', event.isWaived && SAYS_NO),
        ...ofFailure(event.failure),
      }
    case 'refusal':
      return { result: event.result }
    case 'release':
      return {
        result: event.result,
        ...ofDeparture(event),
        order: event.order,
        ...given('by', line(event.by)),
        ...given('reason', line(event.reason)),
      }
    case 'waiver':
      return {
        result: event.result,
        ...ofDeparture(event),
        detail: SAYS_NO,
      }
    case 'notice':
      return {
        result: event.result,
        ...given('mx', line(event.host)),
        ...given('address', line(event.to)),
        // Its certificate is the sender's server's, and says nothing of the recipients'.
        ...given('protocol', event.session?.protocol),
        ...given('requiretls', onwardIn(event)),
        ...ofFailure(event.failure),
        ...given('detail', line(event.words ?? event.failure?.detail ?? '')),
        ...given('file', line(event.file ?? '')),
        ...given('node', line(event.node ?? '')),
      }
  }
}

/** What its rules require, and not what their gateway has to fulfil. */
function ruleLevelOf(event: DeliveryEvent): string | undefined {
  return event.kind === 'attempt' || event.kind === 'outcome' ? event.ruleLevel : undefined
}

function ofSession(session: TlsSession | null): Partial<DeliveryLogEntry> {
  if (!session) return {}
  const { protocol, cipher, certificate, reused } = session
  const expires = Date.parse(certificate?.validTo ?? '')
  return {
    protocol,
    cipher,
    ...given('reused', reused ? 'true' : null),
    ...given('fingerprint', certificate?.fingerprint256),
    ...given('issuer', certificate && line(certificate.issuer.split('\n').reverse().join(', '))),
    ...given('expires', Number.isNaN(expires) ? null : new Date(expires).toISOString()),
  }
}

/** Why a gateway has taken a message in place of the recipients' own servers. */
function insteadOf({ result, via }: Outcome): AttemptFailure | null {
  const instead = result === 'rerouted' ? (via?.instead ?? null) : null
  return instead && { ...instead.failure, detail: `${instead.host} ${instead.failure.detail}` }
}

/** Where a message went of which nothing was required, and how. */
function ofDeparture(event: ReleaseEvent | WaiverEvent): Partial<DeliveryLogEntry> {
  return {
    ...given('mx', line(event.host)),
    ...given('address', line(event.to)),
    ...given('encrypted', encryptedIn(event)),
    ...ofSession(event.departure?.session ?? null),
  }
}

function encryptedIn({ departure }: AttemptEnded | ReleaseEvent | WaiverEvent): string | null {
  const encrypted = departure?.encrypted ?? null
  return encrypted === null ? null : String(encrypted)
}

function onwardIn({ requireTls }: AttemptEnded | Outcome | NoticeEvent): string | null {
  return requireTls ?? null
}

/** Only of a session that fulfils the requirement is what it demands known to hold. */
function verifiedIn({ requirement, session, failure }: AttemptEnded | Outcome): string | null {
  if (!session || failure) return null
  return verifiedParts(requirement).join(',') || 'nothing'
}

/** Why the rules' word on those who publish nothing holds. */
function ofPublished({
  requirement,
}: Exclude<DeliveryEvent, Refused | ReleaseEvent | WaiverEvent | NoticeEvent>): Partial<DeliveryLogEntry> {
  return given('unpublished', requirement.held && line(requirement.held.nothing))
}

function ofTested(tested: Tested | undefined): Partial<DeliveryLogEntry> {
  if (!tested) return {}
  const { failure } = tested
  return failure ? { ...given('testing', failure.class), detail: line(failure.detail) } : { testing: 'pass' }
}

function ofFailure(failure: AttemptFailure | null): Partial<DeliveryLogEntry> {
  if (!failure) return {}
  return { ...given('class', failure.class), detail: line(failure.detail) }
}

function line(value: string): string {
  return oneLine(value, TEXT_MAX)
}

function given<K extends keyof DeliveryLogEntry>(
  name: K,
  value: string | null | undefined,
): { [P in K]?: string } {
  return value ? ({ [name]: value } as { [P in K]: string }) : {}
}

/** Texts that can't be taken for the end of a value, or for another pair. */
const PLAIN = /^[\w@%+:,./[\]*-]+$/

const NAMES = [
  'mx',
  'address',
  'protocol',
  'cipher',
  'fingerprint',
  'issuer',
  'verified',
  'unpublished',
  'testing',
  'reused',
  'requiretls',
  'encrypted',
  'class',
  'status',
  'detail',
  'by',
  'reason',
  'via',
  'viaLevel',
  'file',
  'notice',
] as const

/**
 * The line of an event, such as `attempt uuid=… rule=r1 owner=acme.example level=encrypt … result=secured`. What
 * is not known is left out; a value with anything but letters, digits and `@%+:,./[]*_-` is a JSON string.
 */
export function logLine(entry: DeliveryLogEntry): string {
  const { kind, uuid, rules, level, domain, recipients, result } = entry
  const pairs: [string, string][] = [
    ['uuid', uuid],
    ['rule', rules.map(({ id }) => id).join(',')],
    ['owner', rules.map(({ owner }) => owner).join(',')],
    ['level', level],
    ['domain', domain],
    ['recipients', String(recipients)],
    ['result', result],
    ...NAMES.flatMap((name): [string, string][] => {
      const value = entry[name]
      return value === undefined ? [] : [[name, value]]
    }),
  ]
  return [kind, ...pairs.map(([name, value]) => `${name}=${shown(value)}`)].join(' ')
}

function shown(value: string): string {
  const line = oneLine(value)
  return PLAIN.test(line) ? line : JSON.stringify(line)
}

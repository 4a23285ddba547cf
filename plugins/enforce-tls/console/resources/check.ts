/** Whether mail would reach a partner's servers at a level, by the code that delivers. */
import { formatFlaw } from '../../rules/format-problem.js'
import pLimit from 'p-limit'
import { requestedEnvelope } from '../../check/requested-envelope.js'
import { requirementOfAction } from '../../rules/requirement.js'
import { DANE_OUTCOMES } from '../../check/dane-types.js'
import type { CheckRequest, PartnerCheck } from '../../check/types.js'
import { PARTNER_VERDICTS } from '../../check/verdict.js'
import { STS_OUTCOMES } from '../../check/sts-types.js'
import type { CheckEnvelope } from '../../delivery/tls/inside-tls.js'
import { checkAction } from '../../rules/action.js'
import { formatAddress, parseAddress, parseDomain } from '../../rules/address.js'
import {
  LEVEL_NAMES,
  ON_FAILURE,
  ONWARD,
  TLS_VERSIONS,
  type Level,
  type OnFailure,
  type Onward,
  type TlsVersion,
  OTHERWISE,
  type Otherwise,
} from '../../rules/levels.js'
import { quote } from '../../text/quote.js'
import type { ConsoleContext } from '../console-context.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { list, nullable, object, shortText, text } from '../schemas.js'

/** The longest that a check takes, in milliseconds. */
const TIME_MAX = 60_000
/** How many checks run at a time in a process, and how many may wait. */
const AT_A_TIME = 4
const WAITING_MAX = 20

const limit = pLimit(AT_A_TIME)

interface CheckBody {
  readonly target: string
  readonly rcpt?: string
  readonly level?: Level
  readonly minVersion?: TlsVersion
  readonly names?: readonly string[]
  readonly fingerprints?: readonly string[]
  readonly otherwise?: Otherwise
  readonly trust?: string
  readonly requireOnward?: Onward
  readonly onFailure?: OnFailure
  readonly via?: string
}

export const asked: Schema = {
  type: 'object',
  description: 'As `enforce-tls check --json` prints it.',
  required: [
    'domain',
    'level',
    'verdict',
    'reason',
    'hosts',
    'dane',
    'mtaSts',
    'tlsReports',
    'levels',
    'remarks',
    'checkedAt',
  ],
  properties: {
    domain: text,
    recipient: nullable(text),
    level: text,
    verdict: { type: 'string', enum: PARTNER_VERDICTS },
    reason: text,
    hosts: list({ type: 'object' }),
    gateway: {
      type: 'object',
      description: 'The gateway that mail would go through, and how it was found; absent for none.',
      required: ['gateway', 'verdict', 'reason', 'hosts'],
      properties: { gateway: text, verdict: text, reason: text, hosts: list({ type: 'object' }) },
    },
    dane: nullable({
      type: 'object',
      description: 'Whether DANE would vouch for the servers; `null` where it was not looked up.',
      required: ['outcome', 'sentence'],
      properties: {
        outcome: { type: 'string', enum: DANE_OUTCOMES },
        sentence: text,
      },
    }),
    mtaSts: nullable({
      type: 'object',
      description: 'The MTA-STS policy of the domain; `null` where it was not looked up.',
      required: ['outcome', 'sentence', 'policy'],
      properties: {
        outcome: { type: 'string', enum: STS_OUTCOMES },
        sentence: text,
        policy: nullable({ type: 'object' }),
      },
    }),
    tlsReports: nullable({
      type: 'object',
      description:
        'Whether the domain asks for reports on TLS (RFC 8460); `null` where it was not looked up.',
      required: ['wanted', 'to', 'sentence'],
      properties: { wanted: nullable({ type: 'boolean' }), to: list(text), sentence: text },
    }),
    levels: list(text),
    remarks: list(text),
    checkedAt: text,
  },
}

export const checkRoutes = [
  route<CheckBody>({
    method: 'post',
    path: '/check',
    operationId: 'checkPartner',
    summary: 'Check whether the mail servers of a domain fulfil a level. Can take a minute.',
    needs: 'editor',
    body: object(
      {
        target: { ...shortText, description: 'A domain or an address.' },
        rcpt: {
          ...shortText,
          description: 'An address at the target, tried with MAIL FROM:<> and RCPT inside TLS, never DATA.',
        },
        level: { type: 'string', enum: LEVEL_NAMES.filter((name) => name !== 'none') },
        minVersion: { type: 'string', enum: TLS_VERSIONS },
        names: list(shortText, 100),
        fingerprints: list(shortText, 100),
        otherwise: {
          type: 'string',
          enum: OTHERWISE,
          description:
            'Levels dane, mta-sts and published: what holds where nothing is published; default: defer.',
        },
        trust: { ...shortText, description: 'A named trust of the settings, see listTrusts.' },
        requireOnward: {
          type: 'string',
          enum: ONWARD,
          description: 'With REQUIRETLS, where offered or only then.',
        },
        onFailure: {
          type: 'string',
          enum: ON_FAILURE,
          description: 'What becomes of mail that no server takes as required; default: as in the settings.',
        },
        via: { ...shortText, description: 'A gateway of the settings that mail goes through.' },
      },
      'rcpt',
      'level',
      'minVersion',
      'names',
      'fingerprints',
      'otherwise',
      'trust',
      'requireOnward',
      'onFailure',
      'via',
    ),
    answers: { 200: asked },
    handle: check,
  }),
]

async function check({ context, body }: Call<CheckBody>): Promise<Reply> {
  const { target: named, rcpt, level = 'encrypt', ...besides } = body
  const target = targetOf(named)
  const action = checkAction({ level, ...besides }, 'outgoing')
  if ('problem' in action)
    throw new Problem(422, 'invalid', `${action.field} ${formatFlaw(action)}`, {
      field: action.field.replace(/^actions\.relayWithTls\./, ''),
    })
  const requirement = requirementOfAction(action, target.domain)
  const envelope = rcpt === undefined ? undefined : envelopeFor(rcpt, target.domain)
  return { body: await limitedCheck(context, { ...target, requirement, envelope, published: true }) }
}

/** A check that leaves room for those of others. @throws {Problem} 429 where too many wait. */
export async function limitedCheck(context: ConsoleContext, request: CheckRequest): Promise<PartnerCheck> {
  if (limit.pendingCount >= WAITING_MAX)
    throw new Problem(429, 'busy', 'Too many checks are running. Try again in a few seconds.', {
      retryAfter: 10,
    })
  return limit(() => context.checkPartner({ ...request, signal: AbortSignal.timeout(TIME_MAX) }))
}

/** @throws {Problem} 422 for what can't be asked about with MAIL and RCPT. */
export function envelopeFor(rcpt: string, domain: string): CheckEnvelope {
  const asked = requestedEnvelope(rcpt, domain)
  if ('envelope' in asked) return asked.envelope
  throw new Problem(422, 'invalid', `${quote(rcpt)} ${asked.problem}`, { field: 'rcpt', value: rcpt })
}

/** @throws {Problem} 422 for what is neither a domain nor an address. */
function targetOf(given: string): Pick<CheckRequest, 'domain' | 'recipient'> {
  const parsed = given.includes('@') ? parseAddress(given) : parseDomain(given)
  if ('domain' in parsed) return parsed
  if ('address' in parsed) return { domain: parsed.address.domain, recipient: formatAddress(parsed.address) }
  throw new Problem(422, 'invalid', `${quote(given)} ${formatFlaw(parsed)}`, {
    field: 'target',
    value: given,
  })
}

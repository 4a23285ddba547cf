/** Notices of every kind, as requests for them: each class of failure, alone and with others, and what is not for TLS. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { BounceOptions } from '../../plugins/enforce-tls/delivery/bounce/compose.js'
import {
  definitionOf,
  FAILURE_CLASS_NAMES,
  type FailureClass,
} from '../../plugins/enforce-tls/delivery/failure-classes.js'
import type { BounceRequest } from '../../plugins/enforce-tls/delivery/guard-context.js'
import { tlsFailure, type Attempt } from '../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../plugins/enforce-tls/rules/rule.js'
import { withAsked } from '../../plugins/enforce-tls/requiretls/ask.js'
import { noteRequireTls } from '../../plugins/enforce-tls/requiretls/note.js'
import { atHost, daneDemand, stsPolicy } from './held.js'
import { repositoryRoot } from './repository.js'

export const DOMAIN = 'clinic.example'
/** What a failure is said to be in the log; of unknown content. */
export const DETAIL = '454 4.7.0 x'

const template = (name: string) =>
  readFileSync(join(repositoryRoot(), 'config', `enforce-tls.${name}`), 'utf8').split('\n')

/** The package's templates, and the settings as they come. */
export const NOTICE_OPTIONS: BounceOptions = {
  me: 'mail.acme.example',
  content: 'minimal',
  minVersion: 'TLSv1.2',
  templates: { text: template('bounce_message'), html: template('bounce_message_html') },
  now: new Date('2026-11-26T14:10:00Z'),
  help: { contact: 'helpdesk@acme.example', link: 'https://acme.example/tls', language: null },
}

export interface NoticeCase {
  readonly what: string
  readonly request: BounceRequest
}

const address = (user: string, host = DOMAIN) => ({ user, host, address: `${user}@${host}` })
const attemptAt = (name: FailureClass | null, host: string, more: Partial<Attempt> = {}): Attempt => ({
  host,
  to: '192.0.2.25:25',
  secured: false,
  session: null,
  failure: name && tlsFailure(name, DETAIL),
  ...more,
})

interface Given {
  readonly failed?: readonly FailureClass[]
  readonly gateway?: FailureClass | null
  readonly action?: RelayWithTls
  readonly rules?: readonly string[]
  readonly recipients?: number
  readonly at?: Attempt['requirement']
  /** Header fields of the message. */
  readonly header?: string
  /** It was sent with REQUIRETLS. */
  readonly asks?: true
  readonly more?: Partial<BounceRequest>
}

/** A request for a notice. */
export function noticeRequest(given: Given): BounceRequest {
  const { failed = [], gateway, action = { level: 'verify' }, rules = ['Patienten'], header = '' } = given
  const [first, ...others] = rules.map((name) => ({ owner: 'acme.example', id: name, name }))
  const ofRule = first ? requirementOf(action, DOMAIN, first) : null
  const byRules = ofRule && { ...ofRule, decidedBy: [...ofRule.decidedBy, ...others] }
  const notes = {}
  if (given.asks) noteRequireTls(notes)
  const attempts = failed.map((name, index) =>
    attemptAt(name, `mx${index + 1}.${DOMAIN}`, given.at ? { requirement: given.at } : {}),
  )
  if (gateway !== undefined) attempts.push(attemptAt(gateway, 'gw.example', { gateway: 'relay' }))
  const message = `Date: Thu, 26 Nov 2026 15:03:11 +0100\r\nMessage-ID: <4711@acme.example>\r\n${header}\r\n`
  return {
    item: {
      num_failures: 5,
      todo: {
        domain: DOMAIN,
        queue_time: Date.parse('2026-11-26T14:03:00Z'),
        mail_from: address('ann', 'acme.example'),
        rcpt_to: Array.from({ length: given.recipients ?? 1 }, (_, at) => address(`lab${at}`)),
        notes,
      },
      data_stream: () => Readable.from([Buffer.from(message)]),
    } as unknown as HarakaMailItem,
    requirement: given.asks ? withAsked(byRules, 'enforce') : byRules,
    ...(given.asks ? { asked: { byRules, bySender: withAsked(null, 'enforce') } } : {}),
    attempts,
    tlsToBlame: true,
    reason: DETAIL,
    mayQuote: false,
    ...given.more,
  }
}

const DELAYED = { delayed: { until: new Date('2026-11-30T00:53:00Z'), recipients: [address('lab0')] } }
const DANE: RelayWithTls = { level: 'dane' }
const STS: RelayWithTls = { level: 'mta-sts' }

/** One of each kind. */
export function noticeCases(): readonly NoticeCase[] {
  const one = FAILURE_CLASS_NAMES.flatMap((name) => {
    const given: Given = definitionOf(name).isGateway ? { gateway: name } : { failed: [name] }
    return [
      { what: name, request: noticeRequest(given) },
      { what: `${name}, delayed`, request: noticeRequest({ ...given, more: DELAYED }) },
      { what: `${name} twice`, request: noticeRequest({ ...given, failed: [name, name] }) },
    ]
  })
  const others: Readonly<Record<string, Given>> = {
    'different certificates': { failed: ['certificate-expired', 'certificate-not-trusted'] },
    'a certificate and no TLS': { failed: ['certificate-expired', 'starttls-refused'] },
    'a certificate and no TLS, delayed': {
      failed: ['certificate-expired', 'starttls-refused'],
      more: DELAYED,
    },
    'servers that are not known': {
      failed: ['mx-not-listed', 'dane-required'],
      action: { level: 'published' },
    },
    'a server that is not known': { failed: ['mx-not-listed', 'dane-required'], action: DANE },
    'theirs and ours': { failed: ['certificate-expired', 'trust-unusable'] },
    'theirs or ours': { failed: ['certificate-expired', 'fingerprint-mismatch'], more: DELAYED },
    'look-ups': { failed: ['dnssec-invalid', 'resolver-unavailable'], action: DANE },
    'what is published, if anything': {
      failed: ['nothing-published'],
      action: { ...STS, otherwise: 'encrypt' },
    },
    'a certificate and DANE': {
      failed: ['tlsa-invalid'],
      action: DANE,
      at: atHost(DANE, { dane: daneDemand() }),
    },
    'a certificate and a policy': {
      failed: ['certificate-expired'],
      action: STS,
      at: atHost(STS, { sts: stsPolicy('enforce', ['mx1.clinic.example']) }),
    },
    'encryption alone': { failed: ['mx-not-listed', 'starttls-refused'], action: { level: 'encrypt' } },
    'names and an authority': {
      failed: ['certificate-host-mismatch'],
      action: { level: 'secure', names: [DOMAIN] },
    },
    'no rule': { failed: ['starttls-refused'], rules: [] },
    'no rule, and REQUIRETLS': { failed: ['starttls-refused'], rules: [], asks: true },
    'no rule, and REQUIRETLS, delayed': {
      failed: ['starttls-refused'],
      rules: [],
      asks: true,
      more: DELAYED,
    },
    'REQUIRETLS that is not offered': { failed: ['requiretls-not-supported'], rules: [], asks: true },
    'a rule beside REQUIRETLS that is refused': { failed: ['requiretls-refused'], asks: true },
    'a rule and REQUIRETLS': { failed: ['certificate-expired'], asks: true },
    'REQUIRETLS and nothing published': { failed: ['nothing-published'], rules: [], asks: true },
    'two rules': { failed: ['starttls-refused'], rules: ['Patienten', 'Labore'] },
    'two recipients': { failed: ['starttls-refused'], recipients: 2 },
    'many recipients': { failed: ['starttls-refused'], recipients: 2345 },
    'a gateway that did not help': { failed: ['starttls-refused'], gateway: 'gateway-unavailable' },
    'a gateway that rejects': { gateway: null, more: { mayQuote: true } },
    'a gateway of two rules': { gateway: 'gateway-misconfigured', rules: ['Patienten', 'Labore'] },
    'a gateway of no rule': { gateway: 'gateway-loop', rules: [] },
    'another reason': { more: { tlsToBlame: false } },
    'another reason that may quote': { more: { tlsToBlame: false, mayQuote: true } },
    'a rejection': {
      more: { tlsToBlame: false, mayQuote: true, item: rejected(['550 5.1.1', '552 5.2.2']) },
    },
    'given up after TLS failed': { failed: ['starttls-deferred'], more: { isGivenUp: true } },
    'given up for another reason': { more: { tlsToBlame: false, isGivenUp: true } },
    'a rejection through a gateway': {
      more: {
        tlsToBlame: false,
        item: rejected(['550 5.1.1']),
        through: { name: 'relay', host: 'gw.example' },
      },
    },
  }
  return [...one, ...Object.entries(others).map(([what, given]) => ({ what, request: noticeRequest(given) }))]
}

function rejected(answers: readonly string[]): HarakaMailItem {
  const { item } = noticeRequest({ recipients: answers.length })
  for (const [at, recipient] of item.todo.rcpt_to.entries()) {
    const [code, extended] = (answers[at] ?? '').split(' ')
    Object.assign(recipient, { dsn_smtp_code: code, dsn_smtp_extc: extended })
  }
  return item
}

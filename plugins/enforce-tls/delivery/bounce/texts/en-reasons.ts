/** Why a message was not sent, in English: causes, reasons, and what is required. */
import { definitionOf } from '../../failure-classes.js'
import { together } from '../template.js'
import { listed } from './en-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** After "because"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const now = fate === 'delayed' ? ' at the moment' : ''
  const theirs = several ? 'their mail servers' : 'their mail server'
  switch (problem) {
    case 'encryption':
      return `${theirs} cannot receive it encrypted${now}`
    case 'certificate':
      return `the ${several ? 'certificates' : 'certificate'} of ${theirs} could not be verified`
    case 'server':
      return `${theirs} could not be verified`
    case 'look-up':
      return `${theirs} could not be looked up securely`
    case 'mixed':
      return `${several ? 'none of their mail servers could' : 'their mail server could not'} be used as securely as required`
    case 'ours':
      return `this mail system cannot send it as securely as required${now}`
    case 'gateway':
      return `the gateway that it has to go through ${definitionOf(gatewayFault(gateway)).says}`
    case 'rejected':
      return gateway ? 'the gateway that it was sent through rejected it' : `${theirs} rejected it`
    case 'given-up':
      return 'a mail administrator ended the tries'
    case 'other':
      return ''
  }
}

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'The receiving servers' : 'The receiving server'
  const named = hosts.length === 0 ? `${servers} of ${domain}` : `${servers} ${listed(hosts)} of ${domain}`
  switch (problem) {
    case 'encryption':
      // On one line, where filters look for it, also below another language.
      return `${named} ${together('could not establish a TLS connection')}.`
    case 'certificate':
      return `${named} ${several ? 'have certificates' : 'has a certificate'} that could not be verified.`
    case 'ours':
      return `${named} ${several ? 'were' : 'was'} not contacted, because the TLS settings here cannot be used.`
    case 'mixed':
      return `${named} could not be used as securely as required.`
    default:
      return `${named} ${failure ? definitionOf(failure).says : 'could not be verified'}.`
  }
}

/** What is required, and by whose word, in sentences. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `Your message itself asks for ${what}: it was sent with REQUIRETLS, a request for encryption all the way. No rule asks for that.`
    case 'both':
      return `${byRules(demand.rules, what)} Your message itself asks for that, too: it was sent with REQUIRETLS, a request for encryption all the way.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `This mail system requires ${what} for this message.`
  return rules.length === 1
    ? `The rule ${rulesIn(rules)} requires ${what}.`
    : `The rules ${rulesIn(rules)} require ${what}.`
}

const SOURCES = {
  dane: 'DANE records in DNS',
  'mta-sts': 'an MTA-STS policy',
  any: 'DANE records in DNS or an MTA-STS policy',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'a server that promises to pass the message on encrypted'
    case 'encryption':
      return 'one'
    case 'settings':
      return 'those settings'
    case 'certificate':
      return 'a verified one'
    case 'dane-certificate':
      return 'one that its DANE records confirm'
    case 'sts-certificate':
      return 'one that fits the MTA-STS policy of its domain'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS to a verified server'
    case 'published':
      return `a server that is confirmed by ${sources.map((source) => SOURCES[source]).join(' and by ')}${whereThereIsAny ? ', where there are any' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `"${name}" of ${owner ?? 'this mail system'}`))
}

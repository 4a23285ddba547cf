/** `[requiretls]` of `enforce-tls.ini` as settings: what is announced to whom, and which policy holds for which destination. Pure. */
import { parseDomain } from '../rules/address.js'
import { isNetwork } from './network.js'
import { isYes, or, type Section } from './values.js'

/**
 * What holds for a message that asks for REQUIRETLS, in the words of Postfix's `smtp_requiretls_policy`, strictest first:
 * as RFC 8689 has it; TLS, and REQUIRETLS where the server offers it; REQUIRETLS where the server offers it, and nothing else.
 */
export const REQUIRETLS_POLICIES = ['enforce', 'opportunistic+starttls', 'opportunistic'] as const

/** One of them. */
export type RequireTlsPolicy = (typeof REQUIRETLS_POLICIES)[number]

/** A line of `policy_for`. */
export interface DestinationPolicy {
  /** A domain or host, `.domain` for all below it, or an address or network. */
  readonly destination: string
  readonly policy: RequireTlsPolicy
}

/** The section as settings. */
export interface RequireTlsSettings {
  /** Whether REQUIRETLS is announced inside TLS, and taken. @default false */
  readonly announce: boolean
  /** Addresses and networks of clients that it is not announced to. @default none */
  readonly announceExcept: readonly string[]
  /** What holds for destinations that no line of `policyFor` and no default fits. @default enforce */
  readonly policy: RequireTlsPolicy
  /** The first that fits a destination holds. @default none */
  readonly policyFor: readonly DestinationPolicy[]
  /** Whether `TLS-Required: No` frees a message of what is required only because its partner publishes it. @default true */
  readonly honourNo: boolean
  /** Whether messages with REQUIRETLS get `Require-TLS-ESMTP: yes`, so that it outlives a content filter. @default false */
  readonly header: boolean
  /** Addresses and networks of content filters, whose `Require-TLS-ESMTP: yes` is believed. @default none */
  readonly headerFrom: readonly string[]
}

/** What a line of `policy_for` may be, for an error. */
export const POLICY_FOR_EXPECTED = `a destination and its policy (${REQUIRETLS_POLICIES.join(', ')}), such as bank.example opportunistic+starttls; policy_for[]= for several, a line for each`

/** A line of `policy_for`, or `null` for one that is none. */
export function parseDestinationPolicy(line: string): DestinationPolicy | null {
  const [, text = '', word = ''] = /^(\S+)\s+(\S+)$/.exec(line.trim()) ?? []
  const policy = REQUIRETLS_POLICIES.find((each) => each === word)
  const destination = destinationIn(text)
  return policy === undefined || destination === null ? null : { destination, policy }
}

function destinationIn(text: string): string | null {
  if (isNetwork(text)) return text
  const dot = text.startsWith('.') ? '.' : ''
  const parsed = parseDomain(text.slice(dot.length))
  return 'problem' in parsed ? null : dot + parsed.domain
}

/** Makes settings of the section, whose values have been checked. */
export function toRequireTls(section: Section): RequireTlsSettings {
  return {
    announce: isYes(section['announce'], false),
    announceExcept: or<string[]>(section['announce_except'], []),
    policy: or(section['policy'], 'enforce'),
    policyFor: or<string[]>(section['policy_for'], []).flatMap((line) => parseDestinationPolicy(line) ?? []),
    honourNo: isYes(section['honour_no'], true),
    header: isYes(section['header'], false),
    headerFrom: or<string[]>(section['header_from'], []),
  }
}
